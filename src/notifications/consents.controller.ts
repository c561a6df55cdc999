import { Body, Controller, Get, Param, Post, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Context, type RequestContext, Server, type ServerCaller, User, type UserCaller } from '../tenancy/caller.js';
import { Operation } from '../tenancy/operation.js';
import { ConsentViews } from './consent-views.js';
import {
  ConsentEntryPage,
  ConsentEntryQuery,
  ConsentPage,
  ReportConsents,
  ReportedConsents,
} from './consents.schemas.js';
import { Consents } from './consents.service.js';

const EXAMPLE = {
  platform: 'wechat',
  results: { 'zun-LzcQyW-edafCVvzPkK4de2Rllr1fFpw2A_x0oXE': 'accept', errMsg: 'requestSubscribeMessage:ok' },
};

@ApiTags('Message consents')
@Controller('v1')
export class ConsentsController {
  constructor(
    private readonly consents: Consents,
    private readonly views: ConsentViews,
  ) {}

  @Post('me/message-consents')
  @Operation({
    caller: 'user',
    id: 'reportMyMessageConsents',
    summary: 'Tell what I answered when the client asked whether I want messages',
    description:
      "`results` is what the client's subscribe call returned. Where the platform pushes answers too, each is counted once.",
    returns: ReportedConsents,
    write: true,
    problems: [
      'identity_not_found',
      'platform_account_missing',
      'platform_account_ambiguous',
      'platform_capability_missing',
      'user_gone',
    ],
    example: EXAMPLE,
  })
  report(
    @User() caller: UserCaller,
    @Body({ schema: ReportConsents }) body: ReportConsents,
    @Context() context: RequestContext,
  ): Promise<ReportedConsents> {
    return this.consents.report(caller, body, context);
  }

  @Get('me/message-consents')
  @Operation({
    caller: 'user',
    id: 'listMyMessageConsents',
    summary: 'List what messages I have agreed to',
    returns: ConsentPage,
  })
  mine(@User() { app, userId }: UserCaller): Promise<ConsentPage> {
    return this.views.ofUser(app.id, userId);
  }

  @Get('users/:id/message-consents')
  @Operation({
    caller: 'server',
    id: 'listMessageConsents',
    summary: 'List what messages a user has agreed to',
    returns: ConsentPage,
    problems: ['user_not_found', 'user_gone'],
  })
  of(@Server() { app }: ServerCaller, @Param('id') id: string): Promise<ConsentPage> {
    return this.views.ofUser(app.id, id);
  }

  @Get('message-consent-entries')
  @Operation({
    caller: 'server',
    id: 'listMessageConsentEntries',
    summary: 'Read why a person can be sent so many messages, newest first',
    description: 'Every change of a count has an entry; their sums are the counts.',
    returns: ConsentEntryPage,
  })
  entries(@Server() { app }: ServerCaller, @Query({ schema: ConsentEntryQuery }) query: ConsentEntryQuery) {
    return this.views.entries(app.id, query);
  }
}
