import { Body, Controller, Get, Param, Post, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Context, type RequestContext, User, type UserCaller } from '../tenancy/caller.js';
import { Operation } from '../tenancy/operation.js';
import { Closing } from './closing.js';
import { PayingAgain } from './paying-again.js';
import { PaymentList } from './payment-list.js';
import { ATTEMPT_PROBLEMS } from './payments.controller.js';
import {
  CreateAttempt,
  CreateMyPayment,
  MyPaymentQuery,
  PaymentPage,
  PaymentView,
  StartedAttempt,
} from './payments.schemas.js';
import type { PaymentQuery } from './payments.schemas.js';
import { Payments } from './payments.service.js';

@ApiTags('My payments')
@Controller('v1/me/payments')
export class MyPaymentsController {
  constructor(
    private readonly payments: Payments,
    private readonly lists: PaymentList,
    private readonly again: PayingAgain,
    private readonly closing: Closing,
  ) {}

  @Post()
  @Operation({
    caller: 'user',
    id: 'createMyPayment',
    summary: 'Pay a public price',
    description: 'With `platform` a first attempt is made there, and `clientAction` is what to call next.',
    status: 201,
    returns: PaymentView,
    write: true,
    problems: ['price_not_found', 'price_not_payable', 'too_many_open_payments', ...ATTEMPT_PROBLEMS],
    example: { priceId: 'prc_019a6b0c4d5e7f00a1b2c3d4e5f60718', quantity: 1, platform: 'wechat' },
  })
  create(
    @User() caller: UserCaller,
    @Body({ schema: CreateMyPayment }) body: CreateMyPayment,
    @Context() context: RequestContext,
  ): Promise<PaymentView> {
    return this.payments.createMine(caller, body, context);
  }

  @Get()
  @Operation({ caller: 'user', id: 'listMyPayments', summary: 'List my payments, newest first', returns: PaymentPage })
  list(@User() { app, userId }: UserCaller, @Query({ schema: MyPaymentQuery }) query: Omit<PaymentQuery, 'userId'>) {
    return this.lists.list(app.id, { ...query, userId });
  }

  @Get(':id')
  @Operation({
    caller: 'user',
    id: 'getMyPayment',
    summary: 'Read a payment of mine',
    returns: PaymentView,
    problems: ['payment_not_found'],
  })
  get(@User() { app, userId }: UserCaller, @Param('id') id: string): Promise<PaymentView> {
    return this.payments.get(app, id, userId);
  }

  @Post(':id/attempts')
  @Operation({
    caller: 'user',
    id: 'createMyAttempt',
    summary: 'Pay on a platform, another one or again',
    status: 201,
    returns: StartedAttempt,
    write: true,
    problems: ['payment_not_found', 'payment_not_open', 'payment_closing', ...ATTEMPT_PROBLEMS],
    example: { platform: 'wechat' },
  })
  attempt(
    @User() { app, userId }: UserCaller,
    @Param('id') id: string,
    @Body({ schema: CreateAttempt }) body: CreateAttempt,
    @Context() context: RequestContext,
  ): Promise<StartedAttempt> {
    return this.again.start(app, id, body, context, userId);
  }

  @Post(':id/cancel')
  @Operation({
    caller: 'user',
    id: 'cancelMyPayment',
    summary: 'No longer pay it',
    returns: PaymentView,
    write: true,
    problems: ['payment_not_found', 'payment_not_open'],
  })
  cancel(@User() { app, userId }: UserCaller, @Param('id') id: string, @Context() context: RequestContext) {
    return this.closing.cancel(app, id, context, userId);
  }

  @Post(':id/refresh')
  @Operation({
    caller: 'user',
    id: 'refreshMyPayment',
    summary: 'Ask the platform now, e.g. when the payment page has closed',
    returns: PaymentView,
    write: true,
    problems: ['payment_not_found'],
  })
  refresh(@User() { app, userId }: UserCaller, @Param('id') id: string): Promise<PaymentView> {
    return this.closing.refresh(app, id, userId);
  }
}
