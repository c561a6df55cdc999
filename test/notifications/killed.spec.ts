import { Writable } from 'node:stream';
import { Running } from '../../torture/running.js';
import { until } from '../queues/support/until.js';
import { freePort } from '../start/server-process.js';
import { asServer } from '../support/client.js';
import { eventsOf } from '../support/events.js';
import { type Minibase, startMinibase } from '../support/minibase.js';
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
    expect(unknown).toBeLessThanOrEqual(64);
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

/** A worker of the same installation in a process of its own. */
async function aWorker({ config }: Minibase): Promise<Running> {
  const port = await freePort();
  const worker = new Running({
    ...{ name: 'worker', module: 'dist/main.js', health: `http://127.0.0.1:${port}/health/ready` },
    log: new Writable({ write: (_chunk, _encoding, done) => done() }),
    env: {
      MINIBASE_CHILD: '1', // the database is prepared
      ...{ NODE_ENV: 'test', MINIBASE_ROLE: 'worker', PORT: String(port), LOG_LEVEL: 'silent' },
      ...{ DATABASE_URL: config.databaseUrl, DATA_DIR: config.dataDir, SANDBOX_URL: config.sandboxUrl! },
      MASTER_KEY: config.masterKeys.map((key) => key.toString('base64')).join(','),
      ...{ OPERATOR_TOKEN: config.operatorTokens.join(','), PUBLIC_URL: config.publicUrl },
    },
  });
  await worker.start();
  return worker;
}
