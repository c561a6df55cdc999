import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import { once } from './load.js';
import { PLATFORM, type Renewing } from './renewals-stand.js';

const PATIENCE_MS = 300_000;
const POLL_MS = 20;
const DAY_MS = 86_400_000;
const PERIOD_DAYS = 7;

/** What the ids of rows begin with that were made by SQL: they are never due. See `million-rows.ts`. */
export const OLD = '01900000';
/** $1 app  $2 who wakes the lane */
const REAL = `app_id = $1 and subscription_id <> $2 and subscription_id not like 'sub_${OLD}%'`;
const REAL_ONES = REAL.replaceAll('subscription_id', 'id');

/** So much is taken from every time that the rows know. $3 milliseconds */
const back = (...columns: string[]): string =>
  columns.map((column) => `${column} = ${column} - $3::float8 * interval '1 millisecond'`).join(', ');
const SHIFTS = [
  `update subscriptions set ${back('anchor', 'current_period_start', 'current_period_end', 'next_at')} where ${REAL_ONES}`,
  `update invoices set ${back('period_start', 'period_end', 'collect_from', 'collect_until', 'grace_until', 'opened_at')}
   where ${REAL}`,
  `update entitlements set ${back('starts_at', 'expires_at', 'grace_until', 'usage_start')}
   where ${REAL.replaceAll('subscription_id', 'source_id')}`,
];

/**
 * Lets time pass for the subscriptions: their current periods end at the latest `left` ms from now. What becomes due by
 * that can be seen when `client`'s transaction is committed.
 */
export async function letPass(client: pg.Client, { side, alarmId }: Renewing, left: number): Promise<void> {
  const { rows } = await client.query<{ ahead: number }>(
    `select extract(epoch from max(current_period_end) - now())::float8 * 1000 as ahead from subscriptions where ${REAL_ONES}`,
    [side.appId, alarmId],
  );
  for (const sql of SHIFTS) await client.query(sql, [side.appId, alarmId, rows[0]!.ahead - left]);
}

/** The platform knows when it debited last: for it, too, a period passes. */
export async function letPeriodsPass(
  { sandboxUrl, platformAppId, merchantId }: Renewing,
  periods: number,
): Promise<void> {
  const accounts = [
    { platform: PLATFORM, platformAppId },
    { platform: PLATFORM, merchantId },
  ];
  const now = new Date(Date.now() + periods * PERIOD_DAYS * DAY_MS).toISOString();
  const body = JSON.stringify({ accounts, now });
  await once(sandboxUrl, { method: 'POST', path: '/_/clock', headers: { 'content-type': 'application/json' }, body });
}

const IS_DUE = `
  select exists (select from subscriptions where app_id = $1 and next_at <= now() + interval '1 minute')
    or exists (select from invoices where app_id = $1 and next_at is not null) as due`;

/** Resolves when nothing is due and nothing is being collected. Throws when the server does not get there. */
export async function renewed(client: pg.Client, { side: { appId } }: Renewing): Promise<void> {
  const end = performance.now() + PATIENCE_MS;
  const asked = { name: 'due', text: IS_DUE, values: [appId] };
  while ((await client.query<{ due: boolean }>(asked)).rows[0]!.due) {
    if (performance.now() > end) throw new Error('subscriptions were left unrenewed');
    await sleep(POLL_MS);
  }
}

const CHECK = `
  select
    (select count(*)::int from subscriptions
     where ${REAL_ONES} and status = 'active' and periods_billed = $3 + 1 and next_at > now()) as active,
    (select count(*)::int from invoices where ${REAL} and status = 'paid' and failures = 0) as paid,
    (select count(*)::int from payments p join invoices i on i.app_id = p.app_id and i.payment_id = p.id
     where ${REAL.replaceAll('app_id', 'i.app_id')} and p.status = 'succeeded') as payments,
    (select count(*)::int from events
     where app_id = $1 and type = 'subscription.renewed' and stream_id <> $2) as told,
    (select count(distinct source_id)::int from entitlements e join subscriptions s on s.app_id = e.app_id and s.id = e.source_id
     where ${REAL.replaceAll('app_id', 's.app_id').replaceAll('subscription_id', 's.id')}
       and e.expires_at = s.current_period_end and e.usage_start = s.current_period_start
       and e.grace_until > e.expires_at) as entitled`;

/** Throws unless each subscription was renewed so often, always paid at the first try, and the books say so. */
export async function check({ side, alarmId, subscribers }: Renewing, times: number): Promise<void> {
  const [found] = await side.rows<Record<string, number>>(CHECK, [side.appId, alarmId, times]);
  const wanted: Record<string, number> = {
    active: subscribers,
    paid: subscribers * (times + 1),
    payments: subscribers * (times + 1),
    told: subscribers * times,
    entitled: subscribers,
  };
  const wrong = Object.entries(wanted).filter(([what, count]) => found![what] !== count);
  if (wrong.length === 0) return;
  throw new Error(`after ${times} renewals: ${wrong.map(([what, count]) => `${what} ${found![what]} instead of ${count}`).join(', ')}`); // prettier-ignore
}
