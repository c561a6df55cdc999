import { examine } from '../../src/cli/doctor.js';
import { aLogin, asUser, must, sandbox } from '../support/client.js';
import { eventsOf, untilEvent } from '../support/events.js';
import { type Minibase, startMinibase } from '../support/minibase.js';
import { until } from '../queues/support/until.js';
import { type Payment, PLATFORMS, type Refund, Shop } from './support/shop.js';

describe('payments', () => {
  let minibase: Minibase;
  let shop: Shop;
  beforeAll(async () => {
    minibase = await startMinibase();
  });
  beforeEach(async () => {
    shop = await Shop.open(minibase, PLATFORMS);
  });
  afterAll(() => minibase.close());
  afterEach(async () => {
    expect(await examine(minibase.database.dataSource, shop.app.appId)).toEqual([]);
  });

  const ask = (over: Record<string, unknown> = {}) =>
    shop.server('POST', '/v1/payments', {
      body: { userId: shop.login.user.id, amount: 990, subject: 'Coffee', ...over },
    });
  const aPrice = async (over: Record<string, unknown> = {}) => {
    const token = shop.app.secretKey;
    const { id: productId } = await must<{ id: string }>(minibase.url, 'POST', '/v1/products', {
      token,
      body: { name: 'Coffee' },
    });
    return must<{ id: string }>(minibase.url, 'POST', '/v1/prices', {
      token,
      body: { productId, amount: 1_200, currency: 'CNY', audience: 'public', maxQuantity: 3, ...over },
    });
  };
  const refundsOf = async (payment: Payment): Promise<Refund[]> =>
    (await shop.server<{ data: Refund[] }>('GET', `/v1/refunds?paymentId=${payment.id}`)).body.data;
  const callsTo = async (path: string) =>
    (
      await must<{ total: number }>(
        minibase.sandboxUrl,
        'GET',
        `/_/calls?direction=in&path=${encodeURIComponent(path)}&limit=1`,
      )
    ).total;

  describe('what is asked for', () => {
    test('the same reference with the same content gives the payment that exists', async () => {
      const first = await ask({ reference: 'order-1' });
      const again = await ask({ reference: 'order-1' });
      expect([first.status, again.status, again.body.id]).toEqual([201, 200, first.body.id]);
    });

    test('the same reference for something else is refused with the id of the payment that has it', async () => {
      const first = await ask({ reference: 'order-1' });
      const other = await ask({ reference: 'order-1', amount: 991 });
      expect([other.status, other.body.code, other.body.paymentId]).toEqual([
        409,
        'payment_reference_taken',
        first.body.id,
      ]);
    });

    test('twenty at once with one reference make one payment', async () => {
      const answers = await Promise.all(
        Array.from({ length: 20 }, () => ask({ reference: 'order-1', platform: 'wechat' })),
      );
      expect(answers.filter(({ status }) => status >= 300).map(({ status, body }) => [status, body])).toEqual([]);
      expect(new Set(answers.map(({ body }) => body.id)).size).toBe(1);
      expect(answers.filter(({ status }) => status === 201)).toHaveLength(1);
    });

    test('after it was closed the order may be paid again', async () => {
      const first = await ask({ reference: 'order-1' });
      const closed = await shop.server('POST', `/v1/payments/${first.body.id}/cancel`);
      expect(closed.body.status).toBe('closed');
      const second = await ask({ reference: 'order-1', amount: 500 });
      expect(second.status).toBe(201);
      expect(second.body.id).not.toBe(first.body.id);
    });

    test('a repeat with the same key gives the same payment, and its client action again', async () => {
      const body = { userId: shop.login.user.id, amount: 990, subject: 'Coffee', platform: 'wechat' };
      const first = await shop.server('POST', '/v1/payments', { body, key: 'k1' });
      const again = await shop.server('POST', '/v1/payments', { body, key: 'k1' });
      expect([again.status, again.headers.get('idempotent-replayed'), again.body.id]).toEqual([
        201,
        'true',
        first.body.id,
      ]);
      expect(again.body.clientAction?.method).toBe('requestPayment');
      expect((await shop.cashier(again.body.clientAction))['errMsg']).toBe('requestPayment:ok');
    });

    test('a user who has never come from that mini-program cannot pay there', async () => {
      const { id } = (await aLogin(minibase, shop.app, 'li', 'alipay')).user;
      expect((await ask({ userId: id, platform: 'wechat' })).body.code).toBe('payer_unknown');
      expect((await ask({ userId: 'usr_00000000000000000000000000000000' })).body.code).toBe('user_not_found');
    });
  });

  describe('what a user may', () => {
    test('is to pay a public price within its bounds, and nothing else', async () => {
      const { id: priceId } = await aPrice();
      const mine = await shop.mine('POST', '/v1/me/payments', { body: { priceId, quantity: 2, platform: 'wechat' } });
      expect([mine.status, mine.body.amount]).toEqual([201, 2_400]);
      await shop.cashier(mine.body.clientAction);
      await until(
        'it is paid',
        async () => (await shop.mine('GET', `/v1/me/payments/${mine.body.id}`)).body.status === 'succeeded',
      );

      const { id: hidden } = await aPrice({ audience: 'server' });
      const { id: monthly } = await aPrice({ recurring: { interval: 'month', intervalCount: 1 } });
      for (const body of [{ priceId, quantity: 4 }, { priceId: hidden }, { priceId: monthly }]) {
        const refused = await shop.mine('POST', '/v1/me/payments', { body });
        expect(refused.body.code).toBe('price_not_payable');
      }
      const amount = await shop.mine('POST', '/v1/me/payments', { body: { priceId, amount: 1 } });
      expect([amount.status, amount.body.code]).toEqual([400, 'validation_failed']);
      expect(
        (await shop.mine('POST', '/v1/payments', { body: { userId: shop.login.user.id, amount: 1, subject: 'x' } }))
          .status,
      ).toBe(401);
    });

    test('is five open payments at a time, however many requests come at once', async () => {
      const { id: priceId } = await aPrice();
      const answers = await Promise.all(
        Array.from({ length: 12 }, () => shop.mine('POST', '/v1/me/payments', { body: { priceId } })),
      );
      expect(answers.filter(({ status }) => status === 201)).toHaveLength(5);
      expect(answers.filter(({ body }) => body.code === 'too_many_open_payments')).toHaveLength(7);
      const [first] = answers.filter(({ status }) => status === 201);
      await shop.mine('POST', `/v1/me/payments/${first!.body.id}/cancel`);
      expect((await shop.mine('POST', '/v1/me/payments', { body: { priceId } })).status).toBe(201);
    });

    test('is to see only what is theirs', async () => {
      const li = await aLogin(minibase, shop.app, 'li');
      const payment = await shop.payment();
      for (const [method, path] of [
        ['GET', ''],
        ['POST', '/cancel'],
        ['POST', '/refresh'],
      ] as const) {
        const answer = await asUser(minibase, li, method, `/v1/me/payments/${payment.id}${path}`);
        expect([answer.status, answer.body.code]).toEqual([404, 'payment_not_found']);
      }
      expect((await asUser<{ data: unknown[] }>(minibase, li, 'GET', '/v1/me/payments')).body.data).toEqual([]);
      expect((await shop.mine<{ data: Payment[] }>('GET', '/v1/me/payments')).body.data.map(({ id }) => id)).toEqual([
        payment.id,
      ]);
    });
  });

  describe('when the platform gives no answer', () => {
    test.each(['wechat', 'alipay'] as const)(
      '%s: the order is taken up again under its number, by the same key',
      async (platform) => {
        await shop.faults(platform, 'timeout_after', {}, { direction: 'in' });
        const body = { userId: shop.login.user.id, amount: 990, subject: 'Coffee', platform };
        const lost = await shop.server('POST', '/v1/payments', { body, key: 'k1' });
        expect([lost.status, lost.body.code]).toEqual([504, 'platform_unknown']);
        const unknown = await shop.read(lost.body.paymentId!);
        expect(unknown.attempts).toMatchObject([{ status: 'unknown' }]);

        const again = await shop.server('POST', '/v1/payments', { body, key: 'k1' });
        expect([again.status, again.body.id]).toEqual([201, unknown.id]);
        expect(again.body.attempts).toMatchObject([{ number: unknown.attempts[0]!.number, status: 'pending' }]);
        await shop.cashier(again.body.clientAction);
        await shop.until(unknown.id, 'succeeded');
      },
    );

    test('nobody comes back: the janitor asks until it knows', async () => {
      await shop.faults('alipay', 'timeout_after', {}, { direction: 'in' });
      const lost = await ask({ platform: 'alipay' });
      const id = lost.body.paymentId!;
      await shop.advance(5);
      await until('the platform has told', async () => (await shop.read(id)).attempts[0]?.status === 'pending');
    });

    test('a platform that was never reached costs nothing: what is not there is closed', async () => {
      await shop.faults('wechat', 'timeout_before', {}, { direction: 'in' });
      const lost = await ask({ platform: 'wechat' });
      await shop.server('POST', `/v1/payments/${lost.body.paymentId}/cancel`);
      minibase.clock.advance({ minutes: 2 });
      await shop.until(lost.body.paymentId!, 'closed');
    });

    test('a refusal ends the attempt, and another platform can still be paid', async () => {
      await shop.faults('wechat', 'code', { code: 'NO_AUTH' }, { direction: 'in' });
      const refused = await ask({ platform: 'wechat', reference: 'order-1' });
      expect(refused.status).toBeGreaterThanOrEqual(400);
      const id = refused.body.paymentId!;
      const started = await shop.server<{ attempt: { status: string }; clientAction: Payment['clientAction'] }>(
        'POST',
        `/v1/payments/${id}/attempts`,
        { body: { platform: 'alipay' } },
      );
      expect([started.status, started.body.attempt.status]).toEqual([201, 'pending']);
      await shop.cashier(started.body.clientAction);
      await shop.until(id, 'succeeded');
    });
  });

  describe('ending one', () => {
    test('a canceled payment is closed at the platform, and can no longer be paid', async () => {
      for (const platform of ['wechat', 'alipay'] as const) {
        const payment = await shop.payment({ platform });
        const canceled = await shop.server('POST', `/v1/payments/${payment.id}/cancel`);
        expect(canceled.body).toMatchObject({ status: 'closed', attempts: [{ status: 'closed' }] });
        const left = await shop.cashier(payment.clientAction);
        expect(JSON.stringify(left)).not.toMatch(/:ok|9000/);
        const late = await shop.server('POST', `/v1/payments/${payment.id}/attempts`, { body: { platform } });
        expect(late.body.code).toBe('payment_not_open');
      }
    });

    test('a platform that cannot close keeps the payment closing until nobody can pay', async () => {
      const payment = await shop.payment({ platform: 'douyin' });
      const canceled = await shop.server('POST', `/v1/payments/${payment.id}/cancel`);
      expect(canceled.body.status).toBe('pending');
      expect(canceled.body.closingSince).toEqual(expect.any(String));
      expect(canceled.body.clientAction).toBeUndefined();
      expect(
        (await shop.server('POST', `/v1/payments/${payment.id}/attempts`, { body: { platform: 'wechat' } })).body.code,
      ).toBe('payment_closing');
      await shop.advance(4 * 3_600);
      await shop.until(payment.id, 'closed');
    });

    test('who pays in the meantime has paid', async () => {
      const payment = await shop.payment({ platform: 'douyin' });
      await shop.server('POST', `/v1/payments/${payment.id}/cancel`);
      await shop.cashier(payment.clientAction);
      expect(await shop.until(payment.id, 'succeeded')).toMatchObject({ closingSince: null });
    });

    test.each(PLATFORMS)('on %s one that has run out is closed', async (platform) => {
      const payment = await shop.payment({ platform, expiresIn: 600 });
      await shop.advance(601);
      await shop.advance(2 * 3_600);
      await shop.until(payment.id, 'closed');
      await untilEvent(minibase, shop.app.secretKey, 'payment.closed');
      const closed = (await eventsOf(minibase, shop.app.secretKey)).find(({ type }) => type === 'payment.closed');
      expect(closed?.data).toMatchObject({ reason: 'expired', status: 'closed' });
    });

    test('one that was paid cannot be canceled', async () => {
      const payment = await shop.paid();
      const { status, body } = await shop.server('POST', `/v1/payments/${payment.id}/cancel`);
      expect([status, body.code]).toEqual([409, 'payment_not_open']);
    });

    test('paid while nobody listened: the cancellation finds out', async () => {
      const payment = await shop.payment();
      await shop.faults('wechat', 'drop', { times: 20 }, { direction: 'out' });
      await shop.cashier(payment.clientAction);
      const canceled = await shop.server('POST', `/v1/payments/${payment.id}/cancel`);
      expect(canceled.body.status).toBe('succeeded');
      await must(minibase.sandboxUrl, 'DELETE', '/_/faults');
    });
  });

  describe('money that nobody waits for', () => {
    const payOnBoth = async () => {
      const payment = await shop.payment({ platform: 'wechat' });
      const other = await shop.server<{ clientAction: Payment['clientAction'] }>(
        'POST',
        `/v1/payments/${payment.id}/attempts`,
        { body: { platform: 'alipay' } },
      );
      await Promise.all([shop.cashier(payment.clientAction), shop.cashier(other.body.clientAction)]);
      return payment;
    };

    test('two platforms paid for one payment: the second is given back in full within one sweep', async () => {
      const payment = await payOnBoth();
      await shop.until(payment.id, 'succeeded');
      await untilEvent(minibase, shop.app.secretKey, 'payment.unexpected_success');
      const [refund, ...others] = await refundsOf(payment);
      expect(refund).toMatchObject({ source: 'automatic', amount: 990 });
      expect(others).toEqual([]);
      await until('it was sent', async () => (await refundsOf(payment))[0]?.status !== 'requested');
      await shop.advanceUntilRefund(refund!.id, 'succeeded');
      const after = await shop.read(payment.id);
      expect(after).toMatchObject({ status: 'succeeded', amountRefunded: 0 });
      expect(after.attempts.filter(({ status }) => status === 'succeeded')).toHaveLength(2);
      const { data } = (await shop.server<{ data: { account: string; balance: number }[] }>('GET', '/v1/balance')).body;
      const of = (name: string) =>
        data.filter(({ account }) => account.startsWith(name)).reduce((sum, { balance }) => sum + balance, 0);
      expect([of('clearing:'), of('sales'), of('unexpected')]).toEqual([990, -990, 0]);
    });

    test('the shop can still refund what it kept, and only that', async () => {
      const payment = await payOnBoth();
      await shop.until(payment.id, 'succeeded');
      await until('both have paid', async () => (await refundsOf(payment)).length === 1);
      expect((await shop.refund(payment.id)).body.amount).toBe(990);
      expect((await shop.refund(payment.id)).body.code).toBe('refund_exceeds_payment');
    });

    test('an order that is still open elsewhere is closed there', async () => {
      const payment = await shop.payment({ platform: 'wechat' });
      await shop.server('POST', `/v1/payments/${payment.id}/attempts`, { body: { platform: 'alipay' } });
      await shop.cashier(payment.clientAction);
      await until('the other attempt is closed', async () => {
        const { attempts } = await shop.read(payment.id);
        return attempts.find(({ platform }) => platform === 'alipay')?.status === 'closed';
      });
    });
  });

  test('two processes find out once what became of a payment', async () => {
    const other = await minibase.another();
    const payments = await Promise.all(Array.from({ length: 12 }, () => shop.payment()));
    await shop.faults('wechat', 'drop', { times: 500 }, { direction: 'out' });
    for (const payment of payments) await shop.cashier(payment.clientAction);
    await shop.advance(120);
    for (const { id } of payments) await shop.until(id, 'succeeded');
    await must(minibase.sandboxUrl, 'DELETE', '/_/faults');
    await other.close();
  });

  test('asking again in the same mini-program takes up the open attempt', async () => {
    const payment = await shop.payment();
    const before = await callsTo('/v3/pay/transactions/jsapi');
    const again = await shop.server<{ attempt: { id: string } }>('POST', `/v1/payments/${payment.id}/attempts`, {
      body: { platform: 'wechat' },
    });
    expect(again.body.attempt.id).toBe(payment.attempts[0]!.id);
    expect(await callsTo('/v3/pay/transactions/jsapi')).toBe(before);
    expect((await shop.read(payment.id)).attempts).toHaveLength(1);
  });

  test('a setting that Douyin needs and nobody gave is named', async () => {
    // A test app has the stock of the sandbox; what it lacks is taken away here.
    const merchant = shop.merchants.douyin!;
    await shop.server('PATCH', `/v1/merchant-accounts/${merchant.id}`, {
      body: { defaults: { orderPath: 'pages/order/detail' } },
    });
    const early = await ask({ platform: undefined, platformOptions: { douyin: { unheard: 1 } } });
    expect([early.status, early.body.code]).toEqual([400, 'validation_failed']);
    const refused = await ask({ platform: 'douyin', platformOptions: { douyin: { unheard: 1 } } });
    expect([refused.status, refused.body.code]).toEqual([400, 'validation_failed']);
    const paid = await ask({ platform: 'douyin', platformOptions: { douyin: { orderPath: 'pages/mine' } } });
    expect(JSON.stringify(paid.body.clientAction?.params)).toContain('pages/mine');
  });

  test.each(PLATFORMS)('%s is told that the goods were handed over, if it wants to know', async (platform) => {
    const open = await shop.payment({ platform });
    expect((await shop.server('POST', `/v1/payments/${open.id}/fulfill`)).body.code).toBe('payment_not_paid');
    const payment = await shop.paid({ platform });
    const told = await shop.server('POST', `/v1/payments/${payment.id}/fulfill`);
    expect([told.status, told.body.id]).toEqual([200, payment.id]);
    const pushes = await callsTo('/api/trade_basic/v1/developer/fulfill_push_status/');
    if (platform === 'douyin') expect(pushes).toBeGreaterThan(0);
  });

  test('lists are newest first, by page and by filter', async () => {
    const made = [];
    for (let index = 0; index < 5; index++) made.push((await ask({ reference: `order-${index}` })).body.id);
    const page = (await shop.server<{ data: Payment[]; nextCursor: string }>('GET', '/v1/payments?limit=3')).body;
    const rest = (
      await shop.server<{ data: Payment[]; nextCursor: null }>('GET', `/v1/payments?limit=3&cursor=${page.nextCursor}`)
    ).body;
    expect([...page.data, ...rest.data].map(({ id }) => id)).toEqual(made.reverse());
    const found = (await shop.server<{ data: Payment[] }>('GET', '/v1/payments?reference=order-3')).body.data;
    expect(found.map(({ reference }) => reference)).toEqual(['order-3']);
  });

  test('somebody else cannot pay with the parameters', async () => {
    const payment = await shop.payment();
    await sandbox(minibase, 'login', {
      platform: 'wechat',
      platformAppId: shop.app.programs.wechat.platformAppId,
      user: 'li',
    });
    const left = await shop.cashier(payment.clientAction, 'pay', 'li');
    expect(left['errMsg']).not.toBe('requestPayment:ok');
  });
});
