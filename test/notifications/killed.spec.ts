import type { Running } from '../../torture/running.js';
import { IN_FLIGHT, UNWRITTEN } from '../../src/notifications/message-window.js';
import { until } from '../queues/support/until.js';
import { asServer } from '../support/client.js';
import { eventsOf } from '../support/events.js';
import { type Minibase, startMinibase } from '../support/minibase.js';
import { aWorker } from '../support/worker.js';
import { Sending } from './support/sending.js';

const PEOPLE = 200;
/** Longer than a message is leased. */
const LEASE = { seconds: 31 };

describe('a worker that is killed in the middle of a broadcast', () => {
  let minibase: Minibase;
  let worker: Running;
  beforeAll(async () => {
    minibase = await startMinibase({ role: 'api', redisUrl: undefined });
    worker = await aWorker(minibase);
  });
  afterAll(async () => {
    await worker.stop();
    await minibase.close();
  });

  test('leaves nobody without it or with it twice; what nobody knows is marked so', async () => {
    const shop = await Sending.open(minibase);
    const people = await shop.people('killed', PEOPLE);
    // The platform takes its time, so that some are on their way when the worker dies.
    await shop.fault('slow', { times: PEOPLE, milliseconds: 300 });
    const { id } = await shop.broadcast();
    const sent = async () => Number((await shop.broadcastOf(id)).progress['sent']);
    await until('a part has it', async () => (await sent()) > PEOPLE / 5);
    await worker.kill();
    const inTime = await sent();
    expect(inTime).toBeLessThan(PEOPLE);
    await minibase.another({ role: 'worker' });
    minibase.clock.advance(LEASE);
    await until('it is over', async () => (await shop.broadcastOf(id)).status === 'completed', 60_000);

    const rows = await shop.sql<{ status: string; openid: string; reservation: string | null }>(
      'select status, openid, reservation from notifications where broadcast_id = $1', [id]); // prettier-ignore
    expect(rows).toHaveLength(PEOPLE);
    const inbox = await shop.inbox();
    const timesOf = new Map<string, number>();
    for (const { openid } of inbox) timesOf.set(openid, (timesOf.get(openid) ?? 0) + 1);
    for (const { status, openid } of rows) {
      if (status === 'sent') expect(timesOf.get(openid)).toBe(1);
      else expect([status, (timesOf.get(openid) ?? 0) <= 1]).toEqual(['unknown', true]);
    }
    const unknown = rows.filter(({ status }) => status === 'unknown').length;
    process.stderr.write(`killed: ${inTime} sent before, ${unknown} unknown of ${PEOPLE}\n`);
    expect(unknown).toBeGreaterThan(0);
    // On the wire, and answered but not written.
    expect(unknown).toBeLessThanOrEqual(IN_FLIGHT + UNWRITTEN);
    const told = (await eventsOf(minibase, shop.app.secretKey)).filter(({ stream }) => stream.type === 'notification');
    expect(told.filter(({ type }) => type === 'notification.sent')).toHaveLength(PEOPLE - unknown);
    expect(told.filter(({ type }) => type === 'notification.unknown')).toHaveLength(unknown);
    // Nobody has a consent left, and those of the unknown are still reserved.
    const [sum] = await shop.sql<Record<string, string>>(
      'select sum(granted + claimed) as free, sum(reserved) as reserved from message_consents where app_id = $1', [shop.app.appId]); // prettier-ignore
    expect(sum).toEqual({ free: '0', reserved: String(unknown) });
    expect(people).toHaveLength(PEOPLE);
    expect((await asServer(minibase, shop.app, 'GET', `/v1/broadcasts/${id}`)).status).toBe(200);
  }, 120_000);
});
