import { AlipayShop, type Texts } from '../testing/alipay-shop.js';
import { type Fields, TestSandbox } from '../testing/test-sandbox.js';

let sandbox: TestSandbox;
let shared: AlipayShop;
let shop: AlipayShop;

beforeAll(async () => {
  sandbox = await TestSandbox.start();
  shared = await AlipayShop.open(sandbox);
});
beforeEach(() => {
  shared.receiver.forget();
  shop = shared;
});
afterAll(async () => {
  await sandbox.stop();
  await shared.close();
});

/** For tests that move the clock far. */
const withShopOfItsOwn = (run: () => Promise<void>) => async (): Promise<void> => {
  shop = await AlipayShop.open(sandbox);
  await run().finally(() => shop.close());
};

const isGenuine = (notification: Texts | undefined): boolean =>
  shop.program.sdk().checkNotifySignV2(notification ?? {});

test('a payment is told as a form with these fields, none of them empty', async () => {
  const { trade_no, out_trade_no } = await shop.paid({ body: 'green', passback_params: 'a%3Db' });
  const [{ notify_id, sign, ...notification } = {}] = shop.notifications;
  expect(notification).toEqual({
    notify_time: '2026-06-01 12:00:00',
    notify_type: 'trade_status_sync',
    app_id: shop.program.platformAppId,
    auth_app_id: shop.program.platformAppId,
    charset: 'utf-8',
    version: '1.0',
    sign_type: 'RSA2',
    trade_no,
    out_trade_no,
    buyer_open_id: shop.openId,
    buyer_logon_id: expect.stringMatching(/^1\d\d\*{4}\d{4}$/) as unknown,
    seller_id: shop.merchantId,
    seller_email: expect.stringContaining('@') as unknown,
    trade_status: 'TRADE_SUCCESS',
    total_amount: '12.34',
    receipt_amount: '12.34',
    invoice_amount: '12.34',
    buyer_pay_amount: '12.34',
    point_amount: '0.00',
    subject: 'Tea',
    body: 'green',
    passback_params: 'a%3Db',
    gmt_create: '2026-06-01 12:00:00',
    gmt_payment: '2026-06-01 12:00:00',
    fund_bill_list: '[{"amount":"12.34","fundChannel":"ALIPAYACCOUNT"}]',
  });
  expect(notify_id).toMatch(/^\d{34}$/);
  expect(sign).toHaveLength(344);
  const [{ path, headers } = { path: '', headers: {} }] = shop.receiver.received;
  expect(path).toBe('/alipay/notify');
  expect(headers).toMatchObject({ 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' });
});

test(
  'nothing is told without a notify_url',
  withShopOfItsOwn(async () => {
    const { trade_no } = await shop.call('create', shop.order());
    await shop.tradePay(trade_no);
    expect(await shop.later({ days: 2 })).toBeNull();
    expect(shop.notifications).toEqual([]);
  }),
);

test.each(['fail', 'SUCCESS', 'success\n', '{"code":"success"}', ''])('an answer %p is no receipt', async (body) => {
  shop.receiver.answer = () => ({ body });
  await shop.paid();
  shop.receiver.answer = () => ({ body: 'success' });
  await shop.later({ minutes: 4 });
  expect(shop.notifications).toHaveLength(2);
});

test(
  'it is told eight times in some 25 hours, always under one id, until the answer is success',
  withShopOfItsOwn(async () => {
    shop.receiver.answer = () => ({ status: 500, body: 'success' });
    await shop.paid();
    const gaps = [4, 10, 10, 60, 120, 360, 900];
    for (const [tries, minutes] of gaps.entries()) {
      await shop.later({ seconds: minutes * 60 - 1 });
      expect(shop.notifications).toHaveLength(tries + 1);
      await shop.later({ seconds: 1 });
      expect(shop.notifications).toHaveLength(tries + 2);
    }
    expect(await shop.later({ days: 9 })).toBeNull();
    expect(new Set(shop.notifications.map(({ notify_id }) => notify_id)).size).toBe(1);
    expect(new Set(shop.notifications.map(({ notify_time }) => notify_time)).size).toBe(8);
    expect(shop.notifications.every(isGenuine)).toBe(true);
  }),
);

describe('which events are told', () => {
  /** A trade of each kind of life; gives the statuses that were told. */
  const live = async (): Promise<string[]> => {
    await shop.create({ timeout_express: '1m' });
    const closed = await shop.create();
    await shop.call('close', { trade_no: closed.trade_no });
    const { trade_no } = await shop.paid();
    await shop.call('refund', { trade_no, refund_amount: '2', out_request_no: 'r1' });
    await shop.later({ minutes: 1 });
    await shop.call('refund', { trade_no, refund_amount: '10.34', out_request_no: 'r2' });
    await shop.paid();
    await shop.later({ days: 365 });
    return shop.notifications.map(({ trade_status = '', refund_fee }) =>
      refund_fee === undefined ? trade_status : `${trade_status} ${refund_fee}`,
    );
  };

  test(
    'by default payments and partial refunds',
    withShopOfItsOwn(async () => {
      expect((await live()).sort()).toEqual(['TRADE_SUCCESS', 'TRADE_SUCCESS', 'TRADE_SUCCESS 2.00']);
    }),
  );

  test(
    'on demand all of them',
    withShopOfItsOwn(async () => {
      await shop.set({ notifications: ['WAIT_BUYER_PAY', 'TRADE_SUCCESS', 'TRADE_CLOSED', 'TRADE_FINISHED'] });
      expect((await live()).sort()).toEqual([
        'TRADE_CLOSED',
        'TRADE_CLOSED',
        'TRADE_CLOSED 12.34',
        'TRADE_FINISHED',
        'TRADE_SUCCESS',
        'TRADE_SUCCESS',
        'TRADE_SUCCESS 2.00',
        'WAIT_BUYER_PAY',
        'WAIT_BUYER_PAY',
        'WAIT_BUYER_PAY',
        'WAIT_BUYER_PAY',
      ]);
      const full = shop.notifications.find(({ refund_fee }) => refund_fee === '12.34');
      expect(full).toMatchObject({
        out_biz_no: 'r2',
        send_back_fee: '10.34',
        gmt_close: expect.any(String) as unknown,
      });
      const expired = shop.notifications.find(({ gmt_close }) => gmt_close === '2026-06-01 12:01:00');
      expect(expired).not.toHaveProperty('refund_fee');
    }),
  );
});

describe('what goes wrong on purpose', () => {
  const next = (kind: string): Promise<Fields> =>
    shop.program.fault(kind, {
      match: { platform: 'alipay', platformAppId: shop.program.platformAppId, direction: 'out' },
    });

  test.each(['forge', 'wrong_signature'])(
    '%s: the signature does not fit, and the genuine one follows',
    async (kind) => {
      await next(kind);
      await shop.paid();
      expect(isGenuine(shop.notifications[0])).toBe(false);
      await shop.later({ minutes: 4 });
      expect(isGenuine(shop.notifications[1])).toBe(true);
      expect(shop.notifications[1]).toHaveProperty('notify_id', shop.notifications[0]?.notify_id);
    },
  );

  test('wrong_amount: genuine, of another amount', async () => {
    await next('wrong_amount');
    await shop.paid();
    expect(shop.notifications[0]).toMatchObject({ total_amount: '12.35', receipt_amount: '12.35' });
    expect(isGenuine(shop.notifications[0])).toBe(true);
  });
});

test.each(['key', 'certificate'])("a new key of Alipay's signs notifications too, in %s mode", async (mode) => {
  shop = await AlipayShop.open(sandbox, { mode });
  const { platformAppId } = shop.program;
  const console = async (): Promise<Texts> => (await sandbox.account('alipay', { platformAppId })).credentials as Texts;
  const keyIn = ({ alipayCertificate, alipayPublicKey }: Texts): Fields => ({ alipayCertificate, alipayPublicKey });
  const { trade_no } = await shop.create();
  const before = await console();
  await shop.program.fault('rotate_key');
  await shop.program.send(shop.program.signed('alipay.trade.query', { bizContent: { trade_no } }));
  const after = await console();
  expect(keyIn(after)).not.toEqual(keyIn(before));

  await shop.tradePay(trade_no);
  const [notification] = await shop.notified(1);
  const verifies = (credentials: Texts): boolean =>
    shop.program
      .sdk(
        mode === 'key'
          ? { alipayPublicKey: credentials.alipayPublicKey ?? '' }
          : {
              appCertContent: credentials.appCertificate ?? '',
              alipayPublicCertContent: credentials.alipayCertificate ?? '',
              alipayRootCertContent: credentials.alipayRootCertificate ?? '',
            },
      )
      .checkNotifySignV2(notification);
  expect(verifies(before)).toBe(false);
  expect(verifies(after)).toBe(true);
  await shop.close();
});
