import { Injectable } from '@nestjs/common';
import { fromCursor, toCursor } from '../common/pagination.js';
import { Database, statement } from '../database/database.js';
import type { Balance, LedgerEntryPage, LedgerEntryView, LedgerQuery } from './ledger.schemas.js';

/** Each transfer is a debit of one account and a credit of another. */
const BALANCE = statement(`
  select account, currency, sum(debit)::float8 as debit, sum(credit)::float8 as credit from (
    select debit_account as account, currency, amount as debit, 0 as credit from transfers where app_id = $1
    union all
    select credit_account, currency, 0, amount from transfers where app_id = $1
  ) entries group by account, currency order by account`);

const LIST = statement(`
  select id, debit_account as "debitAccount", credit_account as "creditAccount", amount::float8 as amount, currency,
    source_type as "sourceType", source_id as "sourceId", created_at as "createdAt"
  from transfers
  where app_id = $1 and ($2::text is null or id < $2) and ($3::text is null or source_id = $3)
    and ($4::text is null or $4 in (debit_account, credit_account))
  order by id desc limit $5`);

interface TransferRow extends Record<string, unknown> {
  id: string;
  debitAccount: string;
  creditAccount: string;
  amount: number;
  currency: 'CNY';
  sourceType: 'payment' | 'refund';
  sourceId: string;
  createdAt: Date;
}

/** The books, for reading: they are written only where money moves. */
@Injectable()
export class Ledger {
  constructor(private readonly db: Database) {}

  /** What each account has been debited and credited. Debits and credits of all accounts together are equal. */
  async balance(appId: string): Promise<Balance> {
    const rows = await this.db.run<{ account: string; currency: 'CNY'; debit: number; credit: number }>(BALANCE, [
      appId,
    ]);
    return { data: rows.map((row) => ({ ...row, balance: row.debit - row.credit })) };
  }

  /** Newest first; each transfer shows as its two entries. `limit` counts transfers. */
  async list(appId: string, { limit, cursor, sourceId, account }: LedgerQuery): Promise<LedgerEntryPage> {
    const before = cursor === undefined ? null : fromCursor(cursor, /^trf_[0-9a-f]{32}$/);
    const rows = await this.db.run<TransferRow>(LIST, [appId, before, sourceId ?? null, account ?? null, limit + 1]);
    const page = rows.slice(0, limit);
    const last = page.at(-1);
    const entries = page.flatMap(entriesOf).filter((entry) => account === undefined || entry.account === account);
    return { data: entries, nextCursor: rows.length > limit && last ? toCursor(last.id) : null };
  }
}

function entriesOf(row: TransferRow): LedgerEntryView[] {
  const common = {
    transferId: row.id,
    amount: row.amount,
    currency: row.currency,
    source: { type: row.sourceType, id: row.sourceId },
    createdAt: row.createdAt.toISOString(),
  };
  return [
    { id: `${row.id}_debit`, account: row.debitAccount, direction: 'debit', ...common },
    { id: `${row.id}_credit`, account: row.creditAccount, direction: 'credit', ...common },
  ];
}
