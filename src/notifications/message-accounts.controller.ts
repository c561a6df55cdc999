import { Body, Controller, Get, Param, Patch, Post } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Context, type RequestContext, Server, type ServerCaller } from '../tenancy/caller.js';
import { Operation } from '../tenancy/operation.js';
import { MessageAccountPage, MessageAccountView, UpdateMessageAccount } from './message-accounts.schemas.js';
import { MessageAccounts } from './message-accounts.js';

@ApiTags('Message accounts')
@Controller('v1/message-accounts')
export class MessageAccountsController {
  constructor(private readonly accounts: MessageAccounts) {}

  @Get()
  @Operation({
    caller: 'server',
    id: 'listMessageAccounts',
    summary: 'List the mini-programs that send messages: how fast, whether paused, what grants',
    returns: MessageAccountPage,
  })
  list(@Server() { app }: ServerCaller): Promise<MessageAccountPage> {
    return this.accounts.list(app);
  }

  @Patch(':id')
  @Operation({
    caller: 'server',
    id: 'updateMessageAccount',
    summary: 'Limit how many messages a mini-program sends per second',
    returns: MessageAccountView,
    write: true,
    problems: ['platform_account_not_found', 'platform_capability_missing'],
    example: { rateLimit: 50 },
  })
  update(
    @Server() caller: ServerCaller,
    @Param('id') id: string,
    @Body({ schema: UpdateMessageAccount }) body: UpdateMessageAccount,
    @Context() context: RequestContext,
  ): Promise<MessageAccountView> {
    return this.accounts.update(caller, id, body, context);
  }

  @Post(':id/resume')
  @Operation({
    caller: 'server',
    id: 'resumeMessageAccount',
    summary: 'Send again before a pause has ended',
    description: 'When the platform was asked to lift its limit, or what it complained of was put right.',
    returns: MessageAccountView,
    write: true,
    problems: ['platform_account_not_found', 'platform_capability_missing'],
  })
  resume(@Server() caller: ServerCaller, @Param('id') id: string, @Context() context: RequestContext) {
    return this.accounts.resume(caller, id, context);
  }
}
