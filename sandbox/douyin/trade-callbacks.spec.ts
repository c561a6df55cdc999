import { createVerify } from 'node:crypto';
import { DouyinShop, MERCHANT, PROGRAM, type TradeCallback } from '../testing/douyin-shop.js';
import type { Fields } from '../testing/test-sandbox.js';

let shop: DouyinShop;
beforeEach(async () => {
  shop = await DouyinShop.open();
});
afterEach(() => shop.close());

const isGenuine = ({ raw: { headers, body } }: TradeCallback): boolean =>
  createVerify('RSA-SHA256')
    .update(`${String(headers['byte-timestamp'])}\n${String(headers['byte-nonce-str'])}\n${body}\n`)
    .verify(shop.platformPublicKey, String(headers['byte-signature']), 'base64');

const fault = (kind: string, over: Fields = {}) =>
  shop.sandbox.post('/_/faults', { match: { platform: 'douyin', direction: 'out' }, kind, ...over });

test('a payment is told at once, signed with the key of the mini-program', async () => {
  const { orderId, outOrderNo } = await shop.sale();
  const [callback] = await shop.heard('payment');
  expect(callback?.raw.path).toBe('/paid');
  expect(callback?.raw.headers).toMatchObject({
    'content-type': 'application/json',
    'byte-identifyname': 'payment',
    'byte-logid': expect.any(String),
    'byte-timestamp': String(Math.floor(shop.sandbox.now / 1_000)),
  });
  expect(JSON.parse(callback?.raw.body ?? '')).toEqual({ version: '3.0', type: 'payment', msg: expect.any(String) });
  expect(callback?.msg).toEqual({
    app_id: PROGRAM,
    out_order_no: outOrderNo,
    order_id: orderId,
    status: 'SUCCESS',
    total_amount: 990,
    discount_amount: 0,
    pay_channel: 1,
    channel_pay_id: expect.any(String),
    merchant_uid: MERCHANT,
    user_bill_pay_id: expect.any(String),
    event_time: shop.now,
  });
  expect(callback && isGenuine(callback)).toBe(true);
});

test('an order that times out is called back as cancelled, in business time', async () => {
  const { orderId } = await shop.buy(shop.orderData(), { outcome: 'cancel' });
  expect(await shop.heard('payment')).toEqual([]);
  await shop.pass(300);
  expect((await shop.heard('payment')).map(({ msg }) => msg)).toEqual([
    expect.objectContaining({ order_id: orderId, status: 'CANCEL', message: 'TIME_OUT', event_time: shop.now }),
  ]);
});

test('so is one that the person gives up in the list of orders', async () => {
  const data = shop.orderData();
  const { orderId } = await shop.buy(data, { outcome: 'cancel', action: { cancelOrder: true } });
  const [callback] = await shop.heard('payment');
  expect(callback?.msg).toMatchObject({ order_id: orderId, status: 'CANCEL', message: 'USER_CANCEL' });
  expect(callback?.msg).not.toHaveProperty('channel_pay_id');
  expect(await shop.buy(data)).toMatchObject({ errNo: 10000 });
  await shop.pass(300);
  expect(await shop.heard('payment')).toHaveLength(1);
});

test('without an address nobody is called', async () => {
  await shop.sale({ payNotifyUrl: undefined });
  expect(await shop.heard('payment')).toEqual([]);
});

test.each([
  ['another status', { status: 500, body: '{"err_no":0}' }],
  ['no err_no', { body: 'success' }],
  ['another err_no', { body: '{"err_no":1,"err_tips":"later"}' }],
])('an answer with %s is no receipt: it comes again on the schedule, signed anew, then never', async (_, reply) => {
  shop.receiver.answer = () => reply;
  await shop.sale();
  await shop.heard('payment');
  const gaps: number[] = [];
  for (let last = shop.now; ; last = shop.now) {
    const next = await shop.pass(0);
    if (next === null) break;
    gaps.push((next - last) / 1_000);
    await shop.pass((next - last) / 1_000);
  }
  expect(gaps).toEqual([12, 12, 33, 60, 120, 180, 240, 300, 360, 420]);
  const callbacks = await shop.heard('payment');
  expect(callbacks).toHaveLength(11);
  expect(callbacks.every(isGenuine)).toBe(true);
  expect(new Set(callbacks.map(({ raw }) => raw.headers['byte-nonce-str'])).size).toBe(11);
  expect(new Set(callbacks.map(({ raw }) => raw.body)).size).toBe(1);
});

test.each(['forge', 'wrong_signature'])(
  'with the fault %s no signature fits, and the genuine one comes later',
  async (kind) => {
    await fault(kind);
    await shop.sale();
    const [false_] = await shop.heard('payment');
    expect(false_ && isGenuine(false_)).toBe(false);
    await shop.pass(12);
    const [, genuine] = await shop.heard('payment');
    expect(genuine && isGenuine(genuine)).toBe(true);
  },
);

test('with the fault wrong_amount it is genuine, and a fen is too many', async () => {
  await fault('wrong_amount');
  await shop.sale();
  const [callback] = await shop.heard('payment');
  expect(callback?.msg.total_amount).toBe(991);
  expect(callback && isGenuine(callback)).toBe(true);
});

test('a fault may be for one kind of callback', async () => {
  await fault('wrong_amount', { match: { platform: 'douyin', operation: 'refund.SUCCESS' } });
  const { outOrderNo } = await shop.sale();
  shop.receiver.answer = () => ({
    body: '{"err_no":0,"err_tips":"success","data":{"out_refund_no":"r1","order_entry_schema":{"path":"pages/refund"}}}',
  });
  await shop.sandbox.post('/_/refund', { platform: 'douyin', number: outOrderNo, amount: 90 });
  await shop.pass(0);
  await shop.pass(10);
  expect((await shop.heard('payment'))[0]?.msg.total_amount).toBe(990);
  expect((await shop.heard('refund'))[0]?.msg.refund_total_amount).toBe(91);
});
