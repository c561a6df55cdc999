import { DouyinContracts, openIdOf } from '../testing/douyin-contracts.js';
import { MERCHANT, PROGRAM } from '../testing/douyin-shop.js';
import type { Fields } from '../testing/test-sandbox.js';

let contracts: DouyinContracts;
beforeEach(async () => {
  contracts = await DouyinContracts.open();
});
afterEach(() => contracts.close());

const errNo = async (name: string, body: Fields, token?: string): Promise<unknown> =>
  (await contracts.call(name, body, token)).err_no;

const told = async (type: string): Promise<Fields[]> => (await contracts.shop.heard(type)).map(({ msg }) => msg);

describe('query_sign_order', () => {
  test('shows a contract by either number', async () => {
    const data = contracts.signData();
    const { authOrderId, number } = await contracts.signed(data);
    const contract = {
      app_id: PROGRAM,
      auth_order_id: authOrderId,
      out_auth_order_no: number,
      service_id: 'service_monthly',
      status: 'SERVING',
      open_id: contracts.openId,
      sign_time: contracts.shop.now,
      notify_url: data.notifyUrl,
    };
    expect(await contracts.call('query_sign_order', { auth_order_id: authOrderId })).toEqual({
      err_no: 0,
      err_msg: '',
      log_id: expect.any(String),
      data: contract,
    });
    expect(await contracts.ask('query_sign_order', { out_auth_order_no: number })).toEqual(contract);
  });

  test('has no sign_time before', async () => {
    const { authOrderId } = await contracts.page(contracts.signData(), { outcome: 'cancel' });
    const contract = await contracts.ask('query_sign_order', { auth_order_id: authOrderId });
    expect(contract.status).toBe('TOBESERVED');
    expect(contract).not.toHaveProperty('sign_time');
  });

  test('wants a number and a client_token that lives, and knows no contract of another mini-program', async () => {
    const other = 'tt00000000000000bb';
    await contracts.shop.sandbox.account('douyin', { platformAppId: other, credentials: { secret: 's' } });
    const token = await contracts.shop.tokenOf(other);
    const { authOrderId, number } = await contracts.signed();
    expect(await errNo('query_sign_order', {})).toBe(10000);
    expect(await errNo('query_sign_order', { auth_order_id: 'mota1' })).toBe(20000);
    expect(await errNo('query_sign_order', { auth_order_id: authOrderId }, token)).toBe(20000);
    expect(await errNo('query_sign_order', { out_auth_order_no: number }, token)).toBe(20000);
    expect(await errNo('terminate_sign', { auth_order_id: authOrderId }, token)).toBe(20000);
    expect(await errNo('query_sign_order', { auth_order_id: authOrderId }, 'clt.nonsense')).toBe(28001003);
  });

  test('says busy and injected codes in its own words', async () => {
    const match = { platform: 'douyin', path: '/api/trade_auth/v1/developer/query_sign_order/' };
    await contracts.shop.sandbox.post('/_/faults', { match, kind: 'busy' });
    await contracts.shop.sandbox.post('/_/faults', { match, kind: 'code', code: '13000' });
    expect(await errNo('query_sign_order', { auth_order_id: 'x' })).toBe(12001);
    expect(await errNo('query_sign_order', { auth_order_id: 'x' })).toBe(13000);
  });
});

describe('a signature', () => {
  test('is told at once, signed with the key of the mini-program', async () => {
    const { authOrderId, number } = await contracts.signed();
    const [callback] = await contracts.shop.heard('sign_callback');
    expect(callback?.raw.path).toBe('/signed');
    expect(callback?.raw.headers).toMatchObject({
      'content-type': 'application/json',
      'byte-identifyname': 'sign_callback',
    });
    expect(JSON.parse(callback?.raw.body ?? '')).toMatchObject({ version: '1.0', type: 'sign_callback' });
    expect(callback?.msg).toEqual({
      app_id: PROGRAM,
      status: 'SUCCESS',
      auth_order_id: authOrderId,
      out_auth_order_no: number,
      event_time: contracts.shop.now,
    });
    expect(callback && contracts.isGenuine(callback)).toBe(true);
  });

  test('with a payment is told twice, each at its own address', async () => {
    const data = contracts.payAndSignData();
    const { authOrderId, payOrderId } = await contracts.signed(data);
    expect(await told('sign_callback')).toMatchObject([{ status: 'SUCCESS', auth_order_id: authOrderId }]);
    const [callback] = await contracts.shop.heard('sign_pay_callback');
    expect(callback?.raw.path).toBe('/debited');
    expect(callback?.msg).toEqual({
      app_id: PROGRAM,
      status: 'SUCCESS',
      auth_order_id: authOrderId,
      pay_order_id: payOrderId,
      out_pay_order_no: (data.authPayOrder as Fields).outPayOrderNo,
      total_amount: 100,
      pay_channel: 10,
      channel_pay_id: expect.stringMatching(/^\d{28}$/),
      merchant_uid: MERCHANT,
      user_bill_pay_id: expect.any(String),
      event_time: contracts.shop.now,
    });
  });

  test('is told at the address of the console where the contract names none, and nowhere without', async () => {
    const { shop } = contracts;
    await contracts.signed(contracts.signData({ notifyUrl: undefined }));
    expect(await told('sign_callback')).toEqual([]);
    await shop.sandbox.account('douyin', { platformAppId: PROGRAM, push: { url: `${shop.receiver.origin}/console` } });
    await contracts.signed(contracts.signData({ notifyUrl: undefined }));
    expect((await shop.heard('sign_callback')).map(({ raw }) => raw.path)).toEqual(['/console']);
  });

  test('is told on the schedule of trades until it is received; wrong_amount changes nothing', async () => {
    const match = { platform: 'douyin', direction: 'out' };
    await contracts.shop.sandbox.post('/_/faults', { match, kind: 'wrong_amount' });
    contracts.shop.receiver.answer = () => ({ status: 500 });
    await contracts.signed();
    const next = await contracts.shop.pass(0);
    expect(next && next - contracts.shop.now).toBe(12_000);
    await contracts.shop.pass(12);
    const callbacks = await contracts.shop.heard('sign_callback');
    expect(callbacks).toHaveLength(2);
    expect(callbacks[0]?.msg).toEqual(callbacks[1]?.msg);
    expect(callbacks.every((callback) => contracts.isGenuine(callback))).toBe(true);
  });
});

describe('time to sign', () => {
  test('is five minutes unless the contract says otherwise; its end is told', async () => {
    const short = contracts.payAndSignData();
    const long = contracts.signData({ expireSeconds: 600 });
    const { authOrderId, payOrderId } = await contracts.page(short, { outcome: 'cancel' });
    await contracts.page(long, { outcome: 'cancel' });
    await contracts.shop.pass(299);
    expect(await told('sign_callback')).toEqual([]);
    await contracts.shop.pass(1);
    const ended = { auth_order_id: authOrderId, event_time: contracts.shop.now };
    expect(await told('sign_callback')).toEqual([expect.objectContaining({ ...ended, status: 'TIME_OUT' })]);
    const [unpaid] = await told('sign_pay_callback');
    expect(unpaid).toMatchObject({ ...ended, status: 'TIME_OUT', pay_order_id: payOrderId, total_amount: 100 });
    expect(unpaid).not.toHaveProperty('channel_pay_id');
    expect(await contracts.ask('query_sign_order', { auth_order_id: authOrderId })).toMatchObject({
      status: 'TIMEOUT',
    });
    expect(await contracts.ask('query_sign_pay', { pay_order_id: payOrderId })).toMatchObject({ status: 'TIMEOUT' });
    expect(await contracts.page(short)).toMatchObject({ errNo: 10000, errMsg: expect.stringMatching(/closed/) });
    expect(await contracts.page(long)).toMatchObject({ errMsg: 'sign:ok' });
  });

  test('runs on after a restart, and contracts are kept', async () => {
    const open = await contracts.page(contracts.signData(), { outcome: 'cancel' });
    const { authOrderId, number } = await contracts.signed();
    const before = await contracts.contract(number);
    await contracts.shop.sandbox.restart();
    expect(await contracts.contract(number)).toEqual(before);
    await contracts.shop.pass(300);
    expect(await contracts.ask('query_sign_order', { auth_order_id: open.authOrderId })).toMatchObject({
      status: 'TIMEOUT',
    });
    expect(await contracts.ask('query_sign_order', { auth_order_id: authOrderId })).toMatchObject({
      status: 'SERVING',
    });
    expect((await contracts.debited(authOrderId)).status).toBe('SUCCESS');
  });
});

describe('a uniqueId', () => {
  test('prevents a second contract of the person until the first one ends', async () => {
    const first = await contracts.signed(contracts.signData({ uniqueId: 'vip' }));
    const again = () => contracts.page(contracts.signData({ uniqueId: 'vip' }));
    expect(await again()).toMatchObject({
      errNo: 10000,
      errMsg: expect.stringMatching(/^createSignOrder:fail .*uniqueId/),
    });
    const bob = contracts.signData({ uniqueId: 'vip', openId: await openIdOf(contracts.shop, 'bob') });
    expect(await contracts.page(bob, { user: 'bob' })).toMatchObject({ errMsg: 'sign:ok' });
    expect(await contracts.page(contracts.signData())).toMatchObject({ errMsg: 'sign:ok' });
    await contracts.contract(first.number, { does: 'terminate' });
    expect(await again()).toMatchObject({ errMsg: 'sign:ok' });
  });

  test('of two contracts that were asked for lets one be signed', async () => {
    const [first, second] = [contracts.signData({ uniqueId: 'vip' }), contracts.signData({ uniqueId: 'vip' })];
    await contracts.page(first, { outcome: 'cancel' });
    await contracts.page(second, { outcome: 'cancel' });
    expect(await contracts.page(second)).toMatchObject({ errMsg: 'sign:ok' });
    expect(await contracts.page(first)).toMatchObject({ errNo: 10000, errMsg: expect.stringMatching(/^sign:fail/) });
  });
});

describe('the end of a contract', () => {
  test.each([
    ['user', 1],
    ['merchant', 2],
    ['platform', undefined],
  ])('by the %s is told as CANCEL', async (by, source) => {
    const { authOrderId, number } = await contracts.signed();
    await contracts.shop.pass(60);
    const shown = await contracts.contract(number, { does: 'terminate', by });
    const endedAt = new Date(contracts.shop.now).toISOString();
    expect(shown).toMatchObject({ number, contractId: authOrderId, state: 'CANCEL', endedAt, endedBy: by });
    expect((await told('sign_callback'))[1]).toMatchObject({ status: 'CANCEL', event_time: contracts.shop.now });
    const contract = await contracts.ask('query_sign_order', { auth_order_id: authOrderId });
    expect([contract.status, contract.cancel_source]).toEqual(['CANCEL', source]);
  });

  test('by terminate_sign is the merchant’s, and comes once', async () => {
    const { authOrderId, number } = await contracts.signed();
    expect(await contracts.call('terminate_sign', { auth_order_id: authOrderId })).toEqual({
      err_no: 0,
      err_msg: '',
      log_id: expect.any(String),
    });
    expect(await told('sign_callback')).toMatchObject([{ status: 'SUCCESS' }, { status: 'CANCEL' }]);
    expect(await contracts.contract(number)).toMatchObject({ state: 'CANCEL', endedBy: 'merchant' });
    expect(await contracts.ask('query_sign_order', { auth_order_id: authOrderId })).toMatchObject({ cancel_source: 2 });
    expect(await errNo('terminate_sign', { auth_order_id: authOrderId })).toBe(22000);
    expect(await errNo('terminate_sign', {})).toBe(10000);
    expect(await errNo('terminate_sign', { auth_order_id: 'mota1' })).toBe(20000);
    const { authOrderId: unsigned } = await contracts.page(contracts.signData(), { outcome: 'cancel' });
    expect(await errNo('terminate_sign', { auth_order_id: unsigned })).toBe(22000);
  });

  test('by its time is DONE', async () => {
    const { authOrderId, number } = await contracts.signed();
    const shown = await contracts.contract(number, { does: 'expire' });
    expect(shown.state).toBe('DONE');
    expect(shown).not.toHaveProperty('endedBy');
    expect((await told('sign_callback'))[1]).toMatchObject({ status: 'DONE' });
    const contract = await contracts.ask('query_sign_order', { auth_order_id: authOrderId });
    expect(contract.status).toBe('DONE');
    expect(contract).not.toHaveProperty('cancel_source');
  });

  test('comes to none that does not serve, and to none that is unknown', async () => {
    const data = contracts.signData();
    await contracts.page(data, { outcome: 'cancel' });
    const number = String(data.outAuthOrderNo);
    expect(await contracts.contract(number, { does: 'terminate' })).toMatchObject({ error: 'contract_not_serving' });
    expect(await contracts.contract(number)).toMatchObject({ state: 'TOBESERVED', debits: [], notices: [] });
    expect(await contracts.contract('nobody')).toMatchObject({ error: 'contract_unknown' });
  });
});
