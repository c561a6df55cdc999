import { Body, Controller, Delete, Get, Param, Patch, Post, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Context, type RequestContext, Server, type ServerCaller } from './caller.js';
import { AccountCheckView, AccountQuery } from './accounts.schemas.js';
import { Operation } from './operation.js';
import {
  CreatePlatformAccount,
  PlatformAccountPage,
  PlatformAccountView,
  UpdatePlatformAccount,
} from './platform-accounts.schemas.js';
import { PlatformAccounts } from './platform-accounts.service.js';

@ApiTags('Platform accounts')
@Controller('v1/platform-accounts')
export class PlatformAccountsController {
  constructor(private readonly accounts: PlatformAccounts) {}

  @Post()
  @Operation({
    caller: 'server',
    id: 'createPlatformAccount',
    summary: 'Register a mini-program of this app',
    description: 'In a test app the sandbox makes up whatever is left out.',
    status: 201,
    returns: PlatformAccountView,
    write: true,
    problems: ['platform_account_exists', 'sandbox_unavailable'],
    example: { platform: 'wechat', name: 'Second brand' },
  })
  create(
    @Server() caller: ServerCaller,
    @Body({ schema: CreatePlatformAccount }) body: CreatePlatformAccount,
    @Context() context: RequestContext,
  ): Promise<PlatformAccountView> {
    return this.accounts.create(caller, body, context);
  }

  @Get()
  @Operation({
    caller: 'server',
    id: 'listPlatformAccounts',
    summary: 'List the mini-programs of this app',
    returns: PlatformAccountPage,
  })
  list(@Server() { app }: ServerCaller, @Query({ schema: AccountQuery }) query: AccountQuery) {
    return this.accounts.list(app.id, query);
  }

  @Get(':id')
  @Operation({
    caller: 'server',
    id: 'getPlatformAccount',
    summary: 'Read a mini-program of this app',
    returns: PlatformAccountView,
    problems: ['platform_account_not_found'],
  })
  get(@Server() { app }: ServerCaller, @Param('id') id: string): Promise<PlatformAccountView> {
    return this.accounts.get(app.id, id);
  }

  @Patch(':id')
  @Operation({
    caller: 'server',
    id: 'updatePlatformAccount',
    summary: 'Change the name, the status, credentials or the default merchant of a mini-program',
    description:
      'Credentials are merged: fields left out keep their value, and null takes one away. `defaultMerchantAccountId` must be a merchant account of the same platform; null takes it away.',
    returns: PlatformAccountView,
    write: true,
    problems: ['platform_account_not_found', 'sandbox_unavailable'],
    example: { name: 'Second brand, renamed' },
  })
  update(
    @Server() caller: ServerCaller,
    @Param('id') id: string,
    @Body({ schema: UpdatePlatformAccount }) body: UpdatePlatformAccount,
    @Context() context: RequestContext,
  ): Promise<PlatformAccountView> {
    return this.accounts.update(caller, id, body, context);
  }

  @Delete(':id')
  @Operation({
    caller: 'server',
    id: 'deletePlatformAccount',
    summary: 'Delete a mini-program that nobody used, disable one with users',
    write: true,
    problems: ['platform_account_not_found'],
  })
  remove(@Server() caller: ServerCaller, @Param('id') id: string, @Context() context: RequestContext): Promise<void> {
    return this.accounts.remove(caller, id, context);
  }

  @Post(':id/verify')
  @Operation({
    caller: 'server',
    id: 'verifyPlatformAccount',
    summary: 'Try the credentials and say what is wrong',
    returns: AccountCheckView,
    write: true,
    problems: ['platform_account_not_found'],
  })
  verify(@Server() caller: ServerCaller, @Param('id') id: string) {
    return this.accounts.verify(caller, id);
  }
}
