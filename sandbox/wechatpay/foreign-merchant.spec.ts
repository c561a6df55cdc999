import { createRequire } from 'node:module';
import type * as Plugin from 'wechatpay-axios-plugin';
import type { Received } from '../testing/receiver.js';
import { MERCHANT, WechatShop } from '../testing/wechat-shop.js';

const { Wechatpay, Rsa, Aes, Formatter } = createRequire(import.meta.url)('wechatpay-axios-plugin') as typeof Plugin;

/** A merchant that works with npm `wechatpay-axios-plugin`: it signs, verifies and decrypts with code that is not ours. */
let shop: WechatShop;
let wxpay: Wxpay;
beforeAll(async () => {
  shop = await WechatShop.open();
  // It reads the machine's clock.
  shop.sandbox.now = Date.now();
  const { serial = '', privateKey = '', publicKeyId = '', publicKey = '' } = shop.credentials;
  const certs = { [publicKeyId]: publicKey };
  wxpay = new Wechatpay({ mchid: MERCHANT, serial, privateKey, certs, baseURL: shop.sandbox.url }) as unknown as Wxpay;
});
afterAll(() => shop.close());

interface Reply {
  readonly status: number;
  readonly data: Record<string, unknown>;
}
interface Endpoint {
  get(config?: object): Promise<Reply>;
  post(data?: object, config?: object): Promise<Reply>;
}
/** What of the client is used; its own types know the paths only as `any`. */
interface Wxpay {
  readonly v3: {
    readonly pay: {
      readonly transactions: {
        readonly jsapi: Endpoint;
        readonly id: { readonly $transaction_id$: Endpoint };
        readonly outTradeNo: { readonly $out_trade_no$: Endpoint & { readonly close: Endpoint } };
      };
    };
    readonly refund: { readonly domestic: { readonly refunds: Endpoint & { readonly $out_refund_no$: Endpoint } } };
  };
}

const transactions = () => wxpay.v3.pay.transactions;
const params = { mchid: MERCHANT };
const pay = async (): Promise<string> => {
  const draft = shop.draft();
  const { data } = await transactions().jsapi.post(draft);
  const prepay = `prepay_id=${String(data.prepay_id)}`;
  const signed = { timeStamp: `${Formatter.timestamp()}`, nonceStr: Formatter.nonce(), package: prepay };
  const message = Formatter.joinedByLineFeed(String(draft.appid), signed.timeStamp, signed.nonceStr, signed.package);
  const paySign = Rsa.sign(message, Rsa.from(shop.credentials.privateKey ?? '', 'private'));
  expect(await shop.cashier({ ...signed, signType: 'RSA', paySign })).toBe('requestPayment:ok');
  return String(draft.out_trade_no);
};
const open = ({ headers, body }: Received): Record<string, unknown> => {
  const [timestamp, nonce, signature] = ['timestamp', 'nonce', 'signature'].map((name) =>
    String(headers[`wechatpay-${name}`]),
  ) as [string, string, string];
  const key = Rsa.from(shop.credentials.publicKey ?? '', 'public');
  expect(Rsa.verify(Formatter.response(timestamp, nonce, body), signature, key)).toBe(true);
  expect(Rsa.verify(Formatter.response(timestamp, nonce, `${body} `), signature, key)).toBe(false);
  const { resource } = JSON.parse(body) as { resource: Record<string, string> };
  const { ciphertext = '', nonce: iv = '', associated_data: associated = '' } = resource;
  return JSON.parse(Aes.AesGcm.decrypt(ciphertext, shop.credentials.apiV3Key ?? '', iv, associated)) as Record<
    string,
    unknown
  >;
};

test('it places, pays and finds an order by both ids, and reads its notification', async () => {
  shop.receiver.forget();
  const number = await pay();
  const { data } = await transactions().outTradeNo.$out_trade_no$.get({ out_trade_no: number, params });
  expect(data).toMatchObject({ out_trade_no: number, trade_state: 'SUCCESS', amount: { payer_total: 990 } });
  const byId = await transactions().id.$transaction_id$.get({ transaction_id: data.transaction_id, params });
  expect(byId.data).toEqual(data);
  const [notification] = await shop.receiver.atLeast(1);
  expect(open(notification as Received)).toEqual(data);
});

test('it closes an order, and the answer without a body verifies', async () => {
  const draft = shop.draft();
  await transactions().jsapi.post(draft);
  const number = { out_trade_no: draft.out_trade_no };
  expect((await transactions().outTradeNo.$out_trade_no$.close.post(params, number)).status).toBe(204);
  const { data } = await transactions().outTradeNo.$out_trade_no$.get({ ...number, params });
  expect(data.trade_state).toBe('CLOSED');
});

test('it refunds, queries the refund, and reads its notification', async () => {
  const number = await pay();
  await shop.receiver.atLeast(1);
  const { refunds } = wxpay.v3.refund.domestic;
  const { data } = await refunds.post({
    out_trade_no: number,
    out_refund_no: 'foreign-1',
    notify_url: `${shop.receiver.origin}/refunded`,
    amount: { refund: 300, total: 990, currency: 'CNY' },
  });
  expect(data).toMatchObject({ status: 'PROCESSING', out_refund_no: 'foreign-1' });
  await shop.later({ minutes: 1 });
  const found = await refunds.$out_refund_no$.get({ out_refund_no: 'foreign-1' });
  expect(found.data).toMatchObject({ refund_id: data.refund_id, status: 'SUCCESS' });
  const notification = shop.receiver.received.find(({ path }) => path === '/refunded') as Received;
  expect(open(notification)).toMatchObject({ refund_id: data.refund_id, refund_status: 'SUCCESS' });
});

test('it hears in our words what is wrong', async () => {
  const refused = transactions().jsapi.post(shop.draft({ amount: { total: 0 } }));
  await expect(refused).rejects.toMatchObject({ response: { status: 400, data: { code: 'PARAM_ERROR' } } });
});

test('it finds an answer with a probe wrong', async () => {
  await shop.fault({ match: { direction: 'in' }, kind: 'wrong_signature' });
  await expect(transactions().jsapi.post(shop.draft())).rejects.toMatchObject({
    code: 'EV3_RES_HEADER_SIGNATURE_DIGEST',
  });
});
