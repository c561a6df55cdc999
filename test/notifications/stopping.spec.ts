import type { Running } from '../../torture/running.js';
import { until } from '../queues/support/until.js';
import { type Minibase, startMinibase } from '../support/minibase.js';
import { aWorker } from '../support/worker.js';
import { Sending } from './support/sending.js';

const PEOPLE = 150;
/** What one process has on its way to one account. */
const IN_FLIGHT = 64;

describe('a worker that is told to stop while messages are on their way', () => {
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

  test('waits for their answers: nothing is unknown, and nobody gets anything twice', async () => {
    const shop = await Sending.open(minibase);
    const people = await shop.people('stopped', PEOPLE);
    await shop.fault('slow', { times: PEOPLE, milliseconds: 2_000 });
    await shop.ask({ userIds: people.map(({ user }) => user.id) });
    const count = async (where: string) =>
      (await shop.sql<{ count: number }>(`select count(*)::int as count from notifications where app_id = $1 and ${where}`, [shop.app.appId]))[0]!.count; // prettier-ignore
    await until('as many are on their way as can be', async () => (await count('leased_until is not null')) >= IN_FLIGHT); // prettier-ignore
    await worker.stop();

    const sent = await count(`status = 'sent'`);
    process.stderr.write(`stopping: ${sent} of ${PEOPLE} sent by the one that stopped\n`);
    expect(sent).toBeGreaterThanOrEqual(IN_FLIGHT);
    expect(await count('leased_until is not null')).toBe(0);
    expect(await count(`status not in ('sent', 'queued')`)).toBe(0);
    expect(await shop.inbox()).toHaveLength(sent);
    await minibase.another({ role: 'worker' });
    await until('the next one sends the rest', async () => (await count(`status = 'sent'`)) === PEOPLE);
    const openids = (await shop.inbox()).map(({ openid }) => openid);
    expect([openids.length, new Set(openids).size]).toEqual([PEOPLE, PEOPLE]);
  }, 120_000);
});
