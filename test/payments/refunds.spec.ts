import { examine } from '../../src/cli/doctor.js';
import { must } from '../support/client.js';
import { eventsOf } from '../support/events.js';
import { type Minibase, startMinibase } from '../support/minibase.js';
import { until } from '../queues/support/until.js';
import { PLATFORMS, type Refund, Shop } from './support/shop.js';

/** More than any platform of the sandbox takes for a refund. */
const SETTLED = 3_600;

describe('refunds', () => {
  let minibase: Minibase;
  let shop: Shop;
  beforeAll(async () => {
    minibase = await startMinibase();
  });
  // Each test has a shop of its own, as refunds that go out one after another would meet the faults of a later test.
  beforeEach(async () => {
    shop = await Shop.open(minibase, PLATFORMS);
  });
  afterAll(() => minibase.close());
  afterEach(async () => {
    expect(await examine(minibase.database.dataSource, shop.app.appId)).toEqual([]);
  });

  const refundsOf = async (paymentId: string): Promise<Refund[]> =>
    (
      await must<{ data: Refund[] }>(minibase.url, 'GET', `/v1/refunds?paymentId=${paymentId}&limit=100`, {
        token: shop.app.secretKey,
      })
    ).data;
  /** The one refund that somebody began at the platform. */
  const foreignRefund = async (paymentId: string): Promise<Refund> => {
    let found: Refund | undefined;
    await until('a refund that began at the platform', async () => {
      [found] = await refundsOf(paymentId);
      return found !== undefined;
    });
    return found!;
  };
  const atPlatform = (number: string, over: Record<string, unknown>) =>
    must<Record<string, unknown>>(minibase.sandboxUrl, 'POST', '/_/refund', { body: { number, ...over } });

  test('fifty at once that together exceed the payment give back exactly what was paid', async () => {
    const payment = await shop.paid({ amount: 1_000 });
    const answers = await Promise.all(Array.from({ length: 50 }, () => shop.refund(payment.id, { amount: 70 })));
    const accepted = answers.filter(({ status }) => status === 201);
    const refused = answers.filter(({ body }) => body.code === 'refund_exceeds_payment');
    expect([accepted.length, refused.length]).toEqual([14, 36]);
    expect((await shop.refund(payment.id)).body.amount).toBe(20);
    expect((await shop.refund(payment.id)).body.code).toBe('refund_exceeds_payment');
    const reserved = (await refundsOf(payment.id)).reduce((sum, { amount }) => sum + amount, 0);
    expect(reserved).toBe(1_000);
  });

  test('of one payment they go out one after another, a minute apart, in the order in which they were asked for', async () => {
    const payment = await shop.paid();
    const refunds: Refund[] = [];
    for (const amount of [100, 200, 300]) refunds.push((await shop.refund(payment.id, { amount })).body);
    await shop.untilSent(refunds[0]!.id);
    const statuses = async () =>
      Promise.all(refunds.map(async ({ id }) => (await shop.server<Refund>('GET', `/v1/refunds/${id}`)).body.status));
    expect((await statuses()).slice(1)).toEqual(['requested', 'requested']);
    for (const [index, { id }] of refunds.entries()) {
      await shop.untilSent(id);
      expect((await statuses()).slice(index + 1)).toEqual(refunds.slice(index + 1).map(() => 'requested'));
      await shop.advance(61);
    }
    await shop.advance(SETTLED);
    for (const { id } of refunds) await shop.untilRefund(id, 'succeeded');
    expect((await shop.read(payment.id)).amountRefunded).toBe(600);
  });

  test.each(PLATFORMS)('an answer of %s that was lost is asked for, and only one refund happens', async (platform) => {
    const payment = await shop.paid({ platform });
    await shop.faults(platform, 'timeout_after', {}, { direction: 'in', ...refundCall(platform) });
    const { body: refund } = await shop.refund(payment.id, { amount: 400 });
    await until('the call has timed out', async () => (await sent(refund.id)) !== null);
    await shop.advanceUntilRefund(refund.id, 'succeeded');
    expect((await shop.read(payment.id)).amountRefunded).toBe(400);
  });

  const sent = async (id: string): Promise<Date | null> => {
    const [row] = await minibase.database.dataSource.query<{ submitted_at: Date | null }[]>(
      `select submitted_at from refunds where id = $1`,
      [id],
    );
    return row?.submitted_at ?? null;
  };

  test('a refund that WeChat cannot deliver waits for somebody to act, and its amount stays reserved', async () => {
    const payment = await shop.paid();
    await shop.faults(
      'wechat',
      'code',
      { code: 'REFUND_ABNORMAL' },
      { direction: 'in', path: '/v3/refund/domestic/refunds' },
    );
    const { body: refund } = await shop.refund(payment.id, { amount: 500 });
    await shop.untilSent(refund.id);
    await shop.advance(SETTLED);
    await shop.untilRefund(refund.id, 'action_required');
    expect((await shop.refund(payment.id, { amount: 500 })).body.code).toBe('refund_exceeds_payment');
    expect(
      (await eventsOf(minibase, shop.app.secretKey))
        .filter(({ object }) => object.id === refund.id)
        .map(({ type }) => type),
    ).toContain('refund.action_required');
  });

  test('a refund that the platform refuses for good frees its amount', async () => {
    const payment = await shop.paid();
    await shop.faults(
      'wechat',
      'code',
      { code: 'REFUND_CLOSED' },
      { direction: 'in', path: '/v3/refund/domestic/refunds' },
    );
    const { body: refund } = await shop.refund(payment.id);
    await shop.untilSent(refund.id);
    await shop.advance(SETTLED);
    await shop.untilRefund(refund.id, 'failed');
    expect((await shop.refund(payment.id)).status).toBe(201);
  });

  test('a merchant whose balance is empty is tried again with the same number', async () => {
    const payment = await shop.paid({ platform: 'alipay' });
    await shop.faults(
      'alipay',
      'code',
      { code: 'ACQ.SELLER_BALANCE_NOT_ENOUGH', times: 2 },
      { direction: 'in', path: 'alipay.trade.refund' },
    );
    const { body: refund } = await shop.refund(payment.id);
    await until(
      'it was refused',
      async () =>
        (await shop.server<{ failureCode: string | null }>('GET', `/v1/refunds/${refund.id}`)).body.failureCode !==
        null,
    );
    await shop.advanceUntilRefund(refund.id, 'succeeded');
  });

  test('the same reference gives the refund that exists; for something else it is refused', async () => {
    const payment = await shop.paid();
    const first = await shop.refund(payment.id, { amount: 100, reference: 'return-1' });
    const again = await shop.refund(payment.id, { amount: 100, reference: 'return-1' });
    expect([first.status, again.status, again.body.id]).toEqual([201, 200, first.body.id]);
    const other = await shop.refund(payment.id, { amount: 200, reference: 'return-1' });
    expect([other.status, other.body.code]).toEqual([409, 'refund_reference_taken']);
  });

  test('the same key acts once, for ever', async () => {
    const payment = await shop.paid();
    const key = `refund-${payment.id}`;
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => shop.refund(payment.id, { amount: 90 }, { key })),
    );
    const made = answers.filter(({ status }) => status < 300);
    expect(new Set(made.map(({ body }) => body.id)).size).toBe(1);
    expect(await refundsOf(payment.id)).toHaveLength(1);
    const other = await shop.refund(payment.id, { amount: 91 }, { key });
    expect([other.status, other.body.code]).toEqual([422, 'idempotency_key_reused']);
  });

  test('only what was paid can be refunded, and only by its app', async () => {
    const open = await shop.payment();
    expect((await shop.refund(open.id)).body.code).toBe('payment_not_paid');
    const other = await Shop.open(minibase);
    const paid = await shop.paid();
    expect((await other.refund(paid.id)).body.code).toBe('payment_not_found');
  });

  test.each(['wechat', 'alipay', 'douyin'] as const)(
    'one that the merchant starts at %s is recorded as such',
    async (platform) => {
      const payment = await shop.paid({ platform });
      await atPlatform(payment.attempts[0]!.number, { platform, amount: 250 });
      await shop.advance(SETTLED);
      const refund = await foreignRefund(payment.id);
      expect(refund).toMatchObject({ source: 'platform', amount: 250 });
      await shop.advanceUntilRefund(refund.id, 'succeeded');
      expect((await shop.read(payment.id)).amountRefunded).toBe(250);
      expect((await shop.refund(payment.id)).body.amount).toBe(740);
    },
  );

  test.each([
    ['approve', {}, 'succeeded', 990],
    ['reject', { reason: 'Used already.' }, 'rejected', 0],
  ] as const)(
    'a user of Douyin asks for a refund, and the shop may %s it',
    async (decision, body, status, refunded) => {
      const payment = await shop.paid({ platform: 'douyin' });
      await atPlatform(payment.attempts[0]!.number, { platform: 'douyin', by: 'user' });
      const asked = await foreignRefund(payment.id);
      expect(asked).toMatchObject({
        source: 'platform',
        status: 'requested',
        amount: 990,
        decideBefore: expect.any(String) as string,
      });
      const decided = await shop.server<Refund>('POST', `/v1/refunds/${asked.id}/${decision}`, { body });
      expect(decided.status).toBe(200);
      await shop.untilSent(asked.id);
      await shop.advanceUntilRefund(asked.id, status);
      expect((await shop.read(payment.id)).amountRefunded).toBe(refunded);
      const twice = await shop.server<Refund>('POST', `/v1/refunds/${asked.id}/approve`);
      expect(twice.body.code).toBe('refund_not_decidable');
    },
  );

  test('silence about a refund that a user of Douyin asked for is consent', async () => {
    const payment = await shop.paid({ platform: 'douyin' });
    await atPlatform(payment.attempts[0]!.number, { platform: 'douyin', by: 'user' });
    const asked = await foreignRefund(payment.id);
    await shop.advanceUntilRefund(asked.id, 'succeeded', 24 * 3_600);
  });
});

const refundCall = (platform: string): Record<string, string> =>
  ({
    wechat: { path: '/v3/refund/domestic/refunds' },
    alipay: { path: 'alipay.trade.refund' },
    douyin: { path: '/api/trade_basic/v1/developer/refund_create/' },
  })[platform]!;
