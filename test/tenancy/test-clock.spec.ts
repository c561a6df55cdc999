import { ask, must } from '../support/client.js';
import { type Minibase, startMinibase } from '../support/minibase.js';
import { Shop } from '../payments/support/shop.js';
import { until } from '../queues/support/until.js';
import { Club } from '../subscriptions/support/club.js';

interface TestClock {
  now: string;
  target: string | null;
  status: string;
  reason?: string;
}

describe('the test clock', () => {
  let minibase: Minibase;
  let shop: Shop;
  beforeAll(async () => {
    minibase = await startMinibase();
  });
  beforeEach(async () => {
    shop = await Shop.open(minibase);
  });
  afterAll(async () => {
    await minibase.close();
  });

  const clock = () => must<TestClock>(minibase.url, 'GET', '/v1/test-clock', { token: shop.app.secretKey });
  const advance = (body: object) =>
    shop.server<TestClock & { code?: string }>('POST', '/v1/test-clock/advance', { body });

  test('a payment runs out on the way, at the platform too, and its event is there when the call returns', async () => {
    const payment = await shop.payment({ expiresIn: 3_600 });
    const { now } = await clock();
    const { status, body } = await advance({ days: 2 });
    expect([status, body.status, body.reason]).toEqual([200, 'ready', undefined]);
    expect(Date.parse(body.now) - Date.parse(now)).toBeGreaterThanOrEqual(2 * 86_400_000);
    expect((await shop.read(payment.id)).status).toBe('closed');
    expect(await shop.cashier(payment.clientAction)).toMatchObject({ errMsg: expect.stringContaining('fail') });
  });

  test('it only goes forwards, and one advance at a time', async () => {
    const past = new Date(minibase.clock.now().getTime() - 1_000).toISOString();
    expect((await advance({ to: past })).body.code).toBe('validation_failed');
    expect((await advance({})).body.code).toBe('validation_failed');
    const both = await Promise.all([advance({ days: 1 }), advance({ days: 1 })]);
    expect(both.map(({ status, body }) => body.code ?? status).sort()).toEqual([200, 'test_clock_advancing']);
    const before = await clock();
    expect((await advance({ to: new Date(Date.parse(before.now) + 3_600_000).toISOString() })).status).toBe(200);
  });

  test('what is due already is done before anything later', async () => {
    const club = await Club.open(minibase, ['alipay']);
    const { subscription, clientAction } = await club.start(await club.price(), {
      platform: 'alipay',
      renewal: 'automatic',
    });
    await club.shop.cashier(clientAction);
    // Signed: the first debit is due now, and a day later nobody would want it any more.
    await until('the contract is signed', async () => {
      const { body } = await club.shop.server<{ data: { status: string }[] }>('GET', '/v1/mandates');
      return body.data[0]?.status === 'active';
    });
    const { status } = await club.shop.server('POST', '/v1/test-clock/advance', { body: { days: 3 } });
    expect([status, (await club.read(subscription.id)).status]).toEqual([200, 'active']);
  });

  test('other apps stay where they are', async () => {
    const other = await Shop.open(minibase);
    await advance({ days: 30 });
    const theirs = await must<TestClock>(minibase.url, 'GET', '/v1/test-clock', { token: other.app.secretKey });
    expect(Math.abs(Date.parse(theirs.now) - minibase.clock.now().getTime())).toBeLessThan(60_000);
  });

  test('the clock of a live app cannot be moved', async () => {
    const token = minibase.operatorToken;
    const app = await must<{ id: string }>(minibase.url, 'POST', '/v1/apps', {
      token,
      body: { name: 'Live', mode: 'live' },
    });
    const key = await must<{ secret: string }>(minibase.url, 'POST', `/v1/apps/${app.id}/keys`, {
      token,
      body: { name: 'a' },
    });
    for (const [method, path, body] of [
      ['GET', '/v1/test-clock', undefined],
      ['POST', '/v1/test-clock/advance', { days: 1 }],
    ] as const) {
      const answer = await ask(minibase.url, method, path, { token: key.secret, ...(body && { body }) });
      expect(answer.body['code']).toBe('test_app_only');
    }
  });
});
