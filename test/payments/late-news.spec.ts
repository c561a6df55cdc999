import { Apps } from '../../src/tenancy/apps.service.js';
import { CallbackContents } from '../../src/payments/callback-contents.js';
import { Mismatch, TooEarly } from '../../src/callbacks/mismatch.js';
import { PaymentListeners } from '../../src/payments/payment-listener.js';
import { toFen } from '../../src/common/money.js';
import type { ContentOf } from '../../src/platforms/callback.js';
import type { PlatformCode } from '../../src/platforms/platform.js';
import { aLogin, must } from '../support/client.js';
import { type Minibase, startMinibase } from '../support/minibase.js';
import { until } from '../queues/support/until.js';
import { deliver, Letterbox } from './support/letterbox.js';
import { type Payment, PLATFORMS, type Refund, Shop } from './support/shop.js';

/** What platforms tell late, twice, or in another order than it happened. */
describe('late news', () => {
  let minibase: Minibase;
  let letterbox: Letterbox;
  let shop: Shop;
  beforeAll(async () => {
    letterbox = await Letterbox.open();
    minibase = await startMinibase({ publicUrl: letterbox.url });
  });
  beforeEach(async () => {
    shop = await Shop.open(minibase, PLATFORMS);
  });
  afterAll(async () => {
    await minibase.close();
    await letterbox.close();
  });

  const sql = <T = Record<string, unknown>>(text: string, values: unknown[] = []) =>
    minibase.database.dataSource.query<T[]>(text, values);
  /** The content of a verified callback, as the platform's adapter reads it. */
  const hear = async (platform: PlatformCode, content: ContentOf<'payment' | 'refund' | 'refund_request'>) => {
    const app = await minibase.app.get(Apps, { strict: false }).record(shop.app.appId);
    const accountId = platform === 'wechat' ? shop.merchants.wechat!.id : shop.app.programs[platform].id;
    const contents = minibase.app.get(CallbackContents, { strict: false });
    return minibase.database.transaction((tx) => contents.apply(tx, { app, platform, accountId }, content));
  };
  const paid = async (over: Record<string, unknown> = {}): Promise<Payment> => {
    const payment = await shop.payment(over);
    await shop.cashier(payment.clientAction);
    await shop.server('POST', `/v1/payments/${payment.id}/refresh`);
    return shop.until(payment.id, 'succeeded');
  };
  const refundsOf = async (paymentId: string): Promise<Refund[]> =>
    (await shop.server<{ data: Refund[] }>('GET', `/v1/refunds?paymentId=${paymentId}&limit=100`)).body.data;

  test('a refund that succeeds at the platform after we called it failed is not swallowed', async () => {
    const payment = await paid();
    await shop.faults(
      'wechat',
      'code',
      { code: 'REFUND_CLOSED' },
      { direction: 'in', path: '/v3/refund/domestic/refunds' },
    );
    const { body: refund } = await shop.refund(payment.id);
    await shop.untilSent(refund.id);
    await shop.advanceUntilRefund(refund.id, 'failed');
    const news = hear('wechat', {
      kind: 'refund',
      refundNumber: refund.number,
      paymentNumber: payment.attempts[0]!.number,
      state: { kind: 'succeeded', facts: { platformRefundId: `x${refund.number}`, amount: toFen(990) } },
    });
    // Money has gone out beyond what the books say: it must be parked and alarmed, or booked.
    const concluded = await news.catch((error: unknown) => error);
    const isBooked = (await shop.read(payment.id)).amountRefunded === 990;
    expect(concluded instanceof Mismatch || isBooked).toBe(true);
  });

  test('a success for an attempt whose payer was erased is taken, also when the attempt had been closed', async () => {
    const payment = await shop.payment();
    const before = letterbox.letters.length;
    await shop.cashier(payment.clientAction);
    const letter = await letterbox.letter(before + 1);
    await sql(`update payment_attempts set status = 'closed', check_at = null where payment_id = $1`, [payment.id]);
    await must(minibase.url, 'DELETE', `/v1/users/${shop.login.user.id}`, { token: shop.app.secretKey });
    expect((await deliver(minibase.url, letter)).status).toBe(200);
    expect((await shop.read(payment.id)).status).toBe('succeeded');
  });

  test('money for an attempt that had been closed is found by asking, when its callback was not believed', async () => {
    const payment = await shop.payment();
    await sql(`update payments set status = 'closed', closing_since = null where id = $1`, [payment.id]);
    await sql(`update payment_attempts set status = 'closed', check_at = null where payment_id = $1`, [payment.id]);
    await shop.faults('wechat', 'drop', {}, { direction: 'out' });
    await shop.cashier(payment.clientAction);
    await shop.server('POST', `/v1/payments/${payment.id}/refresh`);
    expect(await refundsOf(payment.id)).toMatchObject([{ source: 'automatic', amount: 990 }]);
  });

  test('a refund request without a deadline neither gets stuck nor holds up other refunds', async () => {
    const payment = await paid({ platform: 'douyin' });
    await hear('douyin', {
      kind: 'refund_request',
      platformRefundId: `ot${Date.now()}`,
      paymentNumber: payment.attempts[0]!.number,
      amount: toFen(100),
      reason: null,
      needsDecision: true,
      decideBefore: null,
    });
    const [asked] = await refundsOf(payment.id);
    const { body: ours } = await shop.refund(payment.id, { amount: 200 });
    await shop.untilSent(ours.id);
    const approved = await shop.server<Refund>('POST', `/v1/refunds/${asked!.id}/approve`);
    expect(approved.status).toBe(200);
  });

  test('a refund made in the console is in the books although its callback overtook that of the payment', async () => {
    const payment = await shop.payment();
    const { number } = payment.attempts[0]!;
    const before = letterbox.letters.length;
    await shop.cashier(payment.clientAction);
    const success = await letterbox.letter(before + 1);
    await must(minibase.sandboxUrl, 'POST', '/_/refund', { body: { number, platform: 'wechat', amount: 250 } });
    await shop.advance(600);
    const isRefund = () => letterbox.letters.slice(before).find(({ body }) => body.includes('REFUND'));
    await until('the refund is told', () => isRefund() !== undefined);
    const first = await deliver(minibase.url, isRefund()!);
    await deliver(minibase.url, success);
    await shop.until(payment.id, 'succeeded');
    // Either it was not acknowledged, so that it comes again, or it is done by now.
    if (first.status !== 200) return;
    await until('the refund is known', async () => (await refundsOf(payment.id)).length === 1, 8_000);
  }, 30_000);

  test('a console refund of WeChat that got stuck and was then closed frees its amount', async () => {
    const payment = await paid();
    const about = { kind: 'refund', paymentNumber: payment.attempts[0]!.number } as const;
    const facts = { platformRefundId: `5030${Date.now()}`, amount: toFen(990) };
    await hear('wechat', { ...about, state: { kind: 'action_required', facts, detail: 'stuck' } });
    expect((await refundsOf(payment.id))[0]).toMatchObject({ status: 'action_required', source: 'platform' });
    // REFUND.CLOSED, as refundState() reads it.
    const { platformRefundId } = facts;
    await hear('wechat', {
      ...about,
      platformRefundId,
      state: { kind: 'failed', platformCode: 'CLOSED', detail: 'closed' },
    });
    expect((await refundsOf(payment.id))[0]).toMatchObject({ status: 'failed' });
  });

  test('listeners do not take the return of a second success for a refund of the payment', async () => {
    const heard: string[] = [];
    minibase.app.get(PaymentListeners, { strict: false }).register({
      onRefunded: async (_, { id }) => void heard.push(id),
    });
    const payment = await shop.payment();
    await shop.cashier(payment.clientAction);
    const { body } = await shop.server<{ clientAction: Payment['clientAction'] }>(
      'POST',
      `/v1/payments/${payment.id}/attempts`,
      { body: { platform: 'alipay' } },
    );
    await shop.cashier(body.clientAction);
    await shop.server('POST', `/v1/payments/${payment.id}/refresh`);
    await until('the automatic refund', async () => (await refundsOf(payment.id)).length === 1);
    const [refund] = await refundsOf(payment.id);
    await shop.advanceUntilRefund(refund!.id, 'succeeded');
    expect(await shop.read(payment.id)).toMatchObject({ status: 'succeeded', amountRefunded: 0 });
    expect(heard).not.toContain(payment.id);
  }, 30_000);

  test('the same order after its user was merged is still the same order', async () => {
    const other = await aLogin(minibase, shop.app, 'mei');
    const over = { reference: 'order-1', platform: undefined };
    const payment = await shop.payment(over);
    await must(minibase.url, 'POST', `/v1/users/${shop.login.user.id}/merge`, {
      token: shop.app.secretKey,
      body: { into: other.user.id },
    });
    expect((await shop.payment(over)).id).toBe(payment.id);
  });

  test('an erased user is forgotten also by attempts that ended later', async () => {
    const payment = await shop.payment();
    await must(minibase.url, 'DELETE', `/v1/users/${shop.login.user.id}`, { token: shop.app.secretKey });
    await shop.server('POST', `/v1/payments/${payment.id}/cancel`);
    await shop.until(payment.id, 'closed');
    const [row] = await sql<{ payer: string }>(`select payer from payment_attempts where payment_id = $1`, [
      payment.id,
    ]);
    expect(row?.payer).toBe('erased');
  });

  test('a payment that is made while its user is merged belongs to who took over', async () => {
    const other = await aLogin(minibase, shop.app, 'lan');
    const holder = minibase.database.dataSource.createQueryRunner();
    await holder.connect();
    const { body: product } = await shop.server<{ id: string }>('POST', '/v1/products', { body: { name: 'Tea' } });
    const { body: price } = await shop.server<{ id: string }>('POST', '/v1/prices', {
      body: { productId: product.id, amount: 100, audience: 'public', maxQuantity: 1 },
    });
    await holder.query(`select pg_advisory_lock(hashtextextended($1 || '/' || $2, 1))`, [
      shop.app.appId,
      shop.login.user.id,
    ]);
    const making = shop.mine('POST', '/v1/me/payments', { body: { priceId: price.id } });
    await until('it waits', async () => {
      const rows = await sql(`select 1 from pg_locks where locktype = 'advisory' and not granted`);
      return rows.length > 0;
    });
    await must(minibase.url, 'POST', `/v1/users/${shop.login.user.id}/merge`, {
      token: shop.app.secretKey,
      body: { into: other.user.id },
    });
    await holder.query(`select pg_advisory_unlock_all()`);
    await holder.release();
    const { status, body } = await making;
    if (status >= 400) return;
    expect((await shop.server<{ userId: string }>('GET', `/v1/payments/${body.id}`)).body.userId).toBe(other.user.id);
  });

  test('money that nobody waited for is not kept when its automatic refund is refused', async () => {
    const payment = await shop.payment();
    await sql(
      `update payments set status = 'closed', closing_since = null where id = $1`, // as after a cancellation
      [payment.id],
    );
    await sql(`update payment_attempts set status = 'closed', check_at = null where payment_id = $1`, [payment.id]);
    await shop.faults(
      'wechat',
      'code',
      { code: 'REFUND_CLOSED' },
      { direction: 'in', path: '/v3/refund/domestic/refunds' },
    );
    const before = letterbox.letters.length;
    await shop.cashier(payment.clientAction);
    await deliver(minibase.url, await letterbox.letter(before + 1));
    const [refund] = await refundsOf(payment.id);
    await shop.advanceUntilRefund(refund!.id, 'failed');
    // The customer's money: somebody may give it back through the API.
    const { body: again } = await shop.refund(payment.id);
    await shop.untilSent(again.id);
    await shop.advanceUntilRefund(again.id, 'succeeded');
  }, 40_000);

  test('a console refund told while our refund of all holds the amount is told again when ours has failed', async () => {
    const payment = await shop.payment();
    await sql(`update payments set status = 'closed', closing_since = null where id = $1`, [payment.id]);
    await sql(`update payment_attempts set status = 'closed', check_at = null where payment_id = $1`, [payment.id]);
    const direction = { direction: 'in', path: '/v3/refund/domestic/refunds' };
    // What WeChat says of a refund of all, when somebody has given back a part in its console.
    await shop.faults('wechat', 'code', { code: 'INVALID_REQUEST' }, direction);
    const before = letterbox.letters.length;
    await shop.cashier(payment.clientAction);
    await deliver(minibase.url, await letterbox.letter(before + 1));
    const [ours] = await refundsOf(payment.id);
    const platformRefundId = '50300001318202611258899484769';
    const hearOfPart = () =>
      hear('wechat', {
        kind: 'refund',
        paymentNumber: payment.attempts[0]!.number,
        platformRefundId,
        state: { kind: 'succeeded', facts: { platformRefundId, amount: toFen(39) } },
      });
    if (ours!.status === 'pending') await expect(hearOfPart()).rejects.toBeInstanceOf(TooEarly);
    await shop.advanceUntilRefund(ours!.id, 'failed');
    await hearOfPart();
    const amounts = (await refundsOf(payment.id)).map(({ source, amount }) => `${source} ${amount}`);
    expect(amounts.sort()).toEqual(['automatic 951', 'automatic 990', 'platform 39']);
  }, 40_000);
});
