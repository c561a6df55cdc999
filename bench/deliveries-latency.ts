import { once } from './load.js';
import type { Received } from './deliveries-receiver.js';
import { empty } from './deliveries-rows.js';
import { order, type DeliveryStand } from './deliveries-stand.js';
import { type Created, creating, newPayers } from './payments.js';

/** Milliseconds, ascending, one per event. */
export interface Latencies {
  /** From the beginning of the transaction to the beginning of the first attempt, as our server has written both. */
  readonly attempt: readonly number[];
  /** From the same moment to the whole request at the endpoint. */
  readonly arrival: readonly number[];
}

const WARM_UP_EVENTS = 100;
const EVENTS = 400;
/** So that the relay and the lane are met in whatever they are doing, or in nothing. */
const LONGEST_PAUSE_MS = 100;
const PATIENCE_MS = 20_000;

/** Our side only: payments are created one after the other by API calls, and one endpoint is told of each. */
export async function measureLatencies(stand: DeliveryStand, sandboxUrl: string): Promise<Latencies> {
  const { side, endpointIds } = stand.ours;
  const headers = { authorization: `Bearer ${side.secretKey}`, 'content-type': 'application/json' };
  const body = JSON.stringify({ status: 'enabled', events: ['payment.created'] });
  await once(side.url, { method: 'PATCH', path: `/v1/webhook-endpoints/${endpointIds[0]!}`, headers, body });
  const payers = await newPayers(sandboxUrl, side, 50);
  for (let made = 0; made < WARM_UP_EVENTS; made++) await once<Created>(side.url, creating(side, payers[made % 50]!));
  await told(stand, WARM_UP_EVENTS);
  await side.rows('truncate webhook_deliveries, webhook_attempts');

  await order(stand.receiver, { keep: true });
  for (let made = 0; made < EVENTS; made++) {
    await new Promise((resolve) => setTimeout(resolve, Math.random() * LONGEST_PAUSE_MS));
    await once<Created>(side.url, creating(side, payers[made % 50]!));
  }
  await told(stand, EVENTS);
  const { received } = await order<{ received: readonly Received[] }>(stand.receiver, { keep: false });
  const found = await latenciesOf(stand, received);
  await empty(side);
  return found;
}

/** Resolves when so many deliveries have succeeded. */
async function told({ ours: { side } }: DeliveryStand, events: number): Promise<void> {
  const end = performance.now() + PATIENCE_MS;
  for (;;) {
    const [found] = await side.rows<{ done: number }>(
      "select count(*)::int as done from webhook_deliveries where status = 'succeeded'",
    );
    if (found!.done === events) return;
    if (performance.now() > end) throw new Error(`of ${events} events ${found!.done} were delivered`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

async function latenciesOf({ ours: { side } }: DeliveryStand, received: readonly Received[]): Promise<Latencies> {
  const rows = await side.rows<{ eventId: string; happenedAt: Date; at: Date }>(
    `select v.id as "eventId", v.created_at as "happenedAt", a.at
     from webhook_deliveries d
     join webhook_attempts a on a.app_id = d.app_id and a.delivery_id = d.id and a.number = 1
     join events v on v.app_id = d.app_id and v.id = d.event_id`,
  );
  const arrivals = new Map(received.map(({ headers, at }) => [headers['webhook-id'], at]));
  const ascending = (values: number[]): number[] => values.sort((a, b) => a - b);
  return {
    attempt: ascending(rows.map(({ at, happenedAt }) => at.getTime() - happenedAt.getTime())),
    arrival: ascending(rows.map(({ eventId, happenedAt }) => arrivals.get(eventId)! - happenedAt.getTime())),
  };
}
