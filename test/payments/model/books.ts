import { must } from '../../support/client.js';
import { platformMoney } from './platform-money.js';
import type { ModelShop } from './shop.js';
import { Broken, type Stage } from './stage.js';

const ATTEMPTS = `
  select number, payment_id as payment, platform, merchant_account_id as merchant, amount_paid::float8 as paid,
    amount_refunded::float8 as refunded
  from payment_attempts where app_id = $1`;

interface BookedAttempt {
  readonly number: string;
  readonly payment: string;
  readonly platform: string;
  readonly merchant: string;
  readonly paid: number;
  readonly refunded: number;
}

/** What a shop has done in all. Amounts in fen; `unexpected`: successes that nobody waited for. */
export interface Reckoning {
  readonly attempts: number;
  readonly paid: number;
  readonly refunded: number;
  readonly unexpected: number;
}

/** Order by order, to the fen. Throws Broken where the platform says something else than our books. */
export async function compare({ stage, appId, secretKey: token }: ModelShop): Promise<Reckoning> {
  const money = await platformMoney(stage.sandboxDir);
  const attempts = await stage.query<BookedAttempt>('model-attempts', ATTEMPTS, [appId]);
  const clearing = new Map<string, number>();
  for (const { number, payment, platform, merchant, paid, refunded } of attempts) {
    const there = money.get(number) ?? { paid: 0, refunded: 0 };
    if (there.paid !== paid || there.refunded !== refunded) {
      const books = `our books say ${paid} paid and ${refunded} given back`;
      const evidence = await evidenceOf(stage, appId, payment);
      throw new Broken(
        `${platform} has ${there.paid} paid and ${there.refunded} given back of ${number}, ${books}\n${evidence}`,
        payment,
      );
    }
    const account = `clearing:${platform}:${merchant}`;
    clearing.set(account, (clearing.get(account) ?? 0) + paid - refunded);
  }
  const { data } = await must<{ data: { account: string; balance: number }[] }>(stage.urls[0]!, 'GET', '/v1/balance', {
    token,
  });
  for (const [account, expected] of clearing) {
    const balance = data.find((one) => one.account === account)?.balance ?? 0;
    if (balance !== expected)
      throw new Broken(`${account} has ${balance} in the books and ${expected} at the platform`);
  }
  const sum = data.reduce((total, { balance }) => total + balance, 0);
  if (sum !== 0) throw new Broken(`debits and credits differ by ${sum}`);
  const [row] = await stage.query<{ count: number }>(
    'model-unexpected',
    `select count(*)::int as count from payment_attempts where app_id = $1 and status = 'succeeded' and not kept`,
    [appId],
  );
  return {
    attempts: attempts.length,
    paid: attempts.reduce((total, { paid }) => total + paid, 0),
    refunded: attempts.reduce((total, { refunded }) => total + refunded, 0),
    unexpected: row!.count,
  };
}

const EVIDENCE = `
  select row_to_json(x)::text as line from (
    select 'refund' as what, id, number, status, source, amount, platform_refund_id, failure_code, failure_detail, checks,
        created_at, submitted_at
      from refunds where app_id = $1 and payment_id = $2 order by id) x
  union all
  select row_to_json(x)::text from (
    select 'callback' as what, c.id, c.type, c.status, c.problem, c.object_id, c.repeats, c.received_at from callbacks c
      where c.app_id = $1 and (c.object_id = $2
        or c.object_id in (select id from refunds where app_id = $1 and payment_id = $2)) order by c.id) x`;

/** Our rows about a payment, for who has to find out what went wrong. */
export async function evidenceOf(stage: Stage, appId: string, payment: string): Promise<string> {
  const rows = await stage.query<{ line: string }>('model-evidence', EVIDENCE, [appId, payment]);
  return rows.map(({ line }) => line).join('\n');
}
