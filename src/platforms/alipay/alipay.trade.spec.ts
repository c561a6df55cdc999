import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { newNumber } from '../../common/ids.js';
import { toFen } from '../../common/money.js';
import type { MerchantAccount, PayOrder, RefundOrder } from '../payment-platform.js';
import type { PlatformAccount } from '../platform.js';
import { UndiciHttp } from '../undici-http.js';
import { AlipayPlatform } from './alipay.platform.js';
import { signRsa2 } from './alipay.signature.js';

// What the sandbox, which keeps the rules, would never answer; and what leaves for Alipay, to the byte.

const pair = () => generateKeyPairSync('rsa', { modulusLength: 2048 });
const base64 = (key: KeyObject, type: 'pkcs8' | 'spki') =>
  key.export({ format: 'der', type } as never).toString('base64');
const app = pair();
const alipay = pair();

const program: PlatformAccount = {
  appId: 'app_1',
  id: 'pac_1',
  platform: 'alipay',
  platformAppId: '2021000000000001',
  mode: 'test',
  credentials: {
    mode: 'key',
    appPrivateKey: base64(app.privateKey, 'pkcs8'),
    alipayPublicKey: base64(alipay.publicKey, 'spki'),
  },
};
const merchant: MerchantAccount = { appId: 'app_1', id: 'mac_1', platform: 'alipay', merchantId: '2088000000000001', mode: 'test', credentials: {}, defaults: {} }; // prettier-ignore
const accounts = { program, merchant };

type Node = Record<string, unknown>;
/** What Alipay says next to a method: a node, which it signs, or an answer as it stands. */
let answers: Record<string, Node | { status: number; body: string }>;
let requests: Record<string, string>[];
let server: Server;
let http: UndiciHttp;
let payments: AlipayPlatform['payments'];

beforeAll(async () => {
  server = createServer((incoming, outgoing) => {
    const chunks: Buffer[] = [];
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
    incoming.on('end', () => {
      const params = Object.fromEntries(new URLSearchParams(Buffer.concat(chunks).toString()));
      requests.push(params);
      const method = params['method']!;
      const answer = answers[method.replace('alipay.trade.', '')] ?? { code: '40004', sub_code: 'ACQ.TRADE_NOT_EXIST' };
      const node = JSON.stringify(answer);
      const body = `{"${method.replaceAll('.', '_')}_response":${node},"sign":"${signRsa2(node, alipay.privateKey)}"}`;
      if ('status' in answer) outgoing.writeHead(answer['status'] as number).end(answer['body']);
      else outgoing.writeHead(200).end(body);
    });
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  http = new UndiciHttp({ sandboxUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}` });
  ({ payments } = new AlipayPlatform(http));
});
beforeEach(() => {
  answers = {};
  requests = [];
});
afterAll(async () => {
  await http.close();
  await new Promise((closed) => server.close(closed));
});

const NOW = new Date('2026-03-01T04:00:00Z');
const TRADE_NO = '2026030122001400000000000001';
const anOrder = (over: Partial<PayOrder> = {}): PayOrder => ({
  number: newNumber(),
  amount: toFen(1230),
  currency: 'CNY',
  subject: 'Tea',
  payer: '0123openid',
  expiresAt: new Date('2026-03-01T16:30:15.900Z'),
  notifyUrl: 'https://a.example/callbacks/pac_1',
  settings: {},
  handle: TRADE_NO,
  transactionId: null,
  ...over,
});
const aRefund = (over: Partial<RefundOrder> = {}): RefundOrder => ({
  number: newNumber(),
  amount: toFen(230),
  reason: 'too hot',
  notifyUrl: 'https://a.example/callbacks/pac_1',
  platformRefundId: null,
  payment: anOrder({ transactionId: TRADE_NO }),
  refundedBefore: toFen(0),
  ...over,
});
const ok = (fields: Node = {}): Node => ({ code: '10000', msg: 'Success', ...fields });
const refusal = (subCode: string, code = '40004'): Node => ({ code, msg: 'Business Failed', sub_code: subCode });
const submit = (order: PayOrder) => payments.submit(accounts, order);
const sent = (at = 0): Node => JSON.parse(requests[at]!['biz_content']!) as Node;

describe('an order', () => {
  test('leaves with these fields, and with no other', async () => {
    const order = anOrder();
    answers = { create: ok({ out_trade_no: order.number, trade_no: TRADE_NO }) };
    await expect(submit(order)).resolves.toEqual({ kind: 'ready', handle: TRADE_NO, handleExpiresAt: null });
    expect(requests[0]).toMatchObject({ method: 'alipay.trade.create', notify_url: order.notifyUrl });
    expect(sent()).toEqual({
      out_trade_no: order.number,
      total_amount: '12.30',
      subject: 'Tea',
      buyer_open_id: '0123openid',
      seller_id: '2088000000000001',
      // Beijing time, whatever the machine's zone; never later than ours.
      time_expire: '2026-03-02 00:30:15',
      product_code: 'JSAPI_PAY',
      op_app_id: '2021000000000001',
    });
  });

  test('by somebody whom we know by the old user_id names that', async () => {
    await submit(anOrder({ payer: '2088102534368455' }));
    expect(sent()).toMatchObject({ buyer_id: '2088102534368455' });
    expect(sent()).not.toHaveProperty('buyer_open_id');
  });

  test('has a subject that Alipay accepts and people can read', async () => {
    await submit(anOrder({ subject: 'Tea & cake 1/2 = good\nthing\u0000' }));
    expect(sent()['subject']).toBe('Tea ＆ cake 1／2 ＝ good thing ');
  });

  test('takes its settings', async () => {
    const settings = { productCode: 'FACE_TO_FACE_PAYMENT', opAppId: '2021000000000009', body: 'green', extendParams: { hb_fq_seller_percent: '100', hb_fq_num: '3' }, enablePayChannels: 'balance,moneyFund', storeId: 's1' }; // prettier-ignore
    expect(payments.settings.safeParse(settings).success).toBe(true);
    await submit(anOrder({ settings }));
    expect(sent()).toMatchObject({ product_code: 'FACE_TO_FACE_PAYMENT', op_app_id: '2021000000000009', body: 'green', enable_pay_channels: 'balance,moneyFund', store_id: 's1', extend_params: { hb_fq_num: '3', hb_fq_seller_percent: '100' } }); // prettier-ignore
  });

  test('is repeated to the byte, in whatever order the database gives its settings back', async () => {
    const order = anOrder({ settings: { body: 'green', extendParams: { b: '1', aa: '2' } } });
    await submit(order);
    await submit({ ...order, settings: { extendParams: { aa: '2', b: '1' }, body: 'green' } });
    expect(requests[1]!['biz_content']).toBe(requests[0]!['biz_content']);
    expect(requests[1]!['notify_url']).toBe(requests[0]!['notify_url']);
  });

  test.each([
    [{ body: '' }],
    [{ unknown: 1 }],
    [{ opAppId: 'wx1' }],
    [{ enablePayChannels: 'balance', disablePayChannels: 'pcredit' }],
    [{ extendParams: { a: {} } }],
  ])('cannot have the settings %j', (settings) => {
    expect(payments.settings.safeParse(settings).success).toBe(false);
  });

  test('that Alipay has already is paid, or refused for good', async () => {
    answers = { create: refusal('ACQ.TRADE_HAS_SUCCESS') };
    await expect(submit(anOrder())).resolves.toEqual({ kind: 'paid' });
    answers = { create: refusal('ACQ.CONTEXT_INCONSISTENT') };
    await expect(submit(anOrder())).resolves.toMatchObject({ kind: 'refused', platformCode: 'ACQ.CONTEXT_INCONSISTENT', detail: expect.stringMatching(/new attempt/) }); // prettier-ignore
  });

  test.each([
    ['a code for "unknown"', refusal('isp.unknow-error', '20000')],
    ['a failure of Alipay', refusal('ACQ.SYSTEM_ERROR')],
    ['a failure of something before Alipay', { status: 502, body: 'Bad Gateway' }],
    ['an answer that is none', { status: 200, body: '<html></html>' }],
    ['an answer that does not verify', { status: 200, body: '{"alipay_trade_create_response":{"code":"10000"},"sign":"eA=="}' }], // prettier-ignore
    ['a success without a signature', { status: 200, body: '{"alipay_trade_create_response":{"code":"10000","trade_no":"1"}}' }], // prettier-ignore
    ['a success without a trade_no', ok()],
    ['a success of another order', ok({ trade_no: TRADE_NO, out_trade_no: 'other' })],
  ])('that is answered by %s may or may not be there', async (_, answer) => {
    answers = { create: answer };
    await expect(submit(anOrder())).rejects.toMatchObject({ problem: 'platform_unknown' });
  });

  test('that was certainly not looked at may be sent again', async () => {
    answers = { create: refusal('isv.app-call-limited', '40005') };
    await expect(submit(anOrder())).rejects.toMatchObject({ problem: 'platform_rate_limited' });
    answers = { create: { status: 429, body: '' } };
    await expect(submit(anOrder())).rejects.toMatchObject({ problem: 'platform_rate_limited' });
    answers = { create: refusal('ACQ.ACCESS_FORBIDDEN') };
    await expect(submit(anOrder())).rejects.toMatchObject({ problem: 'platform_account_misconfigured', message: /signed up/ }); // prettier-ignore
  });

  test('is opened by the client with its trade_no', () => {
    const order = anOrder();
    expect(payments.clientAction(accounts, order)).toEqual({
      platform: 'alipay',
      method: 'tradePay',
      params: { tradeNO: TRADE_NO },
      proof: 'callback',
      expiresAt: '2026-03-01T16:30:15.900Z',
    });
    expect(() => payments.clientAction(accounts, { ...order, handle: null })).toThrow(/not submitted/);
  });
});

describe('a question', () => {
  const order = anOrder();
  const trade = (over: Node = {}) =>
    ok({ trade_no: TRADE_NO, out_trade_no: order.number, trade_status: 'TRADE_SUCCESS', total_amount: '12.30', send_pay_date: '2026-03-01 12:00:00', buyer_open_id: '0123openid', ...over }); // prettier-ignore
  const query = (over: Partial<PayOrder> = {}) => payments.query(accounts, { ...order, ...over });
  const paid = { transactionId: TRADE_NO, paidAt: NOW, amount: 1230, currency: 'CNY', payer: '0123openid' };

  test.each([
    ['TRADE_SUCCESS', {}, { kind: 'succeeded', paid }],
    ['TRADE_FINISHED', {}, { kind: 'succeeded', paid }],
    ['TRADE_CLOSED', {}, { kind: 'succeeded', paid }],
    ['TRADE_CLOSED', { send_pay_date: undefined }, { kind: 'closed' }],
    ['WAIT_BUYER_PAY', { send_pay_date: undefined }, { kind: 'pending' }],
  ])('about %s %j', async (trade_status, over, state) => {
    answers = { query: trade({ trade_status, ...over }) };
    await expect(query()).resolves.toEqual(state);
    expect(sent()).toEqual({ out_trade_no: order.number });
  });

  test('names the payer in the form that the order has, or not at all', async () => {
    answers = { query: trade({ buyer_user_id: '2088102534368455' }) };
    await expect(query({ payer: '2088102534368455' })).resolves.toMatchObject({ paid: { payer: '2088102534368455' } });
    answers = { query: trade() };
    await expect(query({ payer: '2088102534368455' })).resolves.not.toHaveProperty('paid.payer');
  });

  test.each([
    ['another order', { out_trade_no: 'other' }],
    ['a payment without its time', { send_pay_date: undefined }],
    ['an unknown status', { trade_status: 'TRADE_PENDING' }],
    ['an amount that is none', { total_amount: '12.345' }],
  ])('that is answered with %s has no answer', async (_, over) => {
    answers = { query: trade(over) };
    await expect(query()).rejects.toMatchObject({ problem: 'platform_answer_invalid' });
  });

  test('about an order that Alipay does not know says so; one that it does not answer says nothing', async () => {
    await expect(query()).resolves.toEqual({ kind: 'absent' });
    answers = { query: refusal('ACQ.SYSTEM_ERROR') };
    await expect(query()).rejects.toMatchObject({ problem: 'platform_unknown' });
    answers = { query: refusal('ACQ.INVALID_PARAMETER') };
    await expect(query()).rejects.toMatchObject({ problem: 'platform_refused' });
  });
});

describe('closing', () => {
  const close = (over: Partial<PayOrder> = {}) => payments.close(accounts, anOrder(over));

  test.each(['ACQ.TRADE_STATUS_ERROR', 'ACQ.REASON_TRADE_STATUS_INVALID', 'ACQ.REASON_ILLEGAL_STATUS'])(
    'an order that is %s is to be asked about',
    async (subCode) => {
      answers = { close: refusal(subCode) };
      await expect(close()).resolves.toEqual({ kind: 'paid' });
    },
  );

  test('an order that Alipay does not know is done when nobody was given it, and else waits for its end', async () => {
    await expect(close({ handle: null })).resolves.toEqual({ kind: 'closed' });
    await expect(close()).resolves.toEqual({ kind: 'waits', until: anOrder().expiresAt });
  });

  test('without a clear answer leaves it open', async () => {
    answers = { close: { status: 502, body: '' } };
    await expect(close()).rejects.toMatchObject({ problem: 'platform_unknown' });
    answers = { close: refusal('ACQ.INVALID_PARAMETER') };
    await expect(close()).rejects.toMatchObject({ problem: 'platform_refused' });
  });
});

describe('a refund', () => {
  const QUERY = 'fastpay.refund.query';
  const refund = (over: Partial<RefundOrder> = {}) => payments.refund(accounts, aRefund(over));
  const done = ok({ refund_status: 'REFUND_SUCCESS', refund_amount: '2.30', gmt_refund_pay: '2026-03-01 12:00:00' });
  const succeeded = { kind: 'succeeded', facts: { amount: 230, succeededAt: NOW } };

  test('leaves with these fields, and has happened when the answer says that money moved', async () => {
    answers = { refund: ok({ fund_change: 'Y', refund_fee: '9.99', gmt_refund_pay: '2026-03-01 12:00:00' }) };
    const order = aRefund();
    await expect(payments.refund(accounts, order)).resolves.toEqual({ kind: 'succeeded', facts: { succeededAt: NOW } });
    expect(sent()).toEqual({ trade_no: TRADE_NO, refund_amount: '2.30', out_request_no: order.number, refund_reason: 'too hot' }); // prettier-ignore
    expect(requests).toHaveLength(1);
  });

  test.each([[{ fund_change: 'N' }], [{}]])('that moved no money with this call %j is asked for', async (answer) => {
    answers = { refund: ok(answer), [QUERY]: done };
    await expect(refund()).resolves.toEqual(succeeded);
    expect(sent(1)).toMatchObject({ trade_no: TRADE_NO, query_options: ['gmt_refund_pay'] });
    answers = { refund: ok(answer), [QUERY]: ok() };
    await expect(refund()).resolves.toEqual({ kind: 'pending', facts: {} });
  });

  test('that is refused because it was done before has succeeded', async () => {
    answers = { refund: refusal('ACQ.TRADE_HAS_CLOSE'), [QUERY]: done };
    await expect(refund()).resolves.toEqual(succeeded);
    answers = { refund: refusal('ACQ.TRADE_HAS_CLOSE'), [QUERY]: ok() };
    await expect(refund()).resolves.toMatchObject({ kind: 'failed', platformCode: 'ACQ.TRADE_HAS_CLOSE', detail: expect.stringMatching(/given back/) }); // prettier-ignore
  });

  test('that is refused is not called failed while Alipay does not say whether it was done before', async () => {
    answers = { refund: refusal('ACQ.REASON_TRADE_REFUND_FEE_ERR'), [QUERY]: refusal('ACQ.SYSTEM_ERROR') };
    await expect(refund()).rejects.toMatchObject({ problem: 'platform_unknown' });
    answers = { refund: refusal('ACQ.REASON_TRADE_REFUND_FEE_ERR'), [QUERY]: refusal('ACQ.INVALID_PARAMETER') };
    await expect(refund()).rejects.toMatchObject({ problem: 'platform_refused' });
  });

  test('of another amount under the same number shows the amount that went back', async () => {
    answers = { refund: refusal('ACQ.DISCORDANT_REPEAT_REQUEST'), [QUERY]: { ...done, refund_amount: '1.00' } };
    await expect(refund()).resolves.toMatchObject({ kind: 'succeeded', facts: { amount: 100 } });
    answers = { refund: refusal('ACQ.DISCORDANT_REPEAT_REQUEST'), [QUERY]: ok() };
    await expect(refund()).resolves.toMatchObject({ kind: 'failed' });
  });

  test('waits for the balance', async () => {
    answers = { refund: refusal('ACQ.SELLER_BALANCE_NOT_ENOUGH') };
    await expect(refund()).resolves.toEqual({ kind: 'later', platformCode: 'ACQ.SELLER_BALANCE_NOT_ENOUGH', detail: expect.stringMatching(/top it up/), retryAfter: 3600 }); // prettier-ignore
  });

  test.each([
    ['20000', refusal('isp.unknow-error', '20000')],
    ['SYSTEM_ERROR', refusal('ACQ.SYSTEM_ERROR')],
    ['nothing readable', { status: 200, body: '' }],
  ])('that is answered by %s may or may not have happened', async (_, answer) => {
    answers = { refund: answer };
    await expect(refund()).rejects.toMatchObject({ problem: 'platform_unknown' });
  });

  test('made in the console is asked for by its own number, and never sent', async () => {
    answers = { [QUERY]: done };
    const foreign = { platformRefundId: `${TRADE_NO}/20260302120000/7` };
    await expect(payments.queryRefund(accounts, aRefund(foreign))).resolves.toEqual(succeeded);
    expect(sent()).toMatchObject({ out_request_no: '20260302120000/7' });
    answers = { [QUERY]: ok() };
    await expect(refund(foreign)).resolves.toEqual({ kind: 'pending', facts: {} });
    expect(requests.map(({ method }) => method)).not.toContain('alipay.trade.refund');
  });

  test('that Alipay knows and has not carried out is pending; one that it does not know is absent', async () => {
    const query = () => payments.queryRefund(accounts, aRefund());
    answers = { [QUERY]: ok({ out_request_no: 'x', refund_amount: '2.30' }) };
    await expect(query()).resolves.toEqual({ kind: 'pending', facts: { amount: 230 } });
    answers = { [QUERY]: ok() };
    await expect(query()).resolves.toEqual({ kind: 'absent' });
    answers = { [QUERY]: refusal('TRADE_NOT_EXIST') };
    await expect(query()).resolves.toEqual({ kind: 'absent' });
  });
});
