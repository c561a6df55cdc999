import { generateKeyPairSync } from 'node:crypto';
import { newNumber } from '../../src/common/ids.js';
import { toFen } from '../../src/common/money.js';
import { Bench, problemOf } from './bench.js';
import { WechatShop } from './wechat-shop.js';

const MINUTE = 60_000;
const ORDER = '/v3/pay/transactions/jsapi';
const REFUND = '/v3/refund/domestic/refunds';

let bench: Bench;
beforeAll(async () => {
  bench = await Bench.start();
});
afterAll(() => bench.stop());

describe.each(['public_key', 'certificate', 'migrating'] as const)('WeChat Pay, signing by %s', (verification) => {
  let shop: WechatShop;
  beforeAll(async () => {
    shop = await WechatShop.open(bench, verification);
  });
  afterAll(() => shop.close());
  afterEach(() => bench.noFaults());

  test('takes money and gives it back, and everybody is told', async () => {
    const { accounts, payments } = shop;
    const order = await shop.submitted();
    expect(await payments.query(accounts, order)).toEqual({ kind: 'pending' });
    expect(await shop.cashier(order, 'cancel')).toMatch(/cancel$/);
    expect(await shop.cashier(order, 'pay', 'somebody')).toMatch(/:fail/);
    expect(await shop.cashier(order, 'pay')).toBe('requestPayment:ok');

    const paid = {
      kind: 'succeeded',
      paid: {
        amount: 990,
        currency: 'CNY',
        merchantId: accounts.merchant.merchantId,
        platformAppId: accounts.program.platformAppId,
        payer: shop.payer,
      },
    };
    const { content } = await shop.told('TRANSACTION.SUCCESS');
    expect(content).toMatchObject({ kind: 'payment', number: order.number, state: paid });
    expect(await payments.query(accounts, order)).toEqual((content as { state: object }).state);
    expect(await payments.submit(accounts, order, new Date())).toEqual({ kind: 'paid' });
    expect(await payments.close(accounts, order)).toEqual({ kind: 'paid' });

    const refund = shop.refundOf(order, { amount: toFen(300) });
    expect(await payments.queryRefund(accounts, refund)).toEqual({ kind: 'absent' });
    const pending = await payments.refund(accounts, refund);
    expect(pending).toMatchObject({ kind: 'pending', facts: { amount: 300 } });
    expect(await payments.refund(accounts, refund)).toEqual(pending);
    await shop.pass(2 * MINUTE);
    const told = await shop.told('REFUND.SUCCESS');
    expect(told.content).toMatchObject({
      kind: 'refund',
      refundNumber: refund.number,
      paymentNumber: order.number,
      state: { kind: 'succeeded', facts: { amount: 300 } },
    });
    expect(await payments.queryRefund(accounts, refund)).toEqual((told.content as { state: object }).state);
    expect(await payments.query(accounts, order)).toMatchObject(paid);
    expect(shop.refused).toEqual([]);
  });

  test('closes an order for good', async () => {
    const order = await shop.submitted();
    expect(await shop.payments.close(shop.accounts, order)).toEqual({ kind: 'closed' });
    expect(await shop.payments.close(shop.accounts, order)).toEqual({ kind: 'closed' });
    expect(await shop.payments.query(shop.accounts, order)).toEqual({ kind: 'closed' });
    expect(await shop.payments.submit(shop.accounts, order, new Date())).toMatchObject({ kind: 'refused' });
  });

  test('goes on through a change of its keys', async () => {
    await shop.submitted();
    await shop.fault({ kind: 'rotate_key', direction: 'in' });
    const orders = await Promise.all(Array.from({ length: 8 }, () => shop.submitted()));
    await Promise.all(orders.map((order) => shop.cashier(order, 'pay')));
    for (const { number } of orders) {
      await shop.told('TRANSACTION.SUCCESS', ({ content }) => content.kind === 'payment' && content.number === number);
    }
    expect(shop.refused).toEqual([]);
    const keys = new Set(shop.received.map(({ headers }) => headers['wechatpay-serial']));
    expect(keys.size).toBe(verification === 'public_key' ? 1 : 2);
  });

  test('finds nothing wrong with its merchant', async () => {
    const { ok, checks } = await shop.payments.verifyMerchant(shop.accounts.merchant, [shop.accounts.program]);
    expect(checks.filter((check) => !check.ok)).toEqual([]);
    expect(ok).toBe(true);
  });
});

describe('WeChat Pay', () => {
  let shop: WechatShop;
  beforeAll(async () => {
    shop = await WechatShop.open(bench, 'public_key');
  });
  afterAll(() => shop.close());
  afterEach(() => bench.noFaults());

  test('knows no order that nobody placed', async () => {
    expect(await shop.payments.query(shop.accounts, shop.order())).toEqual({ kind: 'absent' });
  });

  test('gives a prepay_id again for the same order', async () => {
    const order = await shop.submitted();
    expect(await shop.payments.submit(shop.accounts, order, new Date())).toMatchObject({ kind: 'ready' });
  });

  test('leaves it open what became of an order under a number that is taken', async () => {
    const order = await shop.submitted();
    const changed = { ...order, amount: toFen(1) };
    expect((await problemOf(shop.payments.submit(shop.accounts, changed, new Date()))).problem).toBe(
      'platform_unknown',
    );
    expect(await shop.payments.query(shop.accounts, order)).toEqual({ kind: 'pending' });
  });

  test('takes all settings that there are', async () => {
    const settings = {
      goodsTag: 'WXG',
      limitPay: ['no_credit'],
      attach: '附加',
      supportFapiao: true,
      profitSharing: true,
    };
    const order = await shop.submitted({ settings });
    expect(await shop.cashier(order, 'pay')).toBe('requestPayment:ok');
  });

  test('refuses the openid of another mini-program', async () => {
    const state = await shop.payments.submit(shop.accounts, shop.order({ payer: 'o_nobody' }), new Date());
    expect(state).toMatchObject({ kind: 'refused', platformCode: 'PARAM_ERROR' });
  });

  test.each([
    ['timeout_after', 'platform_unknown'],
    ['timeout_before', 'platform_unknown'],
    ['status_500', 'platform_unknown'],
    ['garbage', 'platform_unknown'],
    ['wrong_signature', 'platform_unknown'],
    ['busy', 'platform_rate_limited'],
  ])('that plays %s leaves an order %s', async (kind, problem) => {
    await shop.fault({ kind, path: ORDER });
    const order = shop.order();
    const submitting = shop.impatient.payments.submit(shop.accounts, order, new Date());
    expect((await problemOf(submitting)).problem).toBe(problem);
    const after = ['timeout_after', 'wrong_signature'].includes(kind) ? 'pending' : 'absent';
    if (kind !== 'garbage') expect((await shop.payments.query(shop.accounts, order)).kind).toBe(after);
    expect((await shop.payments.submit(shop.accounts, order, new Date())).kind).toBe('ready');
  });

  test('gives a refund once, however often it is sent into the dark', async () => {
    const order = await shop.paid();
    const refund = shop.refundOf(order);
    await shop.fault({ kind: 'timeout_after', path: REFUND });
    expect((await problemOf(shop.impatient.payments.refund(shop.accounts, refund))).problem).toBe('platform_unknown');
    expect(await shop.payments.refund(shop.accounts, refund)).toMatchObject({ kind: 'pending' });
    const changed = { ...refund, reason: 'another' };
    expect(await shop.payments.refund(shop.accounts, changed)).toMatchObject({ kind: 'pending' });
  });

  test('wants a minute between two refunds of a payment', async () => {
    const order = await shop.paid();
    await shop.payments.refund(shop.accounts, shop.refundOf(order, { amount: toFen(100) }));
    const second = shop.refundOf(order, { amount: toFen(100) });
    expect(await shop.payments.refund(shop.accounts, second)).toMatchObject({ kind: 'later' });
    await shop.pass(5 * MINUTE);
    expect(await shop.payments.refund(shop.accounts, second)).toMatchObject({ kind: 'pending' });
  });

  test('gives no more back than was paid, and nothing of what was not', async () => {
    const order = await shop.paid();
    const tooMuch = shop.refundOf(order, { amount: toFen(991) });
    expect(await shop.payments.refund(shop.accounts, tooMuch)).toMatchObject({ kind: 'failed' });
    const unpaid = shop.refundOf(await shop.submitted());
    expect(await shop.payments.refund(shop.accounts, unpaid)).toMatchObject({
      kind: 'failed',
      platformCode: 'RESOURCE_NOT_EXISTS',
    });
  });

  test('waits for money that the merchant does not have', async () => {
    const refund = shop.refundOf(await shop.paid());
    await shop.fault({ kind: 'code', code: 'NOT_ENOUGH', path: REFUND });
    expect(await shop.payments.refund(shop.accounts, refund)).toMatchObject({
      kind: 'later',
      platformCode: 'NOT_ENOUGH',
    });
    expect(await shop.payments.refund(shop.accounts, refund)).toMatchObject({ kind: 'pending' });
  });

  test('tells of a refund that somebody made in the console', async () => {
    const order = await shop.paid();
    await shop.refundThere(order, 120);
    await shop.pass(20 * MINUTE);
    const ours = ({ content }: { content: object }) =>
      'paymentNumber' in content && content.paymentNumber === order.number;
    const { content } = await shop.told('REFUND.SUCCESS', ours);
    expect(content).toMatchObject({ kind: 'refund', state: { kind: 'succeeded', facts: { amount: 120 } } });
    expect(content).not.toHaveProperty('refundNumber');
  });
});

describe('a callback of WeChat Pay', () => {
  let shop: WechatShop;
  beforeEach(async () => {
    shop = await WechatShop.open(bench, 'migrating');
  });
  afterEach(async () => {
    await bench.noFaults();
    await shop.close();
  });

  test.each([
    ['forge', 'signature_invalid'],
    ['wrong_signature', 'signature_invalid'],
  ])('that plays %s is refused, and the genuine one comes later', async (kind, refusal) => {
    await shop.fault({ kind, direction: 'out' });
    const order = await shop.paid();
    expect((await shop.refusal()).refusal).toBe(refusal);
    await shop.pass(MINUTE);
    const { content } = await shop.told('TRANSACTION.SUCCESS');
    expect(content).toMatchObject({ number: order.number });
  });

  test('with another amount is told as it is', async () => {
    await shop.fault({ kind: 'wrong_amount', direction: 'out' });
    await shop.paid();
    const { content } = await shop.told('TRANSACTION.SUCCESS');
    expect(content).toMatchObject({ state: { paid: { amount: 991 } } });
  });

  test('that comes twice has the same key', async () => {
    await shop.fault({ kind: 'duplicate', direction: 'out' });
    await shop.paid();
    await shop.told('TRANSACTION.SUCCESS');
    await shop.told('TRANSACTION.SUCCESS', (callback) => callback !== shop.accepted[0]);
    expect(shop.accepted[1]!.deduplicationKey).toBe(shop.accepted[0]!.deduplicationKey);
  });
});

describe('verifying a merchant says in plain words that', () => {
  let shop: WechatShop;
  let wrong: { privateKey: string; publicKey: string };
  beforeAll(async () => {
    shop = await WechatShop.open(bench, 'migrating');
    wrong = generateKeyPairSync('rsa', {
      modulusLength: 2048,
      privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
      publicKeyEncoding: { type: 'spki', format: 'pem' },
    });
  });
  afterAll(() => shop.close());

  test.each<[string, () => object, RegExp]>([
    ['the private key', () => ({ privateKey: wrong.privateKey }), /privateKey is not the key of the certificate/],
    ['the serial', () => ({ serial: '5F1C72E2A8931B72A2E13AF8DEE92471EB397115' }), /does not know this serial/],
    ['the APIv3 key', () => ({ apiV3Key: 'x'.repeat(32) }), /APIv3 key does not open/],
  ])('%s is wrong', async (_, change, words) => {
    const { ok, checks } = await shop.payments.verifyMerchant(shop.merchantWith(change()), [shop.accounts.program]);
    expect(ok).toBe(false);
    const failed = checks.filter((check) => !check.ok).map(({ detail }) => detail);
    expect(failed).toEqual([expect.stringMatching(words)]);
    expect(failed.join()).not.toContain(wrong.privateKey.slice(40, 80));
  });

  test('the public key is wrong', async () => {
    const account = shop.merchantWith({ publicKey: wrong.publicKey });
    const { ok, checks } = await shop.payments.verifyMerchant(account, []);
    expect(ok).toBe(false);
    expect(checks).toContainEqual(expect.objectContaining({ name: 'public_key', ok: false }));
  });

  test('a merchant without certificates needs the public key', async () => {
    const modern = await WechatShop.open(bench, 'public_key');
    try {
      const account = modern.merchantWith({ publicKey: undefined, publicKeyId: undefined, verification: undefined });
      const { checks } = await modern.payments.verifyMerchant(account, []);
      expect(checks.filter((check) => !check.ok)).toEqual([
        expect.objectContaining({
          detail: expect.stringMatching(/give WeChat Pay's publicKeyId and publicKey/) as string,
        }),
      ]);
      // A success that cannot be verified is no success.
      const accounts = { ...modern.accounts, merchant: account };
      const submitting = modern.payments.submit(accounts, modern.order(), new Date());
      expect(await problemOf(submitting)).toMatchObject({
        problem: 'platform_unknown',
        message: expect.stringContaining('PUB_KEY_ID_') as string,
      });
    } finally {
      await modern.close();
    }
  });

  test('the merchant id is nobody', async () => {
    const account = { ...shop.merchantWith({}), merchantId: '1999999999' };
    const { ok, checks } = await shop.payments.verifyMerchant(account, []);
    expect(ok).toBe(false);
    expect(checks[0]!.detail).toMatch(/no merchant with this merchant id.*MCH_NOT_EXISTS/);
  });

  test('the app id is not bound', async () => {
    const program = {
      ...shop.accounts.program,
      platformAppId: `wx${newNumber()
        .replace(/[^a-f]/g, '0')
        .slice(0, 16)}`,
    };
    const { ok, checks } = await shop.payments.verifyMerchant(shop.accounts.merchant, [shop.accounts.program, program]);
    expect(ok).toBe(false);
    expect(checks.filter((check) => !check.ok)).toEqual([
      expect.objectContaining({
        name: `app_id ${program.platformAppId}`,
        detail: expect.stringContaining('not bound') as string,
      }),
    ]);
  });
});
