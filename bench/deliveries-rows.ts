import type { Side } from './stand.js';

/** Above what the relay of a server that runs for a few minutes comes to: events that it did not number itself. */
const FIRST_POSITION = 1_000_000_000_000;
const PATIENCE_MS = 60_000;
const POLL_MS = 2;

/** As many events of payments, all of them numbered. $1 app  $2 how many */
const EVENTS = `
  with made as (
    select n, lpad(to_hex((extract(epoch from clock_timestamp()) * 1000)::bigint), 12, '0') ||
      substr(md5(random()::text || n), 1, 20) as id
    from generate_series(1, $2::int) n
  )
  insert into events (app_id, id, type, stream_type, stream_id, sequence, object_type, object_id, data, position)
  select $1, 'evt_' || id, 'payment.succeeded', 'payment', 'pay_' || id, 1, 'payment', 'pay_' || id,
    jsonb_build_object('paymentId', 'pay_' || id, 'userId', 'usr_' || id, 'amount', 990, 'currency', 'CNY',
      'reference', 'order-' || n, 'status', 'succeeded', 'attemptId', 'att_' || id, 'platform', 'wechat',
      'platformTransactionId', '4200000000' || n),
    ${FIRST_POSITION} + n
  from made`;

/** Each of them for each endpoint, as the relay makes deliveries. $1 app  $2 endpoints */
const DELIVERIES = `
  insert into webhook_deliveries (app_id, id, endpoint_id, event_id, event_type, stream_type, stream_id, position,
    ordered, status, next_attempt_at)
  select $1, 'dlv_' || substr(v.id, 5, 12) ||
      substr(encode(sha256(convert_to(v.id || '/' || e.id, 'UTF8')), 'hex'), 1, 20),
    e.id, v.id, v.type, v.stream_type, v.stream_id, v.position, e.ordered, 'pending', now()
  from events v cross join webhook_endpoints e
  where v.app_id = $1 and v.position > ${FIRST_POSITION} and e.app_id = $1 and e.id = any ($2::text[])
  order by v.position`;

/** Makes `events` wait for each of the endpoints. Gives how many deliveries that are. */
export async function fill(side: Side, endpointIds: readonly string[], events: number): Promise<number> {
  await side.rows(EVENTS, [side.appId, events]);
  await side.rows(DELIVERIES, [side.appId, endpointIds]);
  await side.analyze();
  return events * endpointIds.length;
}

/** Takes everything away again, once nothing is on its way, and what failures have left at the endpoints; they are paused. */
export async function empty(side: Side): Promise<void> {
  const { rows, appId } = side;
  await rows("update webhook_endpoints set status = 'paused' where app_id = $1", [appId]);
  await none(side, 'leased_until is not null');
  await rows('truncate webhook_deliveries, webhook_attempts');
  await rows(`delete from events where app_id = $1 and position > ${FIRST_POSITION}`, [appId]);
  await rows(
    `update webhook_endpoints set failures = 0, failing_since = null, pause_ms = 0, open_until = null
     where app_id = $1`,
    [appId],
  );
}

/** Resolves when nothing waits for these endpoints any more. Throws when the server does not get there. */
export const drained = (side: Side, endpointIds: readonly string[]): Promise<void> =>
  none(side, 'endpoint_id = any ($2::text[])', [endpointIds]);

async function none({ name, appId, rows }: Side, which: string, values: readonly unknown[] = []): Promise<void> {
  const sql = `select from webhook_deliveries where app_id = $1 and status = 'pending' and ${which} limit 1`;
  const end = performance.now() + PATIENCE_MS;
  while ((await rows(sql, [appId, ...values])).length > 0) {
    if (performance.now() > end) throw new Error(`${name} has left deliveries undone`);
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

/** Throws unless as many deliveries as that have succeeded at their first attempt. */
export async function checkDone({ name, rows }: Side, deliveries: number): Promise<void> {
  const [found] = await rows<{ done: number; attempts: number }>(
    `select (select count(*)::int from webhook_deliveries where status = 'succeeded' and attempts = 1) as done,
       (select count(*)::int from webhook_attempts where status = 204) as attempts`,
  );
  const { done, attempts } = found!;
  if (done === deliveries && attempts >= deliveries) return;
  throw new Error(
    `${name}: of ${deliveries} deliveries ${done} have succeeded at once, ${attempts} attempts are written`,
  );
}
