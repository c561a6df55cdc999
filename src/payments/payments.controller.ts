import { Body, Controller, Get, Param, Post, Query, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { PLATFORM_PROBLEMS, type PlatformProblem } from '../platforms/errors.js';
import { Context, type RequestContext, Server, type ServerCaller } from '../tenancy/caller.js';
import { Operation } from '../tenancy/operation.js';
import { Closing } from './closing.js';
import { Fulfilment } from './fulfilment.js';
import { PayingAgain } from './paying-again.js';
import { PaymentList } from './payment-list.js';
import {
  CreateAttempt,
  CreatePayment,
  PaymentPage,
  PaymentQuery,
  PaymentView,
  StartedAttempt,
} from './payments.schemas.js';
import { Payments } from './payments.service.js';

const ANSWERS = ['platform_rate_limited', 'platform_busy', 'platform_unknown', 'platform_account_misconfigured', 'platform_refused', 'platform_answer_invalid'] satisfies PlatformProblem[]; // prettier-ignore
const PLATFORM_ANSWERS = ANSWERS.map((code) => ({ code, status: PLATFORM_PROBLEMS[code].status }));
/** What handing an attempt to a platform can come to. */
export const ATTEMPT_PROBLEMS = [
  'user_not_found',
  'user_gone',
  'payer_unknown',
  'platform_account_missing',
  'platform_account_ambiguous',
  'platform_capability_missing',
  'merchant_account_missing',
  'merchant_account_ambiguous',
  'platform_settings_missing',
  'payment_refused',
  ...PLATFORM_ANSWERS,
] as const;

@ApiTags('Payments')
@Controller('v1/payments')
export class PaymentsController {
  constructor(
    private readonly payments: Payments,
    private readonly lists: PaymentList,
    private readonly again: PayingAgain,
    private readonly closing: Closing,
    private readonly fulfilment: Fulfilment,
  ) {}

  @Post()
  @Operation({
    caller: 'server',
    id: 'createPayment',
    summary: 'Ask a user for money',
    description:
      'With `platform` a first attempt is made there, and `clientAction` is what the front end calls next. Repeats of a `reference` answer 200 with the payment that exists.',
    status: 201,
    returns: PaymentView,
    write: true,
    problems: ['payment_reference_taken', ...ATTEMPT_PROBLEMS],
    example: {
      userId: 'usr_019a6b0c4d5e7f00a1b2c3d4e5f60718',
      amount: 990,
      subject: 'Coffee',
      reference: 'order-1001',
      platform: 'wechat',
    },
  })
  async create(
    @Server() caller: ServerCaller,
    @Body({ schema: CreatePayment }) body: CreatePayment,
    @Context() context: RequestContext,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<PaymentView> {
    const { isNew, payment } = await this.payments.create(caller, body, context);
    if (!isNew && !context.idempotency?.replayed) void reply.status(200);
    return payment;
  }

  @Get()
  @Operation({ caller: 'server', id: 'listPayments', summary: 'List payments, newest first', returns: PaymentPage })
  list(@Server() { app }: ServerCaller, @Query({ schema: PaymentQuery }) query: PaymentQuery) {
    return this.lists.list(app.id, query);
  }

  @Get(':id')
  @Operation({
    caller: 'server',
    id: 'getPayment',
    summary: 'Read a payment',
    returns: PaymentView,
    problems: ['payment_not_found'],
  })
  get(@Server() { app }: ServerCaller, @Param('id') id: string): Promise<PaymentView> {
    return this.payments.get(app, id);
  }

  @Post(':id/attempts')
  @Operation({
    caller: 'server',
    id: 'createAttempt',
    summary: 'Let the user pay on a platform, another one or again',
    status: 201,
    returns: StartedAttempt,
    write: true,
    problems: ['payment_not_found', 'payment_not_open', 'payment_closing', ...ATTEMPT_PROBLEMS],
    example: { platform: 'alipay' },
  })
  attempt(
    @Server() { app }: ServerCaller,
    @Param('id') id: string,
    @Body({ schema: CreateAttempt }) body: CreateAttempt,
    @Context() context: RequestContext,
  ): Promise<StartedAttempt> {
    return this.again.start(app, id, body, context);
  }

  @Post(':id/cancel')
  @Operation({
    caller: 'server',
    id: 'cancelPayment',
    summary: 'Stop waiting for the money',
    description:
      'The platforms are asked first: the answer is `closed`, or `succeeded` when the user was faster, or still open with `closingSince`.',
    returns: PaymentView,
    write: true,
    problems: ['payment_not_found', 'payment_not_open'],
  })
  cancel(@Server() { app }: ServerCaller, @Param('id') id: string, @Context() context: RequestContext) {
    return this.closing.cancel(app, id, context);
  }

  @Post(':id/refresh')
  @Operation({
    caller: 'server',
    id: 'refreshPayment',
    summary: 'Ask the platforms now',
    returns: PaymentView,
    write: true,
    problems: ['payment_not_found'],
  })
  refresh(@Server() { app }: ServerCaller, @Param('id') id: string): Promise<PaymentView> {
    return this.closing.refresh(app, id);
  }

  @Post(':id/fulfill')
  @Operation({
    caller: 'server',
    id: 'fulfillPayment',
    summary: 'Tell the platform that the goods were handed over',
    description: 'Douyin pays the merchant out after that. On the other platforms there is nothing to tell.',
    returns: PaymentView,
    write: true,
    problems: ['payment_not_found', 'payment_not_paid', ...PLATFORM_ANSWERS],
  })
  fulfill(@Server() { app }: ServerCaller, @Param('id') id: string, @Context() context: RequestContext) {
    return this.fulfilment.report(app, id, context);
  }
}
