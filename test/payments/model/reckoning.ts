import { setTimeout as pause } from 'node:timers/promises';
import { must } from '../../support/client.js';
import { compare, evidenceOf, type Reckoning } from './books.js';
import type { ModelShop } from './shop.js';
import { Broken, call, insist, type Stage } from './stage.js';

/**
 * Seconds that the clock goes ahead at a time, and how often: first small steps, in which refunds of one payment go out one
 * after another; then what platforms do only after days. Steps of one size end early when they bring nothing to its end.
 */
const STRIDES = [
  { seconds: 90, times: 40, idle: 2 },
  { seconds: 3_600, times: 8, idle: 3 },
  { seconds: 86_400, times: 10, idle: 10 },
];
/** For what is due in a step; a lease or a schedule of seconds is over then. */
const PATIENCE_MS = 8_000;

const DUE = `
  select count(*)::int as due from (
    select from payment_attempts a join apps m on m.id = a.app_id
      where a.app_id = $1 and a.check_at <= $2::timestamptz + m.clock_offset * interval '1 millisecond'
    union all
    select from refunds a join apps m on m.id = a.app_id
      where a.app_id = $1 and a.check_at <= $2::timestamptz + m.clock_offset * interval '1 millisecond'
    union all
    select from payments a join apps m on m.id = a.app_id
      where a.app_id = $1 and a.status in ('created', 'pending') and a.closing_since is null
        and a.expires_at <= $2::timestamptz + m.clock_offset * interval '1 millisecond') due`;

const OPEN = `
  select 'payment' as kind, id, status, id as payment from payments where app_id = $1 and status in ('created', 'pending')
  union all select 'attempt', id, status, payment_id from payment_attempts
    where app_id = $1 and status in ('created', 'pending', 'unknown')
  union all select 'refund', id, status, payment_id from refunds
    where app_id = $1 and status in ('requested', 'pending')
  union all select 'unexpected success', a.id, 'not refunded', payment_id from payment_attempts a
    where a.app_id = $1 and a.status = 'succeeded' and not a.kept and a.amount_refunded <> a.amount`;

interface Open {
  readonly kind: string;
  readonly id: string;
  readonly status: string;
  readonly payment: string;
}
/**
 * The end of a shop: no more misfortune, the clock goes far ahead, and everything must come to its end. Then the books
 * agree with the platforms to the fen, order by order.
 */
export async function reckon(shop: ModelShop): Promise<Reckoning> {
  for (const stride of STRIDES) if (await walk(shop, stride)) break;
  const [open] = await openOf(shop);
  if (open) {
    const evidence = await evidenceOf(shop.stage, shop.appId, open.payment);
    throw new Broken(`in the end ${open.kind} ${open.id} is still ${open.status}\n${evidence}`, open.payment);
  }
  return compare(shop);
}

/** Says whether nothing is open any more. */
async function walk(shop: ModelShop, { seconds, times, idle }: (typeof STRIDES)[number]): Promise<boolean> {
  let least = Infinity;
  for (let step = 0, inVain = 0; step < times && inVain < idle; step++) {
    await shop.advance(seconds);
    await drained(shop);
    const { length: open } = await openOf(shop);
    if (open === 0 && (await rerunParked(shop)) === 0) return true;
    inVain = open < least ? 0 : inVain + 1;
    least = Math.min(least, open);
  }
  return false;
}

async function drained(shop: ModelShop): Promise<void> {
  const { stage, appId } = shop;
  const start = performance.now();
  for (let round = 0; performance.now() - start < PATIENCE_MS; round++) {
    const values = [appId, new Date(stage.now())];
    const [row] = await insist(stage, () => stage.query<{ due: number }>('model-due', DUE, values));
    if (row!.due === 0) return;
    if (round % 5 === 0) await shop.wake();
    await pause(50);
  }
}

const openOf = ({ stage, appId }: ModelShop): Promise<Open[]> =>
  insist(stage, () => stage.query<Open>('model-open', OPEN, [appId]));

/** As a developer would who has seen the alarm: once what was in the way is gone, it is done. Gives how many were done. */
async function rerunParked({ stage, secretKey: token }: ModelShop): Promise<number> {
  let done = 0;
  for (let cursor = ''; ;) {
    const path = `/v1/callbacks?status=parked&limit=100${cursor && `&cursor=${cursor}`}`;
    const page = await insist(stage, () =>
      must<{ data: { id: string }[]; nextCursor: string | null }>(stage.urls[0]!, 'GET', path, { token }),
    );
    for (const { id } of page.data) {
      const { body } = await call<{ status?: string }>(stage, 'POST', `/v1/callbacks/${id}/rerun`, { token });
      if (body.status === 'settled') done += 1;
    }
    if (page.nextCursor === null) return done;
    cursor = page.nextCursor;
  }
}

/** Nothing goes wrong from now on. */
export const endMisfortune = (stage: Stage): Promise<unknown> =>
  insist(stage, async () => {
    const answer = await fetch(`${stage.sandboxUrl}/_/faults`, { method: 'DELETE' });
    if (!answer.ok) throw new Error(`the faults stay: ${answer.status}`);
  });
