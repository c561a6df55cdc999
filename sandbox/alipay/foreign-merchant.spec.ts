import { AlipayShop, type Texts } from '../testing/alipay-shop.js';
import { type Fields, TestSandbox } from '../testing/test-sandbox.js';

let sandbox: TestSandbox;
let shops: Record<string, AlipayShop>;

beforeAll(async () => {
  sandbox = await TestSandbox.start();
  shops = {
    key: await AlipayShop.open(sandbox, { mode: 'key' }),
    certificate: await AlipayShop.open(sandbox, { mode: 'certificate' }),
  };
});
beforeEach(() => {
  sandbox.now = Date.now(); // the SDK takes the machine's time
  for (const shop of Object.values(shops)) shop.receiver.forget();
});
afterAll(async () => {
  await sandbox.stop();
  for (const shop of Object.values(shops)) await shop.close();
});

const shopIn = (mode: string): AlipayShop => shops[mode] as AlipayShop;
const V3 = '/v3/alipay/trade';

/** One and the same merchant's server, in either protocol. */
const clients = {
  v2: (shop: AlipayShop) => (method: string, content: Fields) =>
    shop.call(method, content, { notify_url: shop.notifyUrl }),
  v3: (shop: AlipayShop) => async (method: string, content: Fields) => {
    const body = { ...content, ...(method === 'create' && { notify_url: shop.notifyUrl }) };
    const path = `${V3}/${method.replaceAll('.', '/')}` as const;
    return (await shop.program.sdk().curl<Texts>('POST', path, { body })).data;
  },
};

describe.each(['key', 'certificate'])("Alipay's own SDK in %s mode", (mode) => {
  describe.each(['v2', 'v3'] as const)('and protocol %s', (protocol) => {
    test('creates a trade, is told that it was paid, asks for it, and sends the money back in two parts', async () => {
      const shop = shopIn(mode);
      const call = clients[protocol](shop);
      const order = shop.order({ passback_params: 'a=b&c=d / 茶', body: 'green+tea' });
      const created = await call('create', order);
      expect(created).toMatchObject({ out_trade_no: order.out_trade_no });
      expect(created.trade_no).toMatch(/^20\d{26}$/);
      const number = { out_trade_no: order.out_trade_no };
      expect(await call('query', number)).toMatchObject({ trade_status: 'WAIT_BUYER_PAY', receipt_amount: '0.00' });

      expect(await shop.tradePay(created.trade_no)).toEqual({ resultCode: '9000' });
      const [notification = {}] = await shop.notified(1);
      expect(shop.program.sdk().checkNotifySign(notification)).toBe(true);
      expect(shop.program.sdk().checkNotifySignV2(notification)).toBe(true);
      expect(shop.program.sdk().checkNotifySignV2({ ...notification, total_amount: '12.35' })).toBe(false);
      expect(notification).toMatchObject({ trade_status: 'TRADE_SUCCESS', passback_params: 'a=b&c=d / 茶' });
      expect(await call('query', number)).toMatchObject({ trade_status: 'TRADE_SUCCESS', total_amount: '12.34' });

      const refund = (amount: string, no: string) =>
        call('refund', { ...number, refund_amount: amount, out_request_no: no });
      expect(await refund('2.34', 'r1')).toMatchObject({ fund_change: 'Y', refund_fee: '2.34' });
      await shop.later({ seconds: 3 });
      expect(await refund('10', 'r2')).toMatchObject({ fund_change: 'Y', refund_fee: '12.34' });
      const asked = { ...number, out_request_no: 'r1' };
      const answer = await call('fastpay.refund.query', asked);
      expect(answer).toMatchObject({ refund_status: 'REFUND_SUCCESS', refund_amount: '2.34', total_amount: '12.34' });
      expect(await shop.status(order.out_trade_no)).toBe('TRADE_CLOSED');
    });

    test('closes a trade that nobody paid', async () => {
      const shop = shopIn(mode);
      const call = clients[protocol](shop);
      const { trade_no, out_trade_no } = await call('create', shop.order());
      expect(await call('close', { trade_no })).toMatchObject({ trade_no, out_trade_no });
      expect(await shop.status(out_trade_no)).toBe('TRADE_CLOSED');
      expect(await shop.tradePay(trade_no)).toMatchObject({ resultCode: '4000', memo: expect.any(String) as unknown });
    });
  });

  test('hears of refusals in the form of each protocol', async () => {
    const shop = shopIn(mode);
    expect(await clients.v2(shop)('query', { out_trade_no: 'none' })).toMatchObject({
      code: '40004',
      msg: 'Business Failed',
      sub_code: 'ACQ.TRADE_NOT_EXIST',
      sub_msg: '交易不存在',
      out_trade_no: 'none',
      receipt_amount: '0.00',
      buyer_pay_amount: '0.00',
    });
    await expect(clients.v3(shop)('query', { out_trade_no: 'none' })).rejects.toMatchObject({
      code: 'ACQ.TRADE_NOT_EXIST',
      responseHttpStatus: 400,
    });
  });

  test('reads a notification with percent signs in it, with the newer of its two checks', async () => {
    const shop = shopIn(mode);
    await shop.paid({ body: '%41 of 100%' });
    expect(shop.notifications[0]).toHaveProperty('body', '%41 of 100%');
    expect(shop.program.sdk().checkNotifySignV2(shop.notifications[0])).toBe(true);
  });

  test('speaks of trades encrypted', async () => {
    const shop = shopIn(mode);
    const bizContent = shop.order();
    const created = await shop.program.sdk().exec('alipay.trade.create', { bizContent, needEncrypt: true });
    expect(created).toMatchObject({ code: '10000', out_trade_no: bizContent.out_trade_no });
  });
});
