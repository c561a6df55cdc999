import { Controller, Get, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Server, type ServerCaller } from '../tenancy/caller.js';
import { Operation } from '../tenancy/operation.js';
import { Balance, LedgerEntryPage, LedgerQuery } from './ledger.schemas.js';
import { Ledger } from './ledger.service.js';

@ApiTags('Ledger')
@Controller('v1')
export class LedgerController {
  constructor(private readonly ledger: Ledger) {}

  @Get('balance')
  @Operation({ caller: 'server', id: 'getBalance', summary: 'What every account of the books holds', returns: Balance })
  balance(@Server() { app }: ServerCaller): Promise<Balance> {
    return this.ledger.balance(app.id);
  }

  @Get('ledger-entries')
  @Operation({
    caller: 'server',
    id: 'listLedgerEntries',
    summary: 'Read the books, newest first',
    description: 'Each transfer shows as a debit and a credit; `limit` counts transfers.',
    returns: LedgerEntryPage,
  })
  list(@Server() { app }: ServerCaller, @Query({ schema: LedgerQuery }) query: LedgerQuery): Promise<LedgerEntryPage> {
    return this.ledger.list(app.id, query);
  }
}
