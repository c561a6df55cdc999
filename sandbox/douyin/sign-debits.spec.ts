import { DAY, DouyinContracts } from '../testing/douyin-contracts.js';
import { MERCHANT, PROGRAM } from '../testing/douyin-shop.js';
import type { Fields } from '../testing/test-sandbox.js';

let contracts: DouyinContracts;
beforeEach(async () => {
  contracts = await DouyinContracts.open();
});
afterEach(() => contracts.close());

const errNo = async (authOrderId: string, over: Fields = {}): Promise<unknown> =>
  (await contracts.debit(authOrderId, over)).err_no;

const told = async (): Promise<Fields[]> => (await contracts.shop.heard('sign_pay_callback')).map(({ msg }) => msg);

describe('a debit', () => {
  test('is accepted first; a moment later it is paid, and told', async () => {
    const { authOrderId, number } = await contracts.signed();
    const { err_no, data } = await contracts.debit(authOrderId, { out_pay_order_no: 'd1' });
    const { pay_order_id: payOrderId } = data as Fields;
    expect([err_no, data]).toEqual([0, { pay_order_id: expect.stringMatching(/^mots\d{19}$/) }]);
    const asked = {
      app_id: PROGRAM,
      auth_order_id: authOrderId,
      pay_order_id: payOrderId,
      out_pay_order_no: 'd1',
      total_amount: 990,
      merchant_uid: MERCHANT,
      notify_url: expect.stringMatching(/\/debited$/),
    };
    const pending = await contracts.ask('query_sign_pay', { pay_order_id: payOrderId });
    expect(pending).toEqual({ ...asked, status: 'PROCESS' });
    expect(await contracts.debitsOf(number)).toMatchObject([{ outcome: 'pending' }]);
    await contracts.shop.pass(1);

    const paidAt = contracts.shop.now;
    const paid = await contracts.ask('query_sign_pay', { out_pay_order_no: 'd1' });
    const channelPayId = paid.channel_pay_id;
    expect(paid).toEqual({
      ...asked,
      status: 'SUCCESS',
      pay_channel: 10,
      channel_pay_id: expect.stringMatching(/^\d{28}$/),
      pay_time: paidAt,
    });
    const [callback] = await contracts.shop.heard('sign_pay_callback');
    expect(callback && contracts.isGenuine(callback)).toBe(true);
    expect(JSON.parse(callback?.raw.body ?? '')).toMatchObject({ version: '1.0' });
    expect(callback?.msg).toEqual({
      app_id: PROGRAM,
      status: 'SUCCESS',
      auth_order_id: authOrderId,
      pay_order_id: payOrderId,
      out_pay_order_no: 'd1',
      total_amount: 990,
      pay_channel: 10,
      channel_pay_id: channelPayId,
      merchant_uid: MERCHANT,
      user_bill_pay_id: expect.any(String),
      event_time: paidAt,
    });
    const at = new Date(paidAt).toISOString();
    expect(await contracts.debitsOf(number)).toEqual([{ number: 'd1', amount: 990, at, outcome: 'paid' }]);
  });

  test('is one for its number, however often and fast it is asked for', async () => {
    const { authOrderId, number } = await contracts.signed();
    const debits = Array.from({ length: 20 }, () => contracts.debit(authOrderId, { out_pay_order_no: 'd1' }));
    const ids = (await Promise.all(debits)).map(({ data }) => (data as Fields).pay_order_id);
    expect(new Set(ids).size).toBe(1);
    await contracts.shop.pass(1);
    const [again] = await Promise.all([contracts.debit(authOrderId, { out_pay_order_no: 'd1' })]);
    expect((again.data as Fields).pay_order_id).toBe(ids[0]);
    expect(await told()).toHaveLength(1);
    expect(await contracts.debitsOf(number)).toHaveLength(1);
    expect(await errNo(authOrderId, { out_pay_order_no: 'd1', total_amount: 991 })).toBe(10000);
  });

  test('is told at the address of the console where it names none', async () => {
    const { shop } = contracts;
    await shop.sandbox.account('douyin', { platformAppId: PROGRAM, push: { url: `${shop.receiver.origin}/console` } });
    const { authOrderId } = await contracts.signed();
    await contracts.debited(authOrderId, { notify_url: undefined });
    expect((await shop.heard('sign_pay_callback')).map(({ raw }) => raw.path)).toEqual(['/console']);
  });

  test('survives a restart between acceptance and result', async () => {
    const { authOrderId } = await contracts.signed();
    await contracts.debit(authOrderId, { out_pay_order_no: 'd1' });
    await contracts.shop.sandbox.restart();
    await contracts.shop.pass(1);
    expect(await contracts.ask('query_sign_pay', { out_pay_order_no: 'd1' })).toMatchObject({ status: 'SUCCESS' });
  });

  test('takes an injected code like every call, and nothing comes of it', async () => {
    const { authOrderId, number } = await contracts.signed();
    const match = { platform: 'douyin', path: '/api/trade_auth/v1/developer/create_sign_pay/' };
    await contracts.shop.sandbox.post('/_/faults', { match, kind: 'code', code: '13000' });
    expect(await errNo(authOrderId)).toBe(13000);
    expect(await contracts.debitsOf(number)).toEqual([]);
  });
});

describe('an empty wallet', () => {
  test('fails the debit, which is told; the next is refused today and paid tomorrow', async () => {
    const { authOrderId, number } = await contracts.signed();
    await contracts.wallet('empty', { times: 1 });
    const failed = await contracts.debited(authOrderId);
    expect(failed.status).toBe('FAIL');
    expect(failed).not.toHaveProperty('channel_pay_id');
    const [callback] = await told();
    expect(callback).toMatchObject({ status: 'FAIL', pay_order_id: failed.pay_order_id, total_amount: 990 });
    expect(callback).not.toHaveProperty('pay_channel');
    expect(await errNo(authOrderId)).toBe(22000);
    // It was noon in China: 23:59:59, and then midnight.
    await contracts.shop.pass(DAY / 2 - 2);
    expect(await errNo(authOrderId)).toBe(22000);
    await contracts.shop.pass(1);
    expect((await contracts.debited(authOrderId)).status).toBe('SUCCESS');
    expect((await contracts.debitsOf(number)).map(({ outcome }) => outcome)).toEqual([
      'failed',
      'refused',
      'refused',
      'paid',
    ]);
  });

  test('stays empty until it is full, and is that person’s only', async () => {
    const { authOrderId } = await contracts.signed();
    await contracts.wallet('empty', { user: 'bob' });
    await contracts.wallet('empty');
    for (let day = 0; day < 3; day += 1) {
      expect((await contracts.debited(authOrderId)).status).toBe('FAIL');
      await contracts.shop.pass(DAY);
    }
    await contracts.wallet('full');
    expect((await contracts.debited(authOrderId)).status).toBe('SUCCESS');
  });

  test('does not matter to the person who pays and signs', async () => {
    await contracts.wallet('empty');
    const { payOrderId } = await contracts.signed(contracts.payAndSignData());
    expect(await contracts.ask('query_sign_pay', { pay_order_id: payOrderId })).toMatchObject({ status: 'SUCCESS' });
  });

  test('is of a program that exists', async () => {
    expect(await contracts.wallet('empty', { platformAppId: 'tt1' })).toMatchObject({ error: 'account_unknown' });
  });
});

describe('when to debit', () => {
  test('a period is paid once: not again before 20 days', async () => {
    const { authOrderId, number } = await contracts.signed();
    await contracts.debited(authOrderId);
    await contracts.shop.pass(20 * DAY - 2);
    expect(await contracts.debit(authOrderId, { out_pay_order_no: 'early' })).toMatchObject({
      err_no: 22000,
      err_msg: expect.stringMatching(/this period is paid/),
    });
    const at = new Date(contracts.shop.now).toISOString();
    expect((await contracts.debitsOf(number))[1]).toEqual({
      ...{ number: 'early', amount: 990, at, outcome: 'refused', code: '22000' },
    });
    await contracts.shop.pass(2);
    expect((await contracts.debited(authOrderId, { out_pay_order_no: 'early' })).status).toBe('SUCCESS');
  });

  test('so is one that was paid with the signature, of a week or of a year', async () => {
    const weekly = await contracts.signed(contracts.payAndSignData({ serviceId: 'service_weekly' }));
    const yearly = await contracts.signed(contracts.payAndSignData({ serviceId: 'service_yearly' }));
    expect(await errNo(weekly.authOrderId)).toBe(22000);
    await contracts.shop.pass(7 * DAY);
    expect((await contracts.debited(weekly.authOrderId)).status).toBe('SUCCESS');
    expect(await errNo(yearly.authOrderId)).toBe(22000);
    await contracts.shop.pass(358 * DAY);
    expect((await contracts.debited(yearly.authOrderId)).status).toBe('SUCCESS');
    expect(await contracts.contract(weekly.number)).toMatchObject({
      firstPayment: { amount: 100, outcome: 'paid' },
      debits: [{ outcome: 'refused' }, { outcome: 'paid' }],
    });
  });

  test('not while another debit is under way', async () => {
    const { authOrderId } = await contracts.signed();
    const answers = await Promise.all([1, 2, 3].map(() => errNo(authOrderId)));
    expect([...answers].sort()).toEqual([0, 22000, 22000]);
  });

  test('not before the day that the person was shown, in China', async () => {
    const { authOrderId } = await contracts.signed(contracts.signData({ firstDeductionDate: '2026-06-08' }));
    await contracts.shop.pass(6.5 * DAY - 1);
    expect(await errNo(authOrderId)).toBe(22000);
    await contracts.shop.pass(1);
    expect((await contracts.debited(authOrderId)).status).toBe('SUCCESS');
  });

  test('only while the contract serves', async () => {
    const data = contracts.signData();
    const { authOrderId: unsigned } = await contracts.page(data, { outcome: 'cancel' });
    expect(await errNo(String(unsigned))).toBe(22000);
    const { authOrderId, number } = await contracts.signed(data);
    await contracts.contract(number, { does: 'terminate' });
    expect(await contracts.debit(authOrderId)).toMatchObject({
      err_no: 22000,
      err_msg: expect.stringMatching(/CANCEL/),
    });
    expect((await contracts.debitsOf(number)).map(({ code }) => code)).toEqual(['22000', '22000']);
  });

  test('one that was accepted fails when the person ends the contract before the result', async () => {
    const { authOrderId, number } = await contracts.signed();
    await contracts.debit(authOrderId);
    await contracts.contract(number, { does: 'terminate' });
    await contracts.shop.pass(1);
    expect(await told()).toMatchObject([{ status: 'FAIL' }]);
  });
});
