import { MERCHANT, ORDERS, REFUNDS, WechatShop } from '../testing/wechat-shop.js';

let shop: WechatShop;
beforeAll(async () => {
  shop = await WechatShop.open();
});
afterAll(() => shop.close());

test('busy: nothing is done, and nothing signed', async () => {
  await shop.fault({ match: { path: `${ORDERS}/jsapi` }, kind: 'busy' });
  const draft = shop.draft();
  const answer = await shop.place(draft);
  expect(answer).toMatchObject({ status: 429, numeric: 268447840, body: { code: 'FREQUENCY_LIMITED' } });
  expect(answer.headers).not.toHaveProperty('wechatpay-signature');
  expect((await shop.query(draft.out_trade_no)).body.code).toBe('ORDER_NOT_EXIST');
});

test.each([
  ['SYSTEM_ERROR', 500],
  ['NO_AUTH', 403],
  ['RULE_LIMIT', 403],
  ['SERVICE_UNAVAILABLE', 503],
  ['A_NEW_ONE', 400],
])('code %s comes with status %i', async (code, status) => {
  await shop.fault({ match: { path: `${ORDERS}/jsapi` }, kind: 'code', code });
  expect(await shop.place(shop.draft())).toMatchObject({ status, body: { code, message: expect.any(String) } });
});

test('how a refund ends is for refunds only: elsewhere the code is an error like any other', async () => {
  await shop.fault({ match: { path: `${ORDERS}/jsapi` }, kind: 'code', code: 'REFUND_CLOSED' });
  expect(await shop.place(shop.draft())).toMatchObject({ status: 400, body: { code: 'REFUND_CLOSED' } });
  await shop.fault({ match: { path: REFUNDS }, kind: 'code', code: 'REFUND_CLOSED' });
  expect(await shop.refund('no-such-order')).toMatchObject({ status: 404, body: { code: 'RESOURCE_NOT_EXISTS' } });
});

test('a fault finds its call by operation, merchant and mini-program', async () => {
  const operation = `${ORDERS}/out-trade-no/{out_trade_no}`;
  await shop.fault({ match: { operation, merchantId: '1600000002' }, kind: 'code', code: 'SYSTEM_ERROR' });
  expect((await shop.query('order-9999')).status).toBe(404);
  await shop.fault({ match: { operation, merchantId: MERCHANT }, kind: 'code', code: 'SYSTEM_ERROR' });
  expect((await shop.closeOrder('order-9998')).status).toBe(204);
  expect((await shop.query('order-9999')).status).toBe(500);
  await shop.sandbox.post('/_/reset', {});
});

test('a code of WeChat Pay means just "busy" to the login', async () => {
  await shop.fault({ match: { path: '/sns/jscode2session' }, kind: 'code', code: 'SYSTEM_ERROR' });
  expect(await shop.sandbox.get('/sns/jscode2session')).toMatchObject({ errcode: -1 });
});
