import { createPublicKey } from 'node:crypto';
import { DouyinContracts, openIdOf } from '../testing/douyin-contracts.js';
import { MERCHANT, PROGRAM } from '../testing/douyin-shop.js';
import type { Fields } from '../testing/test-sandbox.js';

let contracts: DouyinContracts;
beforeAll(async () => {
  contracts = await DouyinContracts.open();
});
afterAll(() => contracts.close());

const statusOf = async (authOrderId: unknown): Promise<unknown> =>
  (await contracts.ask('query_sign_order', { auth_order_id: authOrderId })).status;

describe('a person who signs', () => {
  test('gets what the two client calls return, and the contract serves', async () => {
    const data = contracts.signData();
    const signed = await contracts.page(data);
    expect(signed).toEqual({
      authOrderId: expect.stringMatching(/^mota\d{19}$/),
      logId: expect.any(String),
      errMsg: 'sign:ok',
    });
    expect(await statusOf(signed.authOrderId)).toBe('SERVING');
    expect(await contracts.page(data)).toMatchObject({
      authOrderId: signed.authOrderId,
      errNo: 10000,
      errMsg: expect.stringMatching(/^sign:fail .*signed already/),
    });
  });

  test('and pays gets the number of the payment too, which is paid', async () => {
    const { authOrderId, payOrderId, errMsg } = await contracts.page(contracts.payAndSignData());
    expect([errMsg, await statusOf(authOrderId)]).toEqual(['sign:ok', 'SERVING']);
    expect(await contracts.ask('query_sign_pay', { pay_order_id: payOrderId })).toMatchObject({
      auth_order_id: authOrderId,
      status: 'SUCCESS',
      total_amount: 100,
      pay_channel: 10,
      merchant_uid: MERCHANT,
    });
  });

  test('may leave and fail as often as they like before', async () => {
    const data = contracts.signData();
    const left = await contracts.page(data, { outcome: 'cancel' });
    expect(left).toMatchObject({ errNo: 9, code: 4, errMsg: 'sign:fail cancel', errLogId: expect.any(String) });
    const failed = await contracts.page(data, { outcome: 'fail' });
    expect(failed).toMatchObject({ errNo: 10401, authOrderId: left.authOrderId });
    expect(failed).not.toHaveProperty('code');
    expect(await statusOf(left.authOrderId)).toBe('TOBESERVED');
    expect(await contracts.page(data)).toMatchObject({ authOrderId: left.authOrderId, errMsg: 'sign:ok' });
  });

  test('signs and pays once, however many phones try it at once', async () => {
    const data = contracts.payAndSignData();
    const answers = await Promise.all(Array.from({ length: 20 }, () => contracts.page(data)));
    expect(answers.filter(({ errMsg }) => errMsg === 'sign:ok')).toHaveLength(1);
    expect(new Set(answers.map(({ authOrderId }) => authOrderId)).size).toBe(1);
  });

  test('must be the one whose openId it is', async () => {
    const data = contracts.signData();
    expect(await contracts.page(data, { user: 'bob' })).toMatchObject({ errNo: 11001 });
    expect(await contracts.page(data, { user: 'bob', outcome: 'cancel' })).toMatchObject({ errNo: 11001 });
    expect(await contracts.page(data)).toMatchObject({ errMsg: 'sign:ok' });
  });

  test('cannot pay without signing', async () => {
    const data = contracts.payAndSignData();
    const refused = await contracts.page(data, { sign: false });
    expect(refused).toMatchObject({ errNo: 10000, errMsg: expect.stringMatching(/^sign:fail/) });
    expect(await statusOf(refused.authOrderId)).toBe('TOBESERVED');
    expect(await contracts.ask('query_sign_pay', { pay_order_id: refused.payOrderId })).toMatchObject({
      status: 'PROCESS',
    });
  });
});

describe('a contract number', () => {
  test('is one contract, also when less time is left; with other content it is refused', async () => {
    const data = contracts.signData({ expireSeconds: 600 });
    const first = await contracts.page(data, { outcome: 'cancel' });
    const again = await contracts.page({ ...data, expireSeconds: 500 }, { outcome: 'cancel' });
    expect(again.authOrderId).toBe(first.authOrderId);
    expect(await contracts.page({ ...data, serviceId: 'service_weekly' })).toEqual({
      errNo: 10000,
      errMsg: expect.stringMatching(/^createSignOrder:fail .*other content/),
      errLogId: expect.any(String),
    });
  });

  test('is free in another mini-program; then the console wants numbers that differ', async () => {
    const { shop } = contracts;
    const platformAppId = 'tt00000000000000cc';
    const appPublicKey = createPublicKey(shop.privateKey).export({ type: 'spki', format: 'pem' });
    await shop.sandbox.account('douyin', { platformAppId, credentials: { secret: 's', appPublicKey } });
    const data = contracts.signData();
    const { authOrderId, number } = await contracts.signed(data);
    const openId = await openIdOf(shop, 'ann', platformAppId);
    const other = await contracts.page({ ...data, openId }, { authorization: { appid: platformAppId } });
    expect(other).toMatchObject({ errMsg: 'sign:ok' });
    expect(other.authOrderId).not.toBe(authOrderId);
    const { auth_order_id: own } = await contracts.ask('query_sign_order', { out_auth_order_no: number });
    expect(own).toBe(authOrderId);
    expect(await contracts.contract(number)).toMatchObject({ error: 'contract_ambiguous' });
  });
});

describe('byteAuthorization', () => {
  test.each<[string, Record<string, string>]>([
    ['another uri', { uri: '/requestOrder' }],
    ['the HTTP form of the uri', { uri: '/createSignOrder/' }],
    ['another program', { appid: 'tt00000000000000ff' }],
    ['another key version', { key_version: '2' }],
    ['a timestamp in milliseconds', { timestamp: '1780286400000' }],
    ['no signature that fits', { signature: 'AAAA' }],
  ])('with %s is refused', async (_, authorization) => {
    expect(await contracts.page(contracts.signData(), { authorization })).toEqual({
      errNo: 11004,
      errMsg: expect.stringMatching(/^createSignOrder:fail signature: /),
      errLogId: expect.any(String),
    });
  });

  test('of a contract does not open the payment page', async () => {
    const { shop } = contracts;
    const authorization = { uri: '/createSignOrder' };
    expect(await shop.buy(shop.orderData(), { authorization })).toMatchObject({ errNo: 11004 });
  });
});

describe('a client action', () => {
  const params = (over: Fields): Fields => ({ method: 'sign', params: { businessType: 2 }, take: {}, ...over });

  test('that no client could run is refused with words that help', async () => {
    const refused = { error: 'client_action_refused' };
    const tried = (action: Fields) => contracts.page(contracts.signData(), { action });
    expect(await tried({ method: 'sign' })).toMatchObject(refused);
    expect(await tried({ params: { businessType: 2, data: {} } })).toMatchObject(refused);
    expect(await tried({ next: undefined })).toMatchObject(refused);
    expect(await tried({ next: params({ method: 'getOrderPayment' }) })).toMatchObject(refused);
  });

  test.each<[string, Fields, number]>([
    ['does not get the authOrderId', params({}), 20000],
    ['gets another', params({ params: { businessType: 2, orderId: 'mota1' } }), 20000],
    ['has no businessType', params({ params: {}, take: { orderId: 'authOrderId' } }), 10000],
    [
      'gets another payOrderId',
      params({ params: { businessType: 2, payOrderId: 'mots1' }, take: { orderId: 'authOrderId' } }),
      10000,
    ],
  ])('whose second call %s fails there', async (_, next, errNo) => {
    expect(await contracts.page(contracts.payAndSignData(), { action: { next } })).toMatchObject({
      errNo,
      errMsg: expect.stringMatching(/^sign:fail/),
    });
  });

  test('may leave the payOrderId out, as some running code does', async () => {
    const next = params({ take: { orderId: 'authOrderId' } });
    expect(await contracts.page(contracts.payAndSignData(), { action: { next } })).toMatchObject({ errMsg: 'sign:ok' });
  });

  test('of another businessType fails in the first call', async () => {
    const data = JSON.stringify(contracts.signData());
    const refused = await contracts.page(data, {
      action: { params: { businessType: 1, data, byteAuthorization: '' } },
    });
    expect(refused).toMatchObject({ errNo: 10000, errMsg: expect.stringMatching(/^createSignOrder:fail/) });
  });
});

test('the console lists the contract templates of a program', async () => {
  const { services } = await contracts.shop.sandbox.account('douyin', { platformAppId: PROGRAM });
  expect(services).toContainEqual({ serviceId: 'service_monthly', title: '连续包月', period: 'month' });
  expect(services).toContainEqual({
    serviceId: 'service_discounted',
    title: expect.any(String),
    period: 'month',
    price: 1_990,
    discount: { price: 990, periods: 3 },
  });
});
