import { randomBytes } from 'node:crypto';
import { DELIVERY_SCHEMA } from './bare/deliveries-schema.js';
import type { ReceiverOrder } from './deliveries-receiver.js';
import { empty } from './deliveries-rows.js';
import { once } from './load.js';
import { Child } from './processes.js';
import type { Side, Stand } from './stand.js';

/** One side with its ten endpoints; they are paused, unless something is measured. */
export interface Deliverer {
  readonly side: Side;
  readonly endpointIds: readonly string[];
  /** `whsec_…` of the first. */
  readonly secret: string;
  /** Lets it send to these endpoints from now on. */
  readonly start: (endpointIds: readonly string[]) => Promise<void>;
}

export interface DeliveryStand {
  readonly ours: Deliverer;
  readonly bare: Deliverer;
  /** Plays the developers' servers, one per endpoint. */
  readonly receiver: Child;
  close(): Promise<void>;
}

interface Endpoint {
  readonly id: string;
  readonly secret: string;
}

export async function openDeliveryStand({ ours, bare }: Stand): Promise<DeliveryStand> {
  const { child: receiver, ready } = await Child.start<{ urls: readonly string[] }>(
    new URL('deliveries-receiver.js', import.meta.url),
    {},
  );
  try {
    const sides = { ours: await prepareOurs(ours, ready.urls), bare: await prepareBare(bare, ready.urls) };
    return { ...sides, receiver, close: () => receiver.stop() };
  } catch (error) {
    await receiver.stop();
    throw error;
  }
}

/** The receiver's answer to an order. */
export const order = <Answer>(receiver: Child, what: ReceiverOrder): Promise<Answer> => receiver.ask(what);

async function prepareOurs(side: Side, urls: readonly string[]): Promise<Deliverer> {
  const headers = { authorization: `Bearer ${side.secretKey}`, 'content-type': 'application/json' };
  const path = '/v1/webhook-endpoints';
  const made: Endpoint[] = [];
  for (const url of urls) {
    const body = JSON.stringify({ url, events: ['payment.succeeded'] });
    made.push(await once<Endpoint>(side.url, { method: 'POST', path, headers, body }));
  }
  const body = JSON.stringify({ status: 'enabled' });
  await empty(side);
  return {
    ...facts(side, made),
    // The API wakes their lanes.
    start: async (ids) => {
      await Promise.all(ids.map((id) => once(side.url, { method: 'PATCH', path: `${path}/${id}`, headers, body })));
    },
  };
}

async function prepareBare(side: Side, urls: readonly string[]): Promise<Deliverer> {
  await side.rows(DELIVERY_SCHEMA);
  const made: Endpoint[] = [];
  for (const [place, url] of urls.entries()) {
    const endpoint = {
      id: `wep_${String(place).padStart(32, '0')}`,
      secret: `whsec_${randomBytes(32).toString('base64')}`,
    };
    await side.rows(
      `insert into webhook_endpoints (app_id, id, url, description, events, ordered, signature, secret, status)
       values ($1, $2, $3, '', '{payment.succeeded}', false, 'v1', $4, 'paused')`,
      [side.appId, endpoint.id, url, endpoint.secret],
    );
    made.push(endpoint);
  }
  return {
    ...facts(side, made),
    start: async (deliver) => {
      await side.process.ask({ deliver });
    },
  };
}

const facts = (side: Side, made: readonly Endpoint[]) => ({
  side,
  endpointIds: made.map(({ id }) => id),
  secret: made[0]!.secret,
});
