import { Body, Controller, Get, Param, Post, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Context, type RequestContext, User, type UserCaller } from '../tenancy/caller.js';
import { Operation } from '../tenancy/operation.js';
import { Changes } from './changes.js';
import { SubscriptionActions } from './subscription-actions.js';
import { CHANGE_PROBLEMS, START_PROBLEMS } from './subscription-problems.js';
import {
  CancelSubscription,
  ChangeSubscription,
  CreateMySubscription,
  MySubscriptionQuery,
  StartedSubscription,
  SubscriptionPage,
  SubscriptionView,
} from './subscriptions.schemas.js';
import type { SubscriptionQuery } from './subscriptions.schemas.js';
import { Subscriptions } from './subscriptions.service.js';

@ApiTags('My subscriptions')
@Controller('v1/me/subscriptions')
export class MySubscriptionsController {
  constructor(
    private readonly subscriptions: Subscriptions,
    private readonly actions: SubscriptionActions,
    private readonly changes: Changes,
  ) {}

  @Post()
  @Operation({
    caller: 'user',
    id: 'createMySubscription',
    summary: 'Subscribe to a public price',
    description:
      '`clientAction` is what the front end does next: pay, sign the contract, or both on one page. A trial begins when it is signed.',
    status: 201,
    returns: StartedSubscription,
    write: true,
    problems: START_PROBLEMS,
    example: { priceId: 'prc_019a6b0c4d5e7f00a1b2c3d4e5f60718', platform: 'wechat' },
  })
  create(
    @User() caller: UserCaller,
    @Body({ schema: CreateMySubscription }) body: CreateMySubscription,
    @Context() context: RequestContext,
  ): Promise<StartedSubscription> {
    return this.subscriptions.createMine(caller, body, context);
  }

  @Get()
  @Operation({
    caller: 'user',
    id: 'listMySubscriptions',
    summary: 'List my subscriptions, newest first',
    returns: SubscriptionPage,
  })
  list(
    @User() { app, userId }: UserCaller,
    @Query({ schema: MySubscriptionQuery }) query: Omit<SubscriptionQuery, 'userId'>,
  ) {
    return this.subscriptions.list(app.id, { ...query, userId });
  }

  @Get(':id')
  @Operation({
    caller: 'user',
    id: 'getMySubscription',
    summary: 'Read a subscription of mine',
    returns: SubscriptionView,
    problems: ['subscription_not_found'],
  })
  get(@User() { app, userId }: UserCaller, @Param('id') id: string): Promise<SubscriptionView> {
    return this.subscriptions.get(app, id, userId);
  }

  @Post(':id/cancel')
  @Operation({
    caller: 'user',
    id: 'cancelMySubscription',
    summary: 'End it, now or with the paid period',
    returns: StartedSubscription,
    write: true,
    problems: ['subscription_not_found', 'subscription_over'],
    example: { at: 'period_end' },
  })
  cancel(
    @User() { app, userId }: UserCaller,
    @Param('id') id: string,
    @Body({ schema: CancelSubscription }) body: CancelSubscription,
    @Context() context: RequestContext,
  ): Promise<StartedSubscription> {
    return this.actions.cancel(app, id, body, context, userId);
  }

  @Post(':id/resume')
  @Operation({
    caller: 'user',
    id: 'resumeMySubscription',
    summary: 'Undo a cancellation, or end a pause',
    description: 'Where the contract is over by then, `clientAction` lets the user sign another one first.',
    returns: StartedSubscription,
    write: true,
    problems: CHANGE_PROBLEMS,
  })
  resume(
    @User() { app, userId }: UserCaller,
    @Param('id') id: string,
    @Context() context: RequestContext,
  ): Promise<StartedSubscription> {
    return this.actions.resume(app, id, context, userId);
  }

  @Post(':id/pause')
  @Operation({
    caller: 'user',
    id: 'pauseMySubscription',
    summary: 'Let no period follow the paid one until it is resumed',
    returns: StartedSubscription,
    write: true,
    problems: ['subscription_not_found', 'subscription_over', 'subscription_not_ready', 'invoice_being_collected'],
  })
  pause(
    @User() { app, userId }: UserCaller,
    @Param('id') id: string,
    @Context() context: RequestContext,
  ): Promise<StartedSubscription> {
    return this.actions.pause(app, id, context, userId);
  }

  @Post(':id/change')
  @Operation({
    caller: 'user',
    id: 'changeMySubscription',
    summary: 'Change the price or the quantity, now or with the next period',
    description: 'What has to be paid or signed for it is in `clientAction`; it takes effect when that is done.',
    returns: StartedSubscription,
    write: true,
    problems: CHANGE_PROBLEMS,
    example: { priceId: 'prc_019a6b0c4d5e7f00a1b2c3d4e5f60718', at: 'now' },
  })
  change(
    @User() { app, userId }: UserCaller,
    @Param('id') id: string,
    @Body({ schema: ChangeSubscription }) body: ChangeSubscription,
    @Context() context: RequestContext,
  ): Promise<StartedSubscription> {
    return this.changes.request(app, id, body, context, userId);
  }
}
