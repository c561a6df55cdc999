import { Body, Controller, Delete, Get, Param, Post, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { PageQuery } from '../common/pagination.js';
import { Context, type RequestContext, Server, type ServerCaller, User, type UserCaller } from '../tenancy/caller.js';
import { Operation } from '../tenancy/operation.js';
import { Payers } from '../tenancy/payers.js';
import {
  CreateGrant,
  EntitlementsView,
  GrantPage,
  GrantQuery,
  GrantView,
  RecordUsage,
  UsageView,
} from './entitlements.schemas.js';
import { Entitlements } from './entitlements.service.js';
import { Grants } from './grants.service.js';
import { Usage } from './usage.service.js';

@ApiTags('My subscriptions')
@Controller('v1/me/entitlements')
export class MyEntitlementsController {
  constructor(private readonly entitlements: Entitlements) {}

  @Get()
  @Operation({
    caller: 'user',
    id: 'getMyEntitlements',
    summary: 'Read what I may use, and why',
    returns: EntitlementsView,
  })
  get(@User() { app, userId }: UserCaller): Promise<EntitlementsView> {
    return this.entitlements.of(app, userId);
  }
}

@ApiTags('Entitlements')
@Controller('v1')
export class EntitlementsController {
  constructor(
    private readonly entitlements: Entitlements,
    private readonly grants: Grants,
    private readonly usage: Usage,
    private readonly payers: Payers,
  ) {}

  @Get('users/:id/entitlements')
  @Operation({
    caller: 'server',
    id: 'getUserEntitlements',
    summary: 'Read what a user may use, and why',
    returns: EntitlementsView,
    problems: ['user_not_found', 'user_gone'],
  })
  async get(@Server() { app }: ServerCaller, @Param('id') id: string): Promise<EntitlementsView> {
    return this.entitlements.of(app, await this.payers.userOf(app.id, id));
  }

  @Post('users/:id/grants')
  @Operation({
    caller: 'server',
    id: 'createGrant',
    summary: 'Give a user a feature',
    status: 201,
    returns: GrantView,
    write: true,
    problems: ['user_not_found', 'user_gone'],
    example: { feature: 'pro', value: true, expiresAt: '2027-01-31T00:00:00Z', reason: 'A gift' },
  })
  grant(
    @Server() { app }: ServerCaller,
    @Param('id') id: string,
    @Body({ schema: CreateGrant }) body: CreateGrant,
    @Context() context: RequestContext,
  ): Promise<GrantView> {
    return this.grants.create(app, id, body, context);
  }

  @Get('users/:id/grants')
  @Operation({
    caller: 'server',
    id: 'listGrants',
    summary: 'List the grants of a user, newest first',
    returns: GrantPage,
    problems: ['user_not_found', 'user_gone'],
  })
  list(@Server() { app }: ServerCaller, @Param('id') id: string, @Query({ schema: GrantQuery }) query: PageQuery) {
    return this.grants.list(app.id, id, query);
  }

  @Delete('grants/:id')
  @Operation({
    caller: 'server',
    id: 'revokeGrant',
    summary: 'Take a grant back',
    write: true,
    problems: ['grant_not_found'],
  })
  revoke(@Server() { app }: ServerCaller, @Param('id') id: string, @Context() context: RequestContext): Promise<void> {
    return this.grants.revoke(app, id, context);
  }

  @Post('usage')
  @Operation({
    caller: 'server',
    id: 'recordUsage',
    summary: 'Count the use of a metered feature',
    description: 'The same `eventId` counts once, for ever.',
    returns: UsageView,
    write: true,
    problems: ['user_not_found', 'user_gone', 'not_entitled', 'usage_limit_reached', 'usage_event_taken'],
    example: {
      eventId: 'export-4711',
      userId: 'usr_019a6b0c4d5e7f00a1b2c3d4e5f60718',
      feature: 'exports',
      quantity: 1,
    },
  })
  record(
    @Server() { app }: ServerCaller,
    @Body({ schema: RecordUsage }) body: RecordUsage,
    @Context() context: RequestContext,
  ): Promise<UsageView> {
    return this.usage.record(app, body, context);
  }
}
