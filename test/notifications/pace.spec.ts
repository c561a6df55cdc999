import { onBothBackends } from '../support/backends.js';
import { asServer, must, sandbox } from '../support/client.js';
import { type Minibase, startMinibase } from '../support/minibase.js';
import { until } from '../queues/support/until.js';
import { Sending } from './support/sending.js';

const LIMIT = 40;
const PEOPLE = 120;

onBothBackends('the pace of an account', (settings) => {
  let minibase: Minibase;
  beforeAll(async () => {
    minibase = await startMinibase(settings());
    for (let count = 0; count < 3; count += 1) await minibase.another({ role: 'worker' });
  });
  afterAll(() => minibase.close());

  test('is never exceeded by four workers, in no second, and nearly reached', async () => {
    const shop = await Sending.open(minibase, 'long_term');
    await shop.people('pace', PEOPLE);
    const account = { platform: 'wechat', platformAppId: shop.platformAppId };
    await sandbox(minibase, 'limits', { ...account, perSecond: LIMIT });
    await asServer(minibase, shop.app, 'PATCH', `/v1/message-accounts/${shop.accountId}`, {
      body: { rateLimit: LIMIT },
    });
    const started = performance.now();
    const { id } = await shop.broadcast();
    await until('all have it', async () => (await shop.broadcastOf(id)).status === 'completed');
    const seconds = (performance.now() - started) / 1_000;
    const query = new URLSearchParams(account);
    const rates = await must<{ highest: number }>(minibase.sandboxUrl, 'GET', `/_/rates?${query.toString()}`);
    process.stderr.write(
      `pace: at most ${rates.highest} in a second of ${LIMIT}; ${PEOPLE} in ${seconds.toFixed(1)} s\n`,
    );
    expect(rates.highest).toBeLessThanOrEqual(LIMIT);
    expect(seconds).toBeLessThan((PEOPLE / LIMIT) * 2 + 2);
    expect((await shop.broadcastOf(id)).progress).toMatchObject({ sent: PEOPLE });
  }, 90_000);
});
