import { DAY_PLAN, PapayShop } from '../testing/wechat-papay.js';
import { MERCHANT, PROGRAM, USER } from '../testing/wechat-shop.js';

let papay: PapayShop;
beforeEach(async () => {
  papay = await PapayShop.open();
});
afterEach(() => papay.close());

const ACCEPTED = { return_code: 'SUCCESS', result_code: 'SUCCESS' };
const refusal = (code: string) => ({ return_code: 'SUCCESS', result_code: 'FAIL', err_code: code });
const stateOf = async (number: string): Promise<unknown> => (await papay.query(number)).trade_state;
const debitsOf = async (number: string): Promise<unknown> =>
  ((await papay.act(number)).debits as Record<string, unknown>[]).map(({ outcome, code }) => code ?? outcome);
/** A contract whose first twelve hours are over: signed on day 0, it is 12:00 on day 1. */
const settled = async (over = {}, user?: string): Promise<{ number: string; id: string }> => {
  const contract = await papay.contract(over, user);
  await papay.to(1, 12);
  return contract;
};

describe('in the first twelve hours', () => {
  test.each([['100001'], [DAY_PLAN]])('plan %s: it is debited at once, without a notice, and told', async (plan) => {
    const { number, id } = await papay.contract({ plan_id: plan }, USER);
    await papay.shop.later({ minutes: 12 * 60 - 1 });
    const debit = papay.number();
    const answer = papay.genuine(await papay.apply(id, { out_trade_no: debit, attach: 'a1' }));
    expect(Object.keys(answer).sort()).toEqual(
      ['appid', 'mch_id', 'nonce_str', 'result_code', 'return_code', 'return_msg', 'sign'].sort(),
    );
    const [told] = await papay.told('/debits', 1);
    const found = papay.genuine(await papay.query(debit));
    expect(told).toEqual({
      ...{ return_code: 'SUCCESS', return_msg: 'OK', result_code: 'SUCCESS', appid: PROGRAM, mch_id: MERCHANT },
      ...{ nonce_str: expect.any(String), sign: expect.any(String), openid: papay.shop.openid, is_subscribe: 'N' },
      ...{ bank_type: 'OTHERS', total_fee: '990', fee_type: 'CNY', cash_fee: '990', cash_fee_type: 'CNY' },
      ...{ trade_state: 'SUCCESS', transaction_id: found.transaction_id, out_trade_no: debit, attach: 'a1' },
      ...{ time_end: '20260601235900', contract_id: id },
    });
    expect(found).toMatchObject({ trade_type: 'PAP', trade_state: 'SUCCESS', contract_id: id, cash_fee: '990' });
    expect(await papay.act(number)).toMatchObject({
      state: 'signed',
      debits: [{ number: debit, amount: 990, at: '2026-06-01T15:59:00.000Z', outcome: 'paid' }],
    });
  });

  test('a second success on the day is refused, as is a debit of more than 500 yuan', async () => {
    const { number, id } = await papay.contract();
    expect(await papay.apply(id, { total_fee: '50001' })).toMatchObject(refusal('RULELIMIT'));
    expect(await papay.apply(id, { total_fee: '50000' })).toMatchObject(ACCEPTED);
    expect(await papay.apply(id)).toMatchObject(refusal('RULELIMIT'));
    expect(await debitsOf(number)).toEqual(['RULELIMIT', 'paid', 'RULELIMIT']);
  });

  test('a notice ends that freedom', async () => {
    const { id } = await papay.contract();
    expect((await papay.notice(id)).status).toBe(204);
    expect(await papay.apply(id)).toMatchObject(refusal('INVALID_REQUEST'));
  });

  test('and after them a notice is needed', async () => {
    const { number, id } = await papay.contract();
    await papay.to(1, 0);
    expect(await papay.apply(id)).toMatchObject(refusal('INVALID_REQUEST'));
    expect(await debitsOf(number)).toEqual(['INVALID_REQUEST']);
  });
});

describe('after a notice', () => {
  test('the debit is taken on days 3 to 9, once', async () => {
    const { number, id } = await settled();
    expect((await papay.notice(id)).status).toBe(204);
    expect(await papay.apply(id)).toMatchObject(refusal('INVALID_REQUEST'));
    await papay.to(1, 21);
    expect(await papay.apply(id)).toMatchObject(refusal('INVALID_REQUEST'));
    await papay.to(1, 7);
    expect(await papay.apply(id)).toMatchObject(ACCEPTED);
    expect(await papay.apply(id)).toMatchObject(refusal('RULELIMIT'));
    await papay.to(1, 12);
    expect(await papay.apply(id)).toMatchObject(refusal('INVALID_REQUEST'));
    expect(await papay.act(number)).toMatchObject({
      notices: [{ at: '2026-06-02T04:00:00.000Z', amount: 990, days: 7 }],
      debits: [{}, {}, { outcome: 'paid', at: '2026-06-03T23:00:00.000Z' }, {}, {}],
    });
  });

  test.each([
    ['usual', {}, 6],
    ['shorter', { deduct_duration: { count: 2, unit: 'DAY' } }, 1],
  ])('a window of the %s length ends, and a new notice opens another', async (_what, over, lastDay) => {
    const { id } = await settled();
    await papay.notice(id, over);
    await papay.to(2 + lastDay, 21.99);
    expect(await papay.apply(id, { total_fee: '991' })).toMatchObject({
      err_code_des: expect.stringContaining('大于'),
    });
    expect((await papay.notice(id)).status).toBe(400);
    await papay.to(1, 7);
    expect(await papay.apply(id)).toMatchObject(refusal('INVALID_REQUEST'));
    expect((await papay.notice(id)).status).toBe(204);
    await papay.to(2, 7);
    expect(await papay.apply(id)).toMatchObject(ACCEPTED);
  });

  test('debits are taken from 7:00 to 22:00', async () => {
    const { id } = await settled();
    await papay.notice(id);
    await papay.to(2, 6.99);
    expect(await papay.apply(id)).toMatchObject(refusal('INVALID_REQUEST'));
    await papay.to(0, 22);
    expect(await papay.apply(id)).toMatchObject(refusal('INVALID_REQUEST'));
    await papay.to(1, 7);
    expect(await papay.apply(id)).toMatchObject(ACCEPTED);
  });

  test('not more than was announced, but less', async () => {
    const { id } = await settled();
    await papay.notice(id, { estimated_amount: { amount: 500 } });
    await papay.to(2, 12);
    expect(await papay.apply(id, { total_fee: '501' })).toMatchObject(refusal('INVALID_REQUEST'));
    expect(await papay.apply(id, { total_fee: '499' })).toMatchObject(ACCEPTED);
  });

  test('an empty wallet: accepted, failed, told; a new number may try again, the same may not', async () => {
    const { number, id } = await settled({}, USER);
    await papay.notice(id);
    await papay.to(2, 12);
    expect((await papay.notice(id, {}, 'fail-notify')).status).toBe(400);
    await papay.wallet('empty', { times: 1 });
    const debit = papay.number();
    const fields = { out_trade_no: debit };
    expect(await papay.apply(id, fields)).toMatchObject(ACCEPTED);
    expect(await papay.query(debit)).toMatchObject({ trade_state: 'PAY_FAIL', trade_state_desc: '用户账户余额不足' });
    expect((await papay.shop.query(debit)).body).toMatchObject({ trade_state: 'PAYERROR', trade_type: 'PAP' });
    const [told] = await papay.told('/debits', 1);
    expect(told).toMatchObject({ result_code: 'FAIL', err_code: 'NOTENOUGH', trade_state: 'PAY_FAIL' });
    expect(told).toMatchObject({ out_trade_no: debit, contract_id: id, total_fee: '990' });
    expect(told).not.toHaveProperty('transaction_id');
    expect((await papay.notice(id, {}, 'fail-notify')).status).toBe(204);
    expect(await papay.apply(id, fields)).toMatchObject(refusal('OUT_TRADE_NO_USED'));
    await papay.to(1, 12);
    expect(await papay.apply(id)).toMatchObject(ACCEPTED);
    expect(await debitsOf(number)).toEqual(['NOTENOUGH', 'OUT_TRADE_NO_USED', 'paid']);
  });
});

describe('a notice', () => {
  test('is taken from 7:00 to 22:00', async () => {
    const { id } = await settled();
    await papay.to(0, 22);
    expect((await papay.notice(id)).body.code).toBe('INVALID_REQUEST');
    await papay.to(1, 6.99);
    expect((await papay.notice(id)).body.code).toBe('INVALID_REQUEST');
    await papay.to(0, 7);
    expect((await papay.notice(id)).status).toBe(204);
  });

  test('is taken once per cycle', async () => {
    const { number, id } = await settled();
    await papay.notice(id);
    expect(await papay.notice(id)).toMatchObject({ status: 400, body: { code: 'INVALID_REQUEST' } });
    expect((await papay.act(number)).notices).toHaveLength(1);
  });

  test('is not for plans that announce by themselves, nor for a contract that is unknown or over', async () => {
    const { id } = await papay.contract({ plan_id: DAY_PLAN });
    expect(await papay.notice(id)).toMatchObject({ status: 400, body: { code: 'INVALID_REQUEST' } });
    expect(await papay.notice('1')).toMatchObject({ status: 404, body: { code: 'RESOURCE_NOT_EXISTS' } });
    const over = await papay.contract();
    await papay.act(over.number, { does: 'terminate' });
    expect(await papay.notice(over.id)).toMatchObject({ status: 400, body: { code: 'INVALID_REQUEST' } });
  });
});

describe('where the platform announces the debit', () => {
  test('it is made 24 hours later, also after a restart', async () => {
    const { number, id } = await settled({ plan_id: DAY_PLAN });
    const debit = papay.number();
    expect(await papay.apply(id, { out_trade_no: debit })).toMatchObject(ACCEPTED);
    expect(await stateOf(debit)).toBe('ACCEPT');
    expect((await papay.shop.query(debit)).body).toMatchObject({ trade_state: 'ACCEPT', trade_type: 'PAP' });
    expect(await papay.apply(id, { out_trade_no: debit })).toMatchObject(ACCEPTED);
    expect(await papay.apply(id)).toMatchObject(refusal('RULELIMIT'));
    await papay.shop.sandbox.restart();
    await papay.shop.later({ minutes: 24 * 60 - 1 });
    expect(await stateOf(debit)).toBe('ACCEPT');
    await papay.shop.later({ minutes: 1 });
    expect(await stateOf(debit)).toBe('SUCCESS');
    expect(await papay.told('/debits', 1)).toMatchObject([{ trade_state: 'SUCCESS', time_end: '20260603120000' }]);
    expect(await debitsOf(number)).toEqual(['RULELIMIT', 'paid']);
  });

  test('the hours of the day hold too', async () => {
    const { id } = await settled({ plan_id: DAY_PLAN });
    await papay.to(0, 22);
    expect(await papay.apply(id)).toMatchObject(refusal('INVALID_REQUEST'));
  });

  test('a contract that ends in between is not debited', async () => {
    const { number, id } = await settled({ plan_id: DAY_PLAN });
    const debit = papay.number();
    await papay.apply(id, { out_trade_no: debit });
    await papay.act(number, { does: 'terminate' });
    await papay.shop.later({ days: 1 });
    expect(await stateOf(debit)).toBe('PAY_FAIL');
    expect(await papay.told('/debits', 1)).toMatchObject([{ err_code: 'CONTRACT_NOT_EXIST', trade_state: 'PAY_FAIL' }]);
  });

  test('an empty wallet fails then, until it is full again', async () => {
    const { number, id } = await settled({ plan_id: DAY_PLAN }, USER);
    await papay.wallet('empty');
    await papay.apply(id);
    await papay.shop.later({ days: 1 });
    await papay.apply(id);
    await papay.shop.later({ days: 1 });
    await papay.wallet('full');
    await papay.apply(id);
    await papay.shop.later({ days: 1 });
    expect(await debitsOf(number)).toEqual(['NOTENOUGH', 'NOTENOUGH', 'paid']);
  });
});

describe('a debit', () => {
  test('is made once per number', async () => {
    const { id } = await papay.contract();
    const fields = { out_trade_no: papay.number() };
    await papay.apply(id, fields);
    expect(await papay.apply(id, fields)).toMatchObject(refusal('ORDERPAID'));
    expect(await papay.apply(id, { ...fields, total_fee: '100' })).toMatchObject(refusal('OUT_TRADE_NO_USED'));
    expect(await papay.told('/debits', 1)).toHaveLength(1);
  });

  test('of a number that an ordinary order has is refused', async () => {
    const order = papay.shop.draft();
    await papay.shop.place(order);
    const { id } = await papay.contract();
    const refused = await papay.apply(id, { out_trade_no: String(order.out_trade_no) });
    expect(refused).toMatchObject(refusal('OUT_TRADE_NO_USED'));
  });

  test('under a contract that is over or unknown is refused', async () => {
    const { number, id } = await papay.contract();
    await papay.act(number, { does: 'terminate' });
    expect(await papay.apply(id)).toMatchObject(refusal('CONTRACT_NOT_EXIST'));
    expect(await papay.apply('1')).toMatchObject(refusal('CONTRACT_NOT_EXIST'));
    expect(await debitsOf(number)).toEqual(['CONTRACT_NOT_EXIST']);
  });

  test('is an order of APIv3 too: it is found and refunded, and not closed', async () => {
    const { id } = await papay.contract();
    const debit = papay.number();
    await papay.apply(id, { out_trade_no: debit });
    const { body } = await papay.shop.query(debit);
    expect(body).toMatchObject({ trade_type: 'PAP', trade_state: 'SUCCESS', amount: { total: 990, payer_total: 990 } });
    expect((await papay.shop.closeOrder(debit)).body.code).toBe('TRADE_ERROR');
    expect((await papay.shop.refund(debit)).body).toMatchObject({ status: 'PROCESSING' });
    await papay.shop.later({ minutes: 1 });
    expect(await stateOf(debit)).toBe('REFUND');
    expect((await papay.v2('/pay/paporderquery', { transaction_id: String(body.transaction_id) })).out_trade_no).toBe(
      debit,
    );
  });

  test('is applied for at most 150 times a second', async () => {
    const answers = await Promise.all(Array.from({ length: 151 }, () => papay.apply('1')));
    expect(answers.filter(({ err_code: code }) => code === 'FREQUENCY_LIMITED')).toHaveLength(1);
    papay.shop.sandbox.advance({ seconds: 1 });
    expect(await papay.apply('1')).toMatchObject(refusal('CONTRACT_NOT_EXIST'));
  });

  test('that nobody made is not found, nor an ordinary order as one', async () => {
    expect(await papay.query('none-at-all')).toMatchObject(refusal('ORDERNOTEXIST'));
    expect(await papay.query(await papay.shop.paid())).toMatchObject(refusal('ORDERNOTEXIST'));
    expect(await papay.v2('/pay/paporderquery', {})).toMatchObject(refusal('PARAM_ERROR'));
  });
});
