import { generateKeyPairSync } from 'node:crypto';
import { toFen } from '../../src/common/money.js';
import { DouyinPlatform } from '../../src/platforms/douyin/douyin.platform.js';
import { REFUND_CODES, TRADE_ERRORS, TROUBLE } from '../../src/platforms/douyin/pay/pay.errors.js';
import type { PlatformCallback } from '../../src/platforms/callback.js';
import type { PayAccounts, RefundOrder } from '../../src/platforms/payment-platform.js';
import { Bench, problemOf } from './bench.js';
import { DouyinShop } from './douyin-shop.js';

const TRADE = '/api/trade_basic/v1/developer/';
const ORDER_QUERY = `${TRADE}order_query/`;
const REFUND_CREATE = `${TRADE}refund_create/`;
const REFUND_QUERY = `${TRADE}refund_query/`;
const REFUND_AUDIT = `${TRADE}refund_audit_callback/`;
const FULFILL = `${TRADE}fulfill_push_status/`;
const HOUR = 3_600_000;

let bench: Bench;
let shop: DouyinShop;

beforeAll(async () => {
  bench = await Bench.start();
  shop = await DouyinShop.open(bench);
});
afterEach(() => bench.noFaults());
afterAll(async () => {
  await shop.close();
  await bench.stop();
});

const withCredentials = (over: object): PayAccounts => ({
  ...shop.accounts,
  program: { ...shop.accounts.program, credentials: { ...(shop.accounts.program.credentials as object), ...over } },
});
const newKey = () => generateKeyPairSync('rsa', { modulusLength: 2048 });
const playing = (path: string, code: number | string, times = 100): Promise<void> =>
  bench.fault(shop.accounts.program, { kind: 'code', code, path, times });
const callsTo = (path: string): Promise<number> => bench.callsTo(shop.accounts.program, path);
const isOf =
  (number: string) =>
  ({ content }: PlatformCallback): boolean =>
    (content.kind === 'payment' && content.number === number) ||
    (content.kind === 'refund_request' && content.paymentNumber === number) ||
    (content.kind === 'refund' && content.refundNumber === number);

describe('paying', () => {
  test('the client orders and pays with what was signed; the callback and the query tell the same', async () => {
    const order = shop.order();
    const submission = await shop.payments.submit(shop.accounts, order, new Date());
    expect(submission).toEqual({ kind: 'ready', handle: '', handleExpiresAt: null });
    expect(await shop.payments.query(shop.accounts, order)).toEqual({ kind: 'absent' });

    const action = shop.action(order);
    expect(action).toMatchObject({ method: 'requestOrder', next: { method: 'getOrderPayment' }, proof: 'callback' });
    const before = Date.now();
    const { orderId } = await shop.cashier(action, 'pay');

    const { content } = await shop.told('payment', isOf(order.number));
    const { merchant, program } = shop.accounts;
    const paid = {
      transactionId: orderId,
      paidAt: expect.any(Date),
      amount: 990,
      currency: 'CNY',
      merchantId: merchant.merchantId,
      platformAppId: program.platformAppId,
    };
    expect(content).toEqual({ kind: 'payment', number: order.number, state: { kind: 'succeeded', paid } });
    const state = await shop.payments.query(shop.accounts, order);
    expect(state).toEqual({ kind: 'succeeded', paid });
    expect(state.kind === 'succeeded' && state.paid.paidAt.getTime()).toBeGreaterThanOrEqual(before);
  });

  test('a person who leaves the cashier can come back with newly signed parameters', async () => {
    const order = shop.order();
    await shop.cashier(shop.action(order), 'cancel');
    expect(await shop.payments.query(shop.accounts, order)).toEqual({ kind: 'pending' });
    await shop.cashier(shop.action(order, new Date(Date.now() + 60_000)), 'pay');
    expect(await shop.payments.query(shop.accounts, order)).toMatchObject({ kind: 'succeeded' });
  });

  test('one changed byte of the data, and the client refuses it', async () => {
    const action = shop.action(shop.order());
    const { data } = action.params as { data: string };
    const changed = { ...action, params: { ...action.params, data: data.replace('990', '991') } };
    expect(await shop.cashier(changed, 'pay')).toMatchObject({ errNo: 11004 });
  });

  test('an order whose time ran out is closed, by the callback and by the query', async () => {
    const late = await DouyinShop.open(bench);
    const order = late.order();
    await late.cashier(late.action(order), 'cancel');
    await late.pass(HOUR);
    const { content } = await late.told('payment', isOf(order.number));
    expect(content).toMatchObject({ state: { kind: 'closed' } });
    expect(await late.payments.query(late.accounts, order)).toEqual({ kind: 'closed' });
    await late.close();
  });

  test('parameters end with the signature, or with the order', () => {
    const now = new Date('2026-03-01T08:00:00Z');
    const at = (hours: number): Date => new Date(now.getTime() + hours * HOUR);
    expect(shop.action(shop.order({ expiresAt: at(0.5) }), now).expiresAt).toBe(at(0.5).toISOString());
    expect(shop.action(shop.order({ expiresAt: at(5) }), now).expiresAt).toBe(at(1).toISOString());
  });

  test('an order lives until an hour after its end, for so long a signature is good', async () => {
    const order = shop.order();
    const until = new Date(order.expiresAt.getTime() + HOUR);
    expect(await shop.payments.close(shop.accounts, order)).toEqual({ kind: 'waits', until });
    expect(shop.payments.absentIsFinalAt(order, new Date())).toEqual(until);
  });

  test('nothing is taken while a key is missing or is the wrong one', async () => {
    const order = shop.order();
    const { publicKey, privateKey } = newKey();
    const own = {
      appPrivateKey: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
      platformPublicKey: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
    };
    const cases: [object, RegExp][] = [
      [{ appPrivateKey: undefined }, /Set appPrivateKey/],
      [{ keyVersion: undefined }, /Set keyVersion/],
      [{ platformPublicKey: undefined }, /Set platformPublicKey/],
      [own, /public half of your own application key/],
    ];
    for (const [credentials, message] of cases) {
      const error = await problemOf(shop.payments.submit(withCredentials(credentials), order, new Date()));
      expect(error).toMatchObject({ code: 'platform_account_misconfigured' });
      expect(error.message).toMatch(message);
    }
    const live = { ...shop.accounts, program: { ...shop.accounts.program, mode: 'live' as const } };
    const error = await problemOf(shop.payments.submit(live, order, new Date()));
    expect(error.message).toMatch(/https/);
  });

  test('goods that were handed over are told, with the items that Douyin gave the order', async () => {
    const order = await shop.paid();
    await shop.payments.fulfil(shop.accounts, order);
    await shop.payments.fulfil(shop.accounts, order);
    const unpaid = shop.order();
    await shop.cashier(shop.action(unpaid), 'cancel');
    expect(await problemOf(shop.payments.fulfil(shop.accounts, unpaid))).toMatchObject({ platformCode: '22000' });
    expect(await problemOf(shop.payments.fulfil(shop.accounts, shop.order()))).toMatchObject({ code: 'platform_busy' });
  });
});

describe('giving back', () => {
  const refunded = { platformRefundId: expect.any(String), amount: 990, succeededAt: expect.any(Date) };

  test('all at once: taken at first, then done by the callback and the query', async () => {
    const till = await DouyinShop.open(bench);
    const refund = till.refundOf(await till.paid());
    expect(await till.payments.queryRefund(till.accounts, refund)).toEqual({ kind: 'absent' });
    const taken = await till.payments.refund(till.accounts, refund);
    expect(taken).toEqual({ kind: 'pending', facts: { platformRefundId: expect.any(String) } });
    expect(await till.payments.queryRefund(till.accounts, refund)).toMatchObject({ kind: 'pending' });

    await till.pass(60_000);
    const { content } = await till.told('refund', isOf(refund.number));
    expect(content).toMatchObject({ refundNumber: refund.number, state: { kind: 'succeeded', facts: refunded } });
    expect(await till.payments.queryRefund(till.accounts, refund)).toEqual({ kind: 'succeeded', facts: refunded });
    await till.close();
  });

  test('in parts, until nothing is left', async () => {
    const payment = await shop.paid();
    const part = (amount: number, refundedBefore: number): RefundOrder =>
      shop.refundOf(payment, {
        amount: toFen(amount),
        refundedBefore: toFen(refundedBefore),
        reason: 'x'.repeat(80),
      });
    for (const refund of [part(400, 0), part(590, 400)]) {
      expect(await shop.payments.refund(shop.accounts, refund)).toMatchObject({ kind: 'pending' });
    }
    const tooMuch = await shop.payments.refund(shop.accounts, part(1, 990));
    expect(tooMuch).toMatchObject({ kind: 'failed', platformCode: '22002' });
  });

  test('the same number gives back once, however often it is sent', async () => {
    const refund = shop.refundOf(await shop.paid(), { amount: toFen(100) });
    const first = await shop.payments.refund(shop.accounts, refund);
    const again = await shop.payments.refund(shop.accounts, refund);
    expect(first.kind === 'pending' && again.kind === 'pending').toBe(true);
    expect(again).toMatchObject(first);
    expect(again).toMatchObject({ facts: { amount: 100 } });
  });

  test('a lost answer is unknown, and the repetition finds what was done', async () => {
    const refund = shop.refundOf(await shop.paid());
    await shop.payments.query(shop.accounts, refund.payment);
    const impatient = new DouyinPlatform(bench.impatientHttp, bench.newTokens(), bench.clock).payments;
    await bench.fault(shop.accounts.program, { kind: 'timeout_after', path: REFUND_CREATE, times: 1 });
    expect(await problemOf(impatient.refund(shop.accounts, refund))).toMatchObject({ code: 'platform_unknown' });
    // Everything is given back by that number already, so even the state of the order would refuse a new one.
    expect(await shop.payments.refund(shop.accounts, refund)).toMatchObject({
      kind: 'pending',
      facts: { amount: 990 },
    });
  });

  test.each(['status_500', 'garbage'] as const)('%s tells nothing of the money', async (kind) => {
    const refund = shop.refundOf(await shop.paid());
    await bench.fault(shop.accounts.program, { kind, path: REFUND_CREATE, times: 1 });
    expect(await problemOf(shop.payments.refund(shop.accounts, refund))).toMatchObject({ code: 'platform_unknown' });
  });
});

describe('refunds that somebody asks for at Douyin', () => {
  /** A request that was answered with the number of `refund`. */
  async function asked(): Promise<{ payment: RefundOrder['payment']; refund: RefundOrder }> {
    const payment = await shop.paid();
    const refund = shop.refundOf(payment, { amount: toFen(300) });
    shop.answer = (callback) => ({
      kind: 'accepted',
      callback,
      refundNumber: refund.number,
      settings: payment.settings,
    });
    const platformRefundId = await shop.refundThere(payment, 'user', 300);
    const { content } = await shop.told('pre_create_refund', isOf(payment.number));
    expect(content).toEqual({
      kind: 'refund_request',
      platformRefundId,
      paymentNumber: payment.number,
      amount: 300,
      reason: expect.any(String),
      needsDecision: true,
      decideBefore: expect.any(Date),
    });
    return { payment, refund: { ...refund, platformRefundId } };
  }
  afterEach(() => {
    shop.answer = (callback) => ({ kind: 'accepted', callback });
  });
  /** The sandbox keeps the number when it has read our answer, a moment after we were told. */
  const decided = async (refund: RefundOrder, decision: Parameters<typeof shop.payments.decideRefund>[2]) => {
    for (;;) {
      try {
        return await shop.payments.decideRefund(shop.accounts, refund, decision);
      } catch (error) {
        if ((error as { platformCode?: string }).platformCode !== '22006') throw error;
      }
    }
  };

  test('granted under our number, and a repeated decision changes nothing', async () => {
    const { refund } = await asked();
    await decided(refund, { approve: true });
    await shop.payments.decideRefund(shop.accounts, refund, { approve: true });
    const byOurNumber = { ...refund, platformRefundId: null };
    expect(await shop.payments.queryRefund(shop.accounts, byOurNumber)).toMatchObject({ kind: 'pending' });
    const error = await problemOf(shop.payments.decideRefund(shop.accounts, refund, { approve: false, reason: 'no' }));
    expect(error).toMatchObject({ code: 'platform_refused', platformCode: '22000' });
  });

  test('refused, with the words that the person reads', async () => {
    const { refund } = await asked();
    await decided(refund, { approve: false, reason: '已经使用' });
    expect(await shop.payments.queryRefund(shop.accounts, refund)).toEqual({
      kind: 'failed',
      platformCode: 'DENY',
      detail: '已经使用',
      isRejected: true,
    });
  });

  test('a decision that came after silence had agreed is no error when it agrees too', async () => {
    const { refund } = await asked();
    await playing(REFUND_AUDIT, 22000, 1);
    // Still undecided there: the refusal stands.
    expect(await problemOf(decided(refund, { approve: true }))).toMatchObject({ platformCode: '22000' });
    await decided(refund, { approve: true });
    await playing(REFUND_AUDIT, 22000, 1);
    await shop.payments.decideRefund(shop.accounts, refund, { approve: true });
  });
});

describe('error codes', () => {
  const codes = (table: object): string[] => Object.keys(table);

  test.each(codes(REFUND_CODES).filter((code) => !['22004'].includes(code)))(
    'a refund that got %s, and that is not there, comes out as the table says',
    async (code) => {
      const refund = shop.refundOf(await shop.paid());
      await playing(REFUND_CREATE, code, 1);
      const outcome = REFUND_CODES[code]!;
      const later = typeof outcome === 'object' ? { kind: 'later', retryAfter: outcome.later } : { kind: 'failed' };
      const state = await shop.payments.refund(shop.accounts, refund);
      expect(state).toMatchObject({ ...later, platformCode: code, detail: expect.any(String) });
      // Nothing has happened under the number.
      expect(await shop.payments.queryRefund(shop.accounts, refund)).toEqual({ kind: 'absent' });
    },
  );

  test.each(codes(REFUND_CODES).filter((code) => REFUND_CODES[code] === 'ask'))(
    'a refund that got %s, and that is there, is the one that is there',
    async (code) => {
      const refund = shop.refundOf(await shop.paid());
      await shop.payments.refund(shop.accounts, refund);
      await playing(REFUND_CREATE, code, 1);
      expect(await shop.payments.refund(shop.accounts, refund)).toMatchObject({
        kind: 'pending',
        facts: { amount: 990 },
      });
    },
  );

  test('a number that Douyin calls known and does not find yet is taken', async () => {
    const refund = shop.refundOf(await shop.paid());
    await playing(REFUND_CREATE, 22004, 1);
    expect(await shop.payments.refund(shop.accounts, refund)).toEqual({ kind: 'pending', facts: {} });
  });

  test.each([...TROUBLE, '99999'])(
    'a refund that got %s is unknown, sent once, and may be sent again',
    async (code) => {
      const refund = shop.refundOf(await shop.paid());
      const before = await callsTo(REFUND_CREATE);
      await playing(REFUND_CREATE, code!, 1);
      const error = await problemOf(shop.payments.refund(shop.accounts, refund));
      expect(error).toMatchObject({ code: 'platform_unknown', platformCode: code });
      expect(await callsTo(REFUND_CREATE)).toBe(before + 1);
      expect(await shop.payments.refund(shop.accounts, refund)).toMatchObject({ kind: 'pending' });
    },
  );

  test.each(['28001003', '28001008', '11016', '40014'])(
    '%s costs the token once, then it is the account',
    async (code) => {
      const fresh = await DouyinShop.open(bench);
      const refund = fresh.refundOf(await fresh.paid());
      const { program } = fresh.accounts;
      await bench.fault(program, { kind: 'code', code, path: REFUND_CREATE, times: 1 });
      expect(await fresh.payments.refund(fresh.accounts, refund)).toMatchObject({ kind: 'pending' });
      expect(await bench.callsTo(program, '/oauth/client_token/')).toBe(2);
      await bench.fault(program, { kind: 'code', code, path: ORDER_QUERY, times: 100 });
      const error = await problemOf(fresh.payments.query(fresh.accounts, refund.payment));
      expect(error).toMatchObject({ code: 'platform_account_misconfigured', platformCode: code });
      await fresh.close();
    },
  );

  test.each(['28001016', '28001018', '28001019', '11004'])('%s is the developer’s to mend', async (code) => {
    const refund = shop.refundOf(await shop.paid());
    await playing(REFUND_CREATE, code, 1);
    const error = await problemOf(shop.payments.refund(shop.accounts, refund));
    expect(error).toMatchObject({ code: 'platform_account_misconfigured', platformCode: code });
  });

  test.each(codes(TRADE_ERRORS).filter((code) => !['20000', '11016'].includes(code)))(
    'a question that gets %s says what the table says',
    async (code) => {
      await playing(ORDER_QUERY, code);
      const error = await problemOf(shop.payments.query(shop.accounts, shop.order()));
      const { problem } = TRADE_ERRORS[Number(code) as keyof typeof TRADE_ERRORS];
      expect(error).toMatchObject({ code: problem, platformCode: code });
    },
  );

  test('a question is asked again while Douyin is in trouble', async () => {
    const order = await shop.paid();
    await playing(ORDER_QUERY, 13000, 1);
    expect(await shop.payments.query(shop.accounts, order)).toMatchObject({ kind: 'succeeded' });
    await playing(REFUND_QUERY, 13000, 1);
    expect(await shop.payments.queryRefund(shop.accounts, shop.refundOf(order))).toEqual({ kind: 'absent' });
  });

  test('a decision or a fulfilment that met trouble may have happened', async () => {
    const order = await shop.paid();
    await playing(FULFILL, 13000, 1);
    expect(await problemOf(shop.payments.fulfil(shop.accounts, order))).toMatchObject({ code: 'platform_unknown' });
    const refund = shop.refundOf(order, { platformRefundId: 'motr1' });
    await playing(REFUND_AUDIT, -1, 1);
    const error = await problemOf(shop.payments.decideRefund(shop.accounts, refund, { approve: true }));
    expect(error).toMatchObject({ code: 'platform_unknown' });
    await playing(REFUND_AUDIT, 22006, 1);
    const early = await problemOf(shop.payments.decideRefund(shop.accounts, refund, { approve: true }));
    expect(early).toMatchObject({ code: 'platform_busy', extra: { retryAfter: 120 } });
  });
});

describe('verifying a merchant account', () => {
  const verify = ({ merchant, program }: PayAccounts) => shop.payments.verifyMerchant(merchant, [program]);

  test('a good one passes all checks, and no order comes to be', async () => {
    const { ok, checks } = await verify(shop.accounts);
    expect(checks.map((check) => [check.name, check.ok])).toEqual([
      ['client_token', true],
      ['application_key', true],
      ['platform_key', true],
      ['order_query', true],
    ]);
    expect(ok).toBe(true);
  });

  test('what is wrong is said in words, by mini-program', async () => {
    await playing(ORDER_QUERY, 28001018);
    const { ok, checks } = await verify(withCredentials({ keyVersion: undefined, platformPublicKey: undefined }));
    expect(ok).toBe(false);
    const { platformAppId } = shop.accounts.program;
    expect(checks.map((check) => [check.ok, check.detail])).toEqual([
      [true, expect.stringContaining(`${platformAppId}: The platform accepts`)],
      [false, expect.stringContaining('Set keyVersion')],
      [false, expect.stringContaining('Set platformPublicKey')],
      [false, expect.stringMatching(/no permission .*\[28001018\]$/)],
    ]);
  });

  test('without a mini-program there is nothing to try', async () => {
    const { ok, checks } = await shop.payments.verifyMerchant(shop.accounts.merchant, []);
    expect([ok, checks[0]?.detail]).toEqual([false, expect.stringContaining('No mini-program uses')]);
  });
});
