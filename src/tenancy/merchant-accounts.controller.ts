import { Body, Controller, Delete, Get, Param, Patch, Post, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Context, type RequestContext, Server, type ServerCaller } from './caller.js';
import { AccountCheckView, AccountQuery } from './accounts.schemas.js';
import { Operation } from './operation.js';
import {
  CreateMerchantAccount,
  MerchantAccountPage,
  MerchantAccountView,
  UpdateMerchantAccount,
} from './merchant-accounts.schemas.js';
import { MerchantAccounts } from './merchant-accounts.service.js';

@ApiTags('Merchant accounts')
@Controller('v1/merchant-accounts')
export class MerchantAccountsController {
  constructor(private readonly accounts: MerchantAccounts) {}

  @Post()
  @Operation({
    caller: 'server',
    id: 'createMerchantAccount',
    summary: 'Register a payment contract of this app',
    description:
      'In a test app the sandbox makes up whatever is left out. `defaults` are settings of the platform for payments that do not say otherwise.',
    status: 201,
    returns: MerchantAccountView,
    write: true,
    problems: ['merchant_account_exists', 'platform_capability_missing', 'sandbox_unavailable'],
    example: { platform: 'wechat', name: 'Shop in Shanghai' },
  })
  create(
    @Server() caller: ServerCaller,
    @Body({ schema: CreateMerchantAccount }) body: CreateMerchantAccount,
    @Context() context: RequestContext,
  ): Promise<MerchantAccountView> {
    return this.accounts.create(caller, body, context);
  }

  @Get()
  @Operation({
    caller: 'server',
    id: 'listMerchantAccounts',
    summary: 'List the payment contracts of this app',
    returns: MerchantAccountPage,
  })
  list(@Server() { app }: ServerCaller, @Query({ schema: AccountQuery }) query: AccountQuery) {
    return this.accounts.list(app.id, query);
  }

  @Get(':id')
  @Operation({
    caller: 'server',
    id: 'getMerchantAccount',
    summary: 'Read a payment contract of this app',
    returns: MerchantAccountView,
    problems: ['merchant_account_not_found'],
  })
  get(@Server() { app }: ServerCaller, @Param('id') id: string): Promise<MerchantAccountView> {
    return this.accounts.get(app.id, id);
  }

  @Patch(':id')
  @Operation({
    caller: 'server',
    id: 'updateMerchantAccount',
    summary: 'Change the name, the status, credentials or defaults of a payment contract',
    description:
      'Credentials are merged: fields left out keep their value, and null takes one away. `defaults` replace what was there.',
    returns: MerchantAccountView,
    write: true,
    problems: ['merchant_account_not_found', 'sandbox_unavailable'],
    example: { name: 'Shop in Shanghai, until 2026' },
  })
  update(
    @Server() caller: ServerCaller,
    @Param('id') id: string,
    @Body({ schema: UpdateMerchantAccount }) body: UpdateMerchantAccount,
    @Context() context: RequestContext,
  ): Promise<MerchantAccountView> {
    return this.accounts.update(caller, id, body, context);
  }

  @Delete(':id')
  @Operation({
    caller: 'server',
    id: 'deleteMerchantAccount',
    summary: 'Delete a payment contract that nobody used, disable one in use',
    write: true,
    problems: ['merchant_account_not_found'],
  })
  remove(@Server() caller: ServerCaller, @Param('id') id: string, @Context() context: RequestContext): Promise<void> {
    return this.accounts.remove(caller, id, context);
  }

  @Post(':id/verify')
  @Operation({
    caller: 'server',
    id: 'verifyMerchantAccount',
    summary: 'Try the contract with its mini-programs and say what is wrong',
    returns: AccountCheckView,
    write: true,
    problems: ['merchant_account_not_found'],
  })
  verify(@Server() caller: ServerCaller, @Param('id') id: string) {
    return this.accounts.verify(caller, id);
  }
}
