import { createHmac } from 'node:crypto';
import { shapeOf } from './alike.js';
import { deliver } from './deliveries.js';
import type { Received } from './deliveries-receiver.js';
import { empty, fill } from './deliveries-rows.js';
import { order, type Deliverer, type DeliveryStand } from './deliveries-stand.js';

/** Throws unless both sides send genuine messages of the same shape, and a delivery leaves the same rows on both. */
export async function checkDeliveriesAlike(stand: DeliveryStand): Promise<void> {
  const [ours, bare] = [shapeOf(await leftBy(stand, stand.ours)), shapeOf(await leftBy(stand, stand.bare))];
  if (ours !== bare) throw new Error(`the sides deliver differently:\n  ours ${ours}\n  bare ${bare}`);
}

async function leftBy(stand: DeliveryStand, from: Deliverer): Promise<object> {
  const { side, endpointIds, secret } = from;
  await order(stand.receiver, { keep: true });
  const first = [endpointIds[0]!];
  const deliveries = await fill(side, first, 1);
  await deliver(stand, { ...from, endpointIds: first }, 1, deliveries);
  const { received } = await order<{ received: readonly Received[] }>(stand.receiver, { keep: false });
  const { headers, body } = received[0]!;
  if (signatureOf(secret, headers, body) !== headers['webhook-signature']) {
    throw new Error(`${side.name} signs wrongly`);
  }
  const rows = await side.rows(
    `select to_jsonb(d) as delivery, to_jsonb(a) as attempt, d.status, to_jsonb(e) as endpoint
     from webhook_deliveries d
     join webhook_attempts a on a.app_id = d.app_id and a.delivery_id = d.id
     join webhook_endpoints e on e.app_id = d.app_id and e.id = d.endpoint_id`,
  );
  await empty(side);
  return { headers, body: JSON.parse(body) as object, rows };
}

/** As Standard Webhooks has it. */
function signatureOf(secret: string, headers: Received['headers'], body: string): string {
  const key = Buffer.from(secret.slice('whsec_'.length), 'base64');
  const signed = `${headers['webhook-id']}.${headers['webhook-timestamp']}.${body}`;
  return `v1,${createHmac('sha256', key).update(signed).digest('base64')}`;
}
