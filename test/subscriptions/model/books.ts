import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { type OrderMoney, platformMoney } from '../../payments/model/platform-money.js';
import { Broken } from '../../payments/model/stage.js';
import type { Club } from './club.js';

const ATTEMPTS = `
  select a.number, a.payment_id as payment, a.platform, a.merchant_account_id as merchant, p.reference,
    i.subscription_id as subscription, a.amount_paid::float8 as paid, a.amount_refunded::float8 as refunded
  from payment_attempts a join payments p on p.app_id = a.app_id and p.id = a.payment_id
    left join invoices i on i.app_id = p.app_id and i.id = p.reference
  where a.app_id = $1`;

/** Fen of an app that debits and first payments have brought, and that went back. */
export interface Money {
  attempts: number;
  paid: number;
  refunded: number;
}

interface BookedAttempt {
  readonly number: string;
  readonly platform: string;
  readonly merchant: string;
  readonly subscription: string | null;
  readonly paid: number;
  readonly refunded: number;
}

/** Order by order and debit by debit, to the fen. Throws Broken where a platform says something else than our books. */
export async function compareBooks(club: Club): Promise<Money> {
  const money = await moneyThere(club.stage.sandboxDir);
  const all: Money = { attempts: 0, paid: 0, refunded: 0 };
  const clearing = new Map<string, number>();
  for (const { number, platform, merchant, subscription, paid, refunded } of await club.rows<BookedAttempt>(ATTEMPTS)) {
    const there = money.get(number) ?? { paid: 0, refunded: 0 };
    if (there.paid !== paid || there.refunded !== refunded) {
      const ours = `our books say ${paid} and ${refunded}`;
      throw new Broken(`${platform} has ${there.paid} paid and ${there.refunded} given back of ${number}, ${ours}`, subscription ?? undefined); // prettier-ignore
    }
    all.attempts += 1;
    all.paid += paid;
    all.refunded += refunded;
    const account = `clearing:${platform}:${merchant}`;
    clearing.set(account, (clearing.get(account) ?? 0) + paid - refunded);
  }
  const { body } = await club.ask<{ data: { account: string; balance: number }[] }>('GET', '/v1/balance');
  for (const [account, expected] of clearing) {
    const balance = body.data.find((one) => one.account === account)?.balance ?? 0;
    if (balance !== expected) throw new Broken(`${account} has ${balance} in the books, ${expected} at the platform`);
  }
  const sum = body.data.reduce((total, { balance }) => total + balance, 0);
  if (sum !== 0) throw new Broken(`debits and credits differ by ${sum}`);
  return all;
}

/** What Douyin has under contracts stands apart from its orders. */
async function moneyThere(sandboxDir: string): Promise<Map<string, OrderMoney>> {
  const money = await platformMoney(sandboxDir);
  const pays = new Map<string, Record<string, unknown>>();
  const refunds = new Map<string, Record<string, unknown>>();
  const lines = createReadStream(join(sandboxDir, 'sandbox', 'state.jsonl'));
  for await (const line of createInterface({ input: lines, crlfDelay: Infinity })) {
    const kept = line.includes('"table":"douyin.signPays"') ? pays : line.includes('"table":"douyin.signRefunds"') ? refunds : undefined; // prettier-ignore
    if (!kept) continue;
    const { key, row } = JSON.parse(line) as { key: string; row?: Record<string, unknown> };
    if (row) kept.set(key, row);
  }
  for (const pay of pays.values()) {
    if (pay['status'] === 'SUCCESS') money.set(String(pay['outPayOrderNo']), { paid: Number(pay['amount']), refunded: 0 }); // prettier-ignore
  }
  for (const refund of refunds.values()) {
    const pay = pays.get(String(refund['payOrderId']));
    const of = pay && money.get(String(pay['outPayOrderNo']));
    if (of && refund['status'] === 'SUCCESS') of.refunded += Number(refund['amount'] ?? refund['refundAmount']);
  }
  return money;
}
