import { WechatShop } from '../testing/wechat-shop.js';

let shop: WechatShop;
beforeAll(async () => {
  shop = await WechatShop.open();
});
afterAll(() => shop.close());

const prepay = async (over = {}): Promise<{ number: unknown; prepayId: unknown }> => {
  const draft = shop.draft(over);
  return { number: draft.out_trade_no, prepayId: (await shop.place(draft)).body.prepay_id };
};
const stateOf = async (number: unknown): Promise<unknown> => (await shop.query(number)).body.trade_state;

test('the payer pays', async () => {
  const { number, prepayId } = await prepay();
  expect(await shop.cashier(shop.clientParams(prepayId))).toBe('requestPayment:ok');
  expect(await stateOf(number)).toBe('SUCCESS');
});

test('the payer leaves or fails, and can still pay', async () => {
  const { number, prepayId } = await prepay();
  const params = shop.clientParams(prepayId);
  expect(await shop.cashier(params, { outcome: 'cancel' })).toBe('requestPayment:fail cancel');
  expect(await shop.cashier(params, { outcome: 'fail' })).toMatch(/^requestPayment:fail (?!cancel)./);
  expect(await stateOf(number)).toBe('NOTPAY');
  expect(await shop.cashier(params)).toBe('requestPayment:ok');
});

test.each([
  [{ paySign: 'A'.repeat(342) + '==' }, '支付验证签名失败'],
  [{ paySign: 'no base64' }, '支付验证签名失败'],
  [{ timeStamp: '1780000001' }, '支付验证签名失败'],
  [{ nonceStr: 'other' }, '支付验证签名失败'],
  [{ nonceStr: 'n'.repeat(33) }, '支付验证签名失败'],
  [{ signType: 'MD5' }, '支付验证签名失败'],
  [{ timeStamp: 1780000000 }, 'parameter error: parameter.timeStamp should be String instead of Number;'],
  [{ signType: undefined }, 'parameter error: parameter.signType should be String instead of Undefined;'],
])('the client refuses %j', async (over, detail) => {
  const { number, prepayId } = await prepay();
  expect(await shop.cashier(shop.clientParams(prepayId, over))).toBe(`requestPayment:fail ${detail}`);
  expect(await stateOf(number)).toBe('NOTPAY');
});

test('a bare prepay_id is refused, as for an app', async () => {
  const { prepayId } = await prepay();
  const params = { ...shop.clientParams(prepayId), package: prepayId };
  expect(await shop.cashier(params)).toBe('requestPayment:fail 支付验证签名失败');
});

test('only the person who ordered can pay', async () => {
  const { prepayId } = await prepay();
  await shop.login('ben');
  expect(await shop.cashier(shop.clientParams(prepayId), { user: 'ben' })).toContain('下单账号与支付账号不一致');
});

test('a paid and a closed order are refused', async () => {
  const { prepayId } = await prepay();
  await shop.cashier(shop.clientParams(prepayId));
  expect(await shop.cashier(shop.clientParams(prepayId))).toContain('已支付');
  const closed = await prepay();
  await shop.closeOrder(closed.number);
  expect(await shop.cashier(shop.clientParams(closed.prepayId))).toContain('已关闭');
});

test('time_expire is the last moment to pay, but a minute is always left', async () => {
  const { number, prepayId } = await prepay({ time_expire: '2020-01-01T00:00:00+08:00' });
  await shop.later({ seconds: 60 });
  expect(await shop.cashier(shop.clientParams(prepayId), { outcome: 'cancel' })).toContain('cancel');
  await shop.later({ seconds: 1 });
  expect(await shop.cashier(shop.clientParams(prepayId))).toContain('已过期');
  expect(await stateOf(number)).toBe('NOTPAY');
});

test('a prepay_id is good for two hours, whatever time_expire says', async () => {
  const { prepayId } = await prepay();
  await shop.later({ minutes: 119 });
  expect(await shop.cashier(shop.clientParams(prepayId), { outcome: 'cancel' })).toContain('cancel');
  await shop.later({ minutes: 1 });
  expect(await shop.cashier(shop.clientParams(prepayId))).toContain('已过期');
  expect(await shop.cashier(shop.clientParams('wx0000'))).toContain('已过期');
});

test('the client knows no other way to pay', async () => {
  const clientAction = { platform: 'wechat', method: 'tradePay', params: {} };
  const answer = await shop.sandbox.post('/_/cashier', { clientAction, user: 'ann', outcome: 'pay' });
  expect(answer.error).toBe('method_unknown');
});
