import { AlipayShop } from '../../sandbox/testing/alipay-shop.js';
import type { Received } from '../../sandbox/testing/receiver.js';
import { type Fields, TestSandbox } from '../../sandbox/testing/test-sandbox.js';
import { newNumber } from '../../src/common/ids.js';
import { toFen } from '../../src/common/money.js';
import { AlipayPlatform } from '../../src/platforms/alipay/alipay.platform.js';
import type { RawCallback } from '../../src/platforms/callback.js';
import type { PayOrder, RefundOrder } from '../../src/platforms/payment-platform.js';
import type { PlatformAccount } from '../../src/platforms/platform.js';
import { UndiciHttp } from '../../src/platforms/undici-http.js';

const MINUTE = 60_000;

let sandbox: TestSandbox;
let http: UndiciHttp;
let impatientHttp: UndiciHttp;
let payments: AlipayPlatform['payments'];

beforeAll(async () => {
  sandbox = await TestSandbox.start();
  http = new UndiciHttp({ sandboxUrl: sandbox.url });
  impatientHttp = new UndiciHttp({ sandboxUrl: sandbox.url, timeout: 300 });
  ({ payments } = new AlipayPlatform(http));
});
afterAll(async () => {
  await Promise.all([http.close(), impatientHttp.close()]);
  await sandbox.stop();
});

const ids = (shop: AlipayShop) => ({ appId: 'app_1', id: `pac_${shop.program.platformAppId}`, platform: 'alipay' as const, mode: 'test' as const }); // prettier-ignore
const programOf = (shop: AlipayShop): PlatformAccount => ({
  ...ids(shop),
  platformAppId: shop.program.platformAppId,
  credentials: shop.program.credentials,
});
const accountsOf = (shop: AlipayShop) => ({
  program: programOf(shop),
  merchant: { ...ids(shop), id: 'mac_1', merchantId: shop.merchantId, credentials: {}, defaults: {} },
});

/** An order of 12.34 yuan by ann, to be paid within the hour. */
const anOrder = (shop: AlipayShop, over: Partial<PayOrder> = {}): PayOrder => ({
  number: newNumber(),
  amount: toFen(1234),
  currency: 'CNY',
  subject: 'Tea & cake = 1/2',
  payer: shop.openId,
  expiresAt: new Date(shop.businessNow + 60 * MINUTE),
  notifyUrl: shop.notifyUrl,
  settings: {},
  handle: null,
  transactionId: null,
  ...over,
});

const aRefund = (payment: PayOrder, over: Partial<RefundOrder> = {}): RefundOrder => ({
  number: newNumber(),
  amount: toFen(234),
  reason: 'too hot',
  notifyUrl: payment.notifyUrl,
  platformRefundId: null,
  payment,
  refundedBefore: toFen(0),
  ...over,
});

const rawOf = ({ headers, body }: Received): RawCallback => ({
  method: 'POST',
  headers: headers as RawCallback['headers'],
  body: Buffer.from(body),
  query: {},
  hint: undefined,
  receivedAt: new Date(),
});
/** The first `count` notifications about an order; others may come between. */
async function told(shop: AlipayShop, { number }: PayOrder, count = 1): Promise<Received[]> {
  for (let all = count; ; all++) {
    const own = (await shop.receiver.atLeast(all)).filter(({ body }) => body.includes(number));
    if (own.length >= count) return own;
  }
}
const read = (shop: AlipayShop, received: Received, reader = payments) =>
  reader.callbacks.read(programOf(shop), rawOf(received));

describe.each(['key', 'certificate'])('in %s mode', (mode) => {
  let shop: AlipayShop;
  beforeAll(async () => {
    shop = await AlipayShop.open(sandbox, { mode, notifications: ['TRADE_SUCCESS', 'TRADE_CLOSED'] });
  });
  afterEach(async () => {
    await fetch(`${sandbox.url}/_/faults`, { method: 'DELETE' });
    await shop.set({ refunds: 'at_once' });
  });
  afterAll(() => shop.close());

  const submit = (order: PayOrder) => payments.submit(accountsOf(shop), order);
  const query = (order: PayOrder) => payments.query(accountsOf(shop), order);
  const fault = (method: string, kind: string, more: Fields = {}) =>
    sandbox.post('/_/faults', { match: { platform: 'alipay', platformAppId: shop.program.platformAppId, operation: `alipay.trade.${method}` }, kind, ...more }); // prettier-ignore

  async function submitted(over: Partial<PayOrder> = {}): Promise<PayOrder> {
    const order = anOrder(shop, over);
    const submission = await submit(order);
    if (submission.kind !== 'ready') throw new Error(JSON.stringify(submission));
    return { ...order, handle: submission.handle };
  }
  const pay = (order: PayOrder) =>
    sandbox.post('/_/cashier', { clientAction: payments.clientAction(accountsOf(shop), order), user: 'ann', outcome: 'pay' }); // prettier-ignore
  /** A payment whose notification has arrived. */
  async function paid(): Promise<PayOrder> {
    const order = await submitted();
    await expect(pay(order)).resolves.toEqual({ resultCode: '9000' });
    await told(shop, order);
    return order;
  }
  const facts = (order: PayOrder) => ({
    transactionId: order.handle,
    paidAt: new Date(shop.businessNow),
    amount: 1234,
    currency: 'CNY',
    payer: shop.openId,
  });

  test('somebody pays, and the notification and the answer to a question agree', async () => {
    const order = await submitted();
    await expect(query(order)).resolves.toEqual({ kind: 'pending' });
    await pay(order);
    const [notification] = await told(shop, order);
    const paid = { ...facts(order), merchantId: shop.merchantId, platformAppId: shop.program.platformAppId };
    await expect(read(shop, notification!)).resolves.toEqual({
      deduplicationKey: expect.stringMatching(/^\d{34}$/),
      type: 'trade_status_sync',
      content: { kind: 'payment', number: order.number, state: { kind: 'succeeded', paid } },
    });
    await expect(query(order)).resolves.toEqual({ kind: 'succeeded', paid: facts(order) });
  });

  test('the same order twice is one order; when it is paid, that is said', async () => {
    const order = await submitted();
    await expect(submit(order)).resolves.toEqual({ kind: 'ready', handle: order.handle, handleExpiresAt: null });
    await expect(submit({ ...order, amount: toFen(1) })).resolves.toMatchObject({ kind: 'refused', platformCode: 'ACQ.CONTEXT_INCONSISTENT' }); // prettier-ignore
    await pay(order);
    await expect(submit(order)).resolves.toEqual({ kind: 'paid' });
  });

  test('an order whose answer is lost is unknown, there, and found again by a repeat', async () => {
    await fault('create', 'timeout_after');
    const order = anOrder(shop);
    const { payments: impatient } = new AlipayPlatform(impatientHttp);
    const lost = impatient.submit(accountsOf(shop), order);
    await expect(lost).rejects.toMatchObject({ problem: 'platform_unknown' });
    await expect(query(order)).resolves.toEqual({ kind: 'pending' });
    await expect(submit(order)).resolves.toMatchObject({ kind: 'ready' });
  });

  test.each(['busy', 'status_500', 'garbage', 'wrong_signature'])('%s leaves an order unknown', async (kind) => {
    await fault('create', kind);
    await expect(submit(anOrder(shop))).rejects.toMatchObject({ problem: 'platform_unknown' });
  });

  test.each([
    ['a payer whom Alipay does not know', { payer: '0000nobody' }, 'ACQ.BUYER_NOT_EXIST'],
    ['a time that is over', { expiresAt: new Date(0) }, 'ACQ.NOW_TIME_AFTER_EXPIRE_TIME_ERROR'],
  ])('an order with %s is refused', async (_, over, platformCode) => {
    await expect(submit(anOrder(shop, over))).resolves.toMatchObject({ kind: 'refused', platformCode });
  });

  test('an order for another merchant, or for a mini-program that is none, is told as a matter of the account', async () => {
    const { program, merchant } = accountsOf(shop);
    const elsewhere = { program, merchant: { ...merchant, merchantId: '2088000000000000' } };
    const misconfigured = { problem: 'platform_account_misconfigured' };
    await expect(payments.submit(elsewhere, anOrder(shop))).rejects.toMatchObject({ ...misconfigured, message: /cannot receive money/ }); // prettier-ignore
    const settings = { opAppId: '2021999999999999' };
    await expect(submit(anOrder(shop, { settings }))).rejects.toMatchObject({ ...misconfigured, message: /opAppId/ });
  });

  test('an order that nobody pays can be closed, is closed by its time, and one that is paid cannot', async () => {
    const close = (order: PayOrder) => payments.close(accountsOf(shop), order);
    const order = await submitted();
    await expect(close(order)).resolves.toEqual({ kind: 'closed' });
    await expect(query(order)).resolves.toEqual({ kind: 'closed' });
    await expect(close(order)).resolves.toEqual({ kind: 'paid' });
    const [closed] = await told(shop, order);
    await expect(read(shop, closed!)).resolves.toMatchObject({ content: { kind: 'payment', number: order.number, state: { kind: 'closed' } } }); // prettier-ignore

    const bought = await submitted();
    await pay(bought);
    await expect(close(bought)).resolves.toEqual({ kind: 'paid' });
    const late = await submitted();
    await shop.later({ minutes: 60 });
    await expect(query(late)).resolves.toEqual({ kind: 'closed' });
    await expect(submit(late)).resolves.toMatchObject({ kind: 'refused', platformCode: 'ACQ.TRADE_HAS_CLOSE' });
  });

  test('an order that Alipay never got is absent, and nobody can pay it', async () => {
    const order = anOrder(shop);
    await expect(query(order)).resolves.toEqual({ kind: 'absent' });
    await expect(payments.close(accountsOf(shop), order)).resolves.toEqual({ kind: 'closed' });
    expect(payments.absentIsFinalAt(order, new Date(0))).toEqual(new Date(MINUTE));
  });

  test('a payment is given back in parts, each once, and stays paid', async () => {
    const order = await paid();
    const refund = (one: RefundOrder) => payments.refund(accountsOf(shop), one);
    const ask = (one: RefundOrder) => payments.queryRefund(accountsOf(shop), one);
    const part = aRefund(order);
    await expect(ask(part)).resolves.toEqual({ kind: 'absent' });
    const succeededAt = new Date(shop.businessNow);
    await expect(refund(part)).resolves.toEqual({ kind: 'succeeded', facts: { succeededAt } });
    const succeeded = { kind: 'succeeded', facts: { amount: 234, succeededAt } };
    await expect(refund(part)).resolves.toEqual(succeeded);
    await expect(ask(part)).resolves.toEqual(succeeded);

    const rest = aRefund(order, { amount: toFen(1000) });
    await expect(refund(rest)).rejects.toMatchObject({ problem: 'platform_rate_limited' });
    await shop.later({ seconds: payments.refundSpacing });
    await expect(refund(aRefund(order, { amount: toFen(1001) }))).resolves.toMatchObject({ kind: 'failed', platformCode: 'ACQ.REASON_TRADE_REFUND_FEE_ERR' }); // prettier-ignore
    await expect(refund(rest)).resolves.toMatchObject({ kind: 'succeeded' });
    await expect(refund(rest)).resolves.toMatchObject({ kind: 'succeeded', facts: { amount: 1000 } });
    await expect(refund(aRefund(order))).resolves.toMatchObject({ kind: 'failed', platformCode: 'ACQ.TRADE_HAS_CLOSE' }); // prettier-ignore
    await expect(query(order)).resolves.toMatchObject({ kind: 'succeeded', paid: { amount: 1234 } });

    const [, ...refunds] = await told(shop, order, 3);
    const contents = await Promise.all(refunds.map(async (one) => (await read(shop, one)).content));
    expect(contents).toEqual(
      [part, rest].map(({ number: refundNumber }) => ({
        kind: 'refund',
        refundNumber,
        paymentNumber: order.number,
        transactionId: order.handle,
        state: { kind: 'pending', facts: {} },
      })),
    );
  });

  test('a refund that takes its time, or waits for the balance', async () => {
    const order = await paid();
    const refund = aRefund(order);
    await shop.set({ refunds: 'balance_short' });
    await expect(payments.refund(accountsOf(shop), refund)).resolves.toMatchObject({ kind: 'later', platformCode: 'ACQ.SELLER_BALANCE_NOT_ENOUGH' }); // prettier-ignore
    await shop.set({ refunds: 'not_executed' });
    await expect(payments.refund(accountsOf(shop), refund)).resolves.toEqual({ kind: 'pending', facts: {} });
    await expect(payments.queryRefund(accountsOf(shop), refund)).resolves.toEqual({ kind: 'absent' });
    await shop.set({ refunds: 'later' });
    await expect(payments.refund(accountsOf(shop), refund)).resolves.toMatchObject({ kind: 'pending' });
    await expect(payments.queryRefund(accountsOf(shop), refund)).resolves.toMatchObject({ kind: 'pending' });
    await shop.later({ minutes: 2 });
    await expect(payments.queryRefund(accountsOf(shop), refund)).resolves.toMatchObject({ kind: 'succeeded' });
  });

  test('a refund whose answer is lost happened once', async () => {
    const order = await paid();
    const refund = aRefund(order, { amount: toFen(1234) });
    await fault('refund', 'timeout_after');
    const { payments: impatient } = new AlipayPlatform(impatientHttp);
    await expect(impatient.refund(accountsOf(shop), refund)).rejects.toMatchObject({ problem: 'platform_unknown' });
    await expect(payments.refund(accountsOf(shop), refund)).resolves.toMatchObject({ kind: 'succeeded', facts: { amount: 1234 } }); // prettier-ignore
  });

  test('a refund that the merchant makes by hand is told with its amount, and always by the same name', async () => {
    const order = await paid();
    await sandbox.post('/_/refund', { platform: 'alipay', number: order.number, amount: 200 });
    const [, notification] = await told(shop, order, 2);
    const { content } = await read(shop, notification!);
    expect(content).toEqual({
      kind: 'refund',
      paymentNumber: order.number,
      transactionId: order.handle,
      state: {
        kind: 'succeeded',
        facts: {
          amount: 200,
          succeededAt: new Date(shop.businessNow),
          platformRefundId: expect.stringContaining(`${order.handle}/`),
        },
      },
    });
    await expect(read(shop, notification!)).resolves.toMatchObject({ content });
  });

  test.each(['forge', 'wrong_signature'])('a notification with the fault %s is not believed', async (kind) => {
    const order = await submitted();
    await sandbox.post('/_/faults', { match: { platform: 'alipay', direction: 'out' }, kind });
    await pay(order);
    const [forged] = await told(shop, order);
    await expect(read(shop, forged!)).rejects.toMatchObject({ refusal: 'signature_invalid' });
  });

  test('a genuine notification with another amount tells that amount, to be compared', async () => {
    const order = await submitted();
    await sandbox.post('/_/faults', { match: { platform: 'alipay', direction: 'out' }, kind: 'wrong_amount' });
    await pay(order);
    const [other] = await told(shop, order);
    await expect(read(shop, other!)).resolves.toMatchObject({ content: { state: { paid: { amount: 1235 } } } });
  });

  test("the merchant's check asks for each of its mini-programs", async () => {
    const { merchant, program } = accountsOf(shop);
    const verify = async (...programs: PlatformAccount[]) => {
      const { ok, checks } = await payments.verifyMerchant(merchant, programs);
      return { ok, said: checks.filter((check) => check.ok === ok).map(({ name, detail }) => `${name}: ${detail}`) };
    };
    await expect(verify(program)).resolves.toEqual({ ok: true, said: [expect.stringMatching(/^merchantId: 2088/), expect.stringMatching(/lets this mini-program ask/)] }); // prettier-ignore
    await expect(verify()).resolves.toEqual({ ok: false, said: [expect.stringMatching(/^programs: No mini-program/)] });
    const unknown = { ...program, platformAppId: '2021999999999999' };
    await expect(verify(program, unknown)).resolves.toEqual({ ok: false, said: [expect.stringMatching(/^program 2021999999999999: .*\[isv.invalid-app-id\]$/)] }); // prettier-ignore
    await fault('query', 'code', { code: 'ACQ.ACCESS_FORBIDDEN' });
    await expect(verify(program)).resolves.toEqual({ ok: false, said: [expect.stringMatching(/signed up.*\[ACQ.ACCESS_FORBIDDEN\]$/)] }); // prettier-ignore
  });
});

test('people of an app that still knows them by user_id pay, and so do those of one that moves', async () => {
  for (const idMode of ['user_id', 'both']) {
    const shop = await AlipayShop.open(sandbox, { idMode });
    const token = await shop.program.token('ann');
    const payer = token['user_id']!;
    const order = anOrder(shop, { payer });
    const { handle } = (await payments.submit(accountsOf(shop), order)) as { handle: string };
    await shop.tradePay(handle);
    const [notification] = await told(shop, order);
    await expect(payments.query(accountsOf(shop), order)).resolves.toMatchObject({
      kind: 'succeeded',
      paid: { payer },
    });
    const { content } = await read(shop, notification!);
    expect(content).toMatchObject({ kind: 'payment', state: { kind: 'succeeded' } });
    await shop.close();
  }
});

test('when Alipay signs with a new certificate, not one of a burst of notifications is lost', async () => {
  const shop = await AlipayShop.open(sandbox, { mode: 'certificate' });
  const { payments: ours } = new AlipayPlatform(http);
  const { payments: another } = new AlipayPlatform(http);
  const orders = await Promise.all(
    Array.from({ length: 10 }, async () => {
      const order = anOrder(shop);
      const { handle } = (await ours.submit(accountsOf(shop), order)) as { handle: string };
      return { ...order, handle };
    }),
  );
  // It is another process that hears of the new certificate.
  await shop.program.fault('rotate_key');
  await another.query(accountsOf(shop), orders[0]!);
  await Promise.all(orders.map(({ handle }) => shop.tradePay(handle)));
  const notifications = await shop.receiver.atLeast(10);
  const read10 = await Promise.all(notifications.map((one) => read(shop, one, ours)));
  const calls = await sandbox.calls({ platform: 'alipay', platformAppId: shop.program.platformAppId, limit: '1000' });
  // Each of the two processes asked for it once, ours because of the first notification.
  expect(calls.filter(({ operation }) => operation === 'alipay.open.app.alipaycert.download')).toHaveLength(2);
  expect(new Set(read10.map(({ content }) => content.kind === 'payment' && content.number)).size).toBe(10);
  await shop.close();
});
