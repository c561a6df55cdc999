import { Body, Controller, Get, Param, Post, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Context, type RequestContext, Server, type ServerCaller } from '../tenancy/caller.js';
import { Operation } from '../tenancy/operation.js';
import { Changes } from './changes.js';
import { SubscriptionActions } from './subscription-actions.js';
import { CHANGE_PROBLEMS, START_PROBLEMS } from './subscription-problems.js';
import {
  CancelSubscription,
  ChangeSubscription,
  CreateSubscription,
  SubscriptionQuery,
  StartedSubscription,
  SubscriptionPage,
  SubscriptionView,
} from './subscriptions.schemas.js';

import { Subscriptions } from './subscriptions.service.js';

@ApiTags('Subscriptions')
@Controller('v1/subscriptions')
export class SubscriptionsController {
  constructor(
    private readonly subscriptions: Subscriptions,
    private readonly actions: SubscriptionActions,
    private readonly changes: Changes,
  ) {}

  @Post()
  @Operation({
    caller: 'server',
    id: 'createSubscription',
    summary: 'Let a user subscribe to a price',
    description:
      '`clientAction` is what the front end does next: pay, sign the contract, or both on one page. A trial begins when it is signed.',
    status: 201,
    returns: StartedSubscription,
    write: true,
    problems: START_PROBLEMS,
    example: {
      userId: 'usr_019a6b0c4d5e7f00a1b2c3d4e5f60718',
      priceId: 'prc_019a6b0c4d5e7f00a1b2c3d4e5f60718',
      platform: 'wechat',
    },
  })
  create(
    @Server() caller: ServerCaller,
    @Body({ schema: CreateSubscription }) body: CreateSubscription,
    @Context() context: RequestContext,
  ): Promise<StartedSubscription> {
    return this.subscriptions.create(caller, body, context);
  }

  @Get()
  @Operation({
    caller: 'server',
    id: 'listSubscriptions',
    summary: 'List subscriptions, newest first',
    returns: SubscriptionPage,
  })
  list(@Server() { app }: ServerCaller, @Query({ schema: SubscriptionQuery }) query: SubscriptionQuery) {
    return this.subscriptions.list(app.id, query);
  }

  @Get(':id')
  @Operation({
    caller: 'server',
    id: 'getSubscription',
    summary: 'Read a subscription',
    returns: SubscriptionView,
    problems: ['subscription_not_found'],
  })
  get(@Server() { app }: ServerCaller, @Param('id') id: string): Promise<SubscriptionView> {
    return this.subscriptions.get(app, id);
  }

  @Post(':id/cancel')
  @Operation({
    caller: 'server',
    id: 'cancelSubscription',
    summary: 'End a subscription, now or with the paid period',
    returns: StartedSubscription,
    write: true,
    problems: ['subscription_not_found', 'subscription_over'],
    example: { at: 'period_end' },
  })
  cancel(
    @Server() { app }: ServerCaller,
    @Param('id') id: string,
    @Body({ schema: CancelSubscription }) body: CancelSubscription,
    @Context() context: RequestContext,
  ): Promise<StartedSubscription> {
    return this.actions.cancel(app, id, body, context);
  }

  @Post(':id/resume')
  @Operation({
    caller: 'server',
    id: 'resumeSubscription',
    summary: 'Undo a cancellation, or end a pause',
    description: 'Where the contract is over by then, `clientAction` lets the user sign another one first.',
    returns: StartedSubscription,
    write: true,
    problems: CHANGE_PROBLEMS,
  })
  resume(
    @Server() { app }: ServerCaller,
    @Param('id') id: string,
    @Context() context: RequestContext,
  ): Promise<StartedSubscription> {
    return this.actions.resume(app, id, context);
  }

  @Post(':id/pause')
  @Operation({
    caller: 'server',
    id: 'pauseSubscription',
    summary: 'Let no period follow the paid one until it is resumed',
    returns: StartedSubscription,
    write: true,
    problems: ['subscription_not_found', 'subscription_over', 'subscription_not_ready', 'invoice_being_collected'],
  })
  pause(
    @Server() { app }: ServerCaller,
    @Param('id') id: string,
    @Context() context: RequestContext,
  ): Promise<StartedSubscription> {
    return this.actions.pause(app, id, context);
  }

  @Post(':id/change')
  @Operation({
    caller: 'server',
    id: 'changeSubscription',
    summary: 'Change the price or the quantity, now or with the next period',
    description: 'What has to be paid or signed for it is in `clientAction`; it takes effect when that is done.',
    returns: StartedSubscription,
    write: true,
    problems: CHANGE_PROBLEMS,
    example: { priceId: 'prc_019a6b0c4d5e7f00a1b2c3d4e5f60718', at: 'now' },
  })
  change(
    @Server() { app }: ServerCaller,
    @Param('id') id: string,
    @Body({ schema: ChangeSubscription }) body: ChangeSubscription,
    @Context() context: RequestContext,
  ): Promise<StartedSubscription> {
    return this.changes.request(app, id, body, context);
  }
}
