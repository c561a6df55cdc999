import { AlipayAgreements } from '../testing/alipay-agreements.js';
import { AlipayShop } from '../testing/alipay-shop.js';
import { type Fields, TestSandbox } from '../testing/test-sandbox.js';

let sandbox: TestSandbox;
let shop: AlipayShop;
let agreements: AlipayAgreements;

beforeAll(async () => {
  sandbox = await TestSandbox.start();
});
beforeEach(async () => {
  shop = await AlipayShop.open(sandbox);
  agreements = new AlipayAgreements(shop);
});
afterEach(() => shop.close());
afterAll(() => sandbox.stop());

const failed = (subCode: string): Fields => ({ code: '40004', sub_code: subCode });
const INVALID = failed('ACQ.INVALID_PARAMETER');

describe('the day of the next debit', () => {
  const move = (agreement_no: string, deduct_time: unknown) =>
    agreements.call('executionplan.modify', { agreement_no, deduct_time, memo: 'm' });
  const ILLEGAL = failed('ILLEGAL_EXECUTION_TIME');

  test('can be moved later only, and to a day that every month has', async () => {
    const { agreement_no } = await agreements.signed();
    expect(await move(agreement_no, '2026-06-10')).toMatchObject(ILLEGAL);
    expect(await move(agreement_no, '2026-06-29')).toMatchObject(ILLEGAL);
    expect(await move(agreement_no, '2026-06-31')).toMatchObject(ILLEGAL);
    expect(await move(agreement_no, undefined)).toMatchObject(INVALID);
    expect(await move(agreement_no, '2026-06-11')).toMatchObject({ agreement_no, deduct_time: '2026-06-11' });
    await agreements.goTo('2026-07-20 12:00:00');
    expect(await move(agreement_no, '2026-07-19')).toMatchObject(ILLEGAL);
    expect(await move(agreement_no, '2026-07-20')).toMatchObject({ deduct_time: '2026-07-20' });
    expect(await agreements.pay(agreement_no)).toMatchObject({ code: '10000' });
    expect(await agreements.query(agreement_no)).toMatchObject({ next_deduct_time: '2026-08-20' });
  });

  test('can be moved ten times', async () => {
    const rules = { period_type: 'DAY', period: 30, execute_time: '2026-06-10' };
    const { agreement_no } = await agreements.signed({ period_rule_params: rules });
    for (let day = 11; day <= 20; day += 1)
      expect(await move(agreement_no, `2026-06-${day}`)).toHaveProperty('deduct_time');
    expect(await move(agreement_no, '2026-06-30')).toMatchObject(ILLEGAL);
  });

  test('is none without an agreement that is in force', async () => {
    const { agreement_no } = await agreements.signed();
    await agreements.call('unsign', { agreement_no });
    expect(await move(agreement_no, '2026-06-20')).toMatchObject(failed('ILLEGAL_AGREEMENT'));
    expect(await move('1', '2026-06-20')).toMatchObject(failed('ILLEGAL_AGREEMENT'));
  });
});

test('the amount and the number of debits can be changed', async () => {
  const { agreement_no } = await agreements.signed();
  const change = (content: Fields) => agreements.call('cyclepayauthplans.modify', { agreement_no, ...content });
  await agreements.goTo('2026-06-10 08:00:00');
  expect(await change({ single_amount: '20', total_payments: 1 })).toMatchObject({ code: '10000' });
  expect(await agreements.query(agreement_no)).toMatchObject({ single_quota: '20.00' });
  expect(await agreements.pay(agreement_no, { total_amount: '20.00' })).toMatchObject({ code: '10000' });
  await agreements.goTo('2026-07-10 08:00:00');
  expect(await agreements.pay(agreement_no)).toMatchObject(failed('ACQ.CYCLE_PAY_TOTAL_TIMES_EXCEED'));
  expect(await change({})).toMatchObject(INVALID);
  expect(await change({ total_payments: 0 })).toMatchObject(INVALID);
  expect(await change({ agreement_no: '1', single_amount: '1' })).toMatchObject(failed('ILLEGAL_AGREEMENT'));
});
