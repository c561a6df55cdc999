import { AlipayAgreements, type Signed } from '../testing/alipay-agreements.js';
import { AlipayShop } from '../testing/alipay-shop.js';
import { type Fields, TestSandbox } from '../testing/test-sandbox.js';

let sandbox: TestSandbox;
let shop: AlipayShop;
let agreements: AlipayAgreements;

beforeAll(async () => {
  sandbox = await TestSandbox.start();
});
// Each moves the clock.
beforeEach(async () => {
  shop = await AlipayShop.open(sandbox);
  agreements = new AlipayAgreements(shop);
});
afterEach(() => shop.close());
afterAll(() => sandbox.stop());

const failed = (subCode: string): Fields => ({ code: '40004', sub_code: subCode });
const INVALID = failed('ACQ.INVALID_PARAMETER');
const TOO_EARLY_OR_LATE = failed('ACQ.CYCLE_PAY_DATE_NOT_MATCH');
const DONE = { code: '10000' };

/** An agreement that can be debited today. */
async function due(over: Fields = {}): Promise<Signed> {
  const signed = await agreements.signed(over);
  await agreements.goTo('2026-06-10 08:00:00');
  return signed;
}

const outcomes = async ({ external_agreement_no: number }: Signed): Promise<unknown[]> =>
  ((await agreements.contract(number)).debits as Fields[]).map(({ outcome, code }) => code ?? outcome);

describe('a debit', () => {
  test('is a trade that was paid: answered, notified, found and refunded as such', async () => {
    const { agreement_no, external_agreement_no } = await due();
    shop.receiver.forget();
    const draft = agreements.debit(agreement_no, { passback_params: 'p' });
    const paid = await shop.call('pay', draft, { notify_url: shop.notifyUrl });
    const { out_trade_no } = draft;
    const common = {
      trade_no: expect.stringMatching(/^20260610\d{20}$/) as unknown,
      out_trade_no,
      buyer_open_id: shop.openId,
      total_amount: '12.34',
      receipt_amount: '12.34',
      buyer_pay_amount: '12.34',
    };
    expect(paid).toMatchObject({ code: '10000', ...common, gmt_payment: '2026-06-10 08:00:00' });

    const [notification = {}] = await agreements.heard('trade_status_sync');
    expect(notification).toMatchObject({
      ...common,
      path: '/alipay/notify',
      trade_status: 'TRADE_SUCCESS',
      gmt_payment: '2026-06-10 08:00:00',
      passback_params: 'p',
      seller_id: shop.merchantId,
      agreement_no,
      external_agreement_no,
    });
    const { path: _, ...form } = notification;
    expect(shop.program.sdk().checkNotifySignV2(form)).toBe(true);
    expect(await shop.call('query', { out_trade_no })).toMatchObject({ ...common, trade_status: 'TRADE_SUCCESS' });
    const refund = { out_trade_no, refund_amount: '12.34', out_request_no: 'r1' };
    expect(await shop.call('refund', refund)).toMatchObject({ fund_change: 'Y', refund_fee: '12.34' });
    expect(await shop.status(out_trade_no)).toBe('TRADE_CLOSED');
    expect(await agreements.contract(external_agreement_no)).toMatchObject({
      debits: [{ number: out_trade_no, amount: 1_234, at: '2026-06-10T00:00:00.000Z', outcome: 'paid' }],
    });
  });

  test('of one number is one, however often and however many at once it is asked for', async () => {
    const signed = await due();
    const draft = agreements.debit(signed.agreement_no);
    const answers = await Promise.all(Array.from({ length: 10 }, () => shop.call('pay', draft)));
    expect(answers.filter(({ code }) => code === '10000')).toHaveLength(1);
    expect(answers.filter(({ sub_code }) => sub_code === 'ACQ.TRADE_HAS_SUCCESS')).toHaveLength(9);
    expect(await outcomes(signed)).toEqual(['paid']);
  });

  test('cannot take the number of another order', async () => {
    const { agreement_no } = await due();
    const { out_trade_no } = await shop.create();
    expect(await agreements.pay(agreement_no, { out_trade_no })).toMatchObject(failed('ACQ.CONTEXT_INCONSISTENT'));
    await shop.call('close', { out_trade_no });
    expect(await agreements.pay(agreement_no, { out_trade_no })).toMatchObject(failed('ACQ.TRADE_HAS_CLOSE'));
  });

  test('that was done, and whose answer got lost, is found by its number', async () => {
    const signed = await due();
    const draft = agreements.debit(signed.agreement_no);
    const match = { platform: 'alipay', path: 'alipay.trade.pay', platformAppId: shop.program.platformAppId };
    await shop.program.fault('timeout_after', { match });
    const body = shop.program.signed('alipay.trade.pay', { bizContent: draft });
    const lost = fetch(`${sandbox.url}/gateway.do`, { method: 'POST', body, signal: AbortSignal.timeout(300) });
    await expect(lost).rejects.toThrow();
    expect(await shop.status(draft.out_trade_no)).toBe('TRADE_SUCCESS');

    await shop.program.fault('code', { match, code: 'ACQ.PAYMENT_REQUEST_HAS_RISK' });
    expect(await agreements.pay(signed.agreement_no)).toMatchObject(failed('ACQ.PAYMENT_REQUEST_HAS_RISK'));
    await shop.program.fault('busy', { match });
    expect(await agreements.pay(signed.agreement_no)).toMatchObject({ code: '20000' });
    expect(await outcomes(signed)).toEqual(['paid']);
  });
});

test.each<[string, Fields, Fields]>([
  ['without a number', { out_trade_no: undefined }, INVALID],
  ['of no amount', { total_amount: undefined }, INVALID],
  ['of nothing', { total_amount: '0' }, INVALID],
  ['without a subject', { subject: undefined }, INVALID],
  ['without a product', { product_code: undefined }, INVALID],
  ['by a product with a person', { product_code: 'FACE_TO_FACE_PAYMENT' }, INVALID],
  ['by another product than was signed', { product_code: 'GENERAL_WITHHOLDING' }, INVALID],
  ['with a bar code', { scene: 'bar_code', auth_code: '28763443825664394' }, INVALID],
  ['later on', { is_async_pay: true }, INVALID],
  ['without an agreement', { agreement_params: undefined }, INVALID],
  ['under no agreement', { agreement_params: {} }, INVALID],
  ['under an unknown agreement', { agreement_params: { agreement_no: '1' } }, failed('ACQ.AGREEMENT_NOT_EXIST')],
  ['for another seller', { seller_id: '2088000000000000' }, failed('ACQ.INVALID_RECEIVE_ACCOUNT')],
  ['above the amount', { total_amount: '12.35' }, failed('ACQ.CYCLE_PAY_SINGLE_FEE_EXCEED')],
])('a debit %s is refused, and there is no trade', async (_, over, refusal) => {
  const { agreement_no } = await due();
  const draft = agreements.debit(agreement_no, over);
  expect(await shop.call('pay', draft)).toMatchObject(refusal);
  if (draft.out_trade_no)
    expect(await shop.call('query', { out_trade_no: draft.out_trade_no })).toMatchObject(failed('ACQ.TRADE_NOT_EXIST'));
});

describe('the days of a debit', () => {
  test('begin five days before the planned one, and end with it, in China', async () => {
    const signed = await agreements.signed();
    const { agreement_no } = signed;
    await agreements.goTo('2026-06-04 23:59:59');
    expect(await agreements.pay(agreement_no)).toMatchObject(TOO_EARLY_OR_LATE);
    await agreements.goTo('2026-06-05 00:00:00');
    expect(await agreements.pay(agreement_no)).toMatchObject(DONE);
    await agreements.goTo('2026-07-10 23:59:59');
    expect(await agreements.pay(agreement_no)).toMatchObject(DONE);
    await agreements.goTo('2026-08-11 00:00:00');
    expect(await agreements.pay(agreement_no)).toMatchObject(TOO_EARLY_OR_LATE);
    const refused = 'ACQ.CYCLE_PAY_DATE_NOT_MATCH';
    expect(await outcomes(signed)).toEqual([refused, 'paid', 'paid', refused]);
  });

  test('are good for one success: the next is a period after the planned day, not after the payment', async () => {
    const { agreement_no } = await due();
    expect(await agreements.pay(agreement_no)).toMatchObject(DONE);
    expect(await agreements.pay(agreement_no)).toMatchObject(TOO_EARLY_OR_LATE);
    expect(await agreements.query(agreement_no)).toMatchObject({
      next_deduct_time: '2026-07-10',
      last_deduct_time: '2026-06-10 08:00:00',
    });
  });

  test('come every so many days, where the plan counts days', async () => {
    const rules = { period_type: 'DAY', period: '7', execute_time: '2026-06-01' };
    const { agreement_no } = await agreements.signed({ period_rule_params: rules });
    expect(await agreements.pay(agreement_no)).toMatchObject(DONE);
    await agreements.goTo('2026-06-02 23:59:59');
    expect(await agreements.pay(agreement_no)).toMatchObject(TOO_EARLY_OR_LATE);
    await agreements.goTo('2026-06-03 00:00:00');
    expect(await agreements.pay(agreement_no)).toMatchObject(DONE);
    expect(await agreements.query(agreement_no)).toMatchObject({ next_deduct_time: '2026-06-15' });
  });

  test('do not matter without a plan', async () => {
    const withholding = { personal_product_code: 'GENERAL_WITHHOLDING_P', product_code: 'GENERAL_WITHHOLDING' };
    const { agreement_no } = await agreements.signed({ ...withholding, period_rule_params: null });
    const product = { product_code: 'GENERAL_WITHHOLDING', total_amount: '1000' };
    expect(await agreements.pay(agreement_no, product)).toMatchObject(DONE);
    expect(await agreements.pay(agreement_no, product)).toMatchObject(DONE);
  });
});

test('all debits together take no more than the plan allows, in money and in number', async () => {
  const money = await due({ period_rule_params: { total_amount: '24.67' } });
  const count = await agreements.signed({ period_rule_params: { total_payments: 1 } });
  expect(await agreements.pay(money.agreement_no)).toMatchObject(DONE);
  expect(await agreements.pay(count.agreement_no)).toMatchObject(DONE);
  await agreements.goTo('2026-07-10 08:00:00');
  expect(await agreements.pay(money.agreement_no)).toMatchObject(failed('ACQ.CYCLE_PAY_TOTAL_FEE_EXCEED'));
  expect(await agreements.pay(money.agreement_no, { total_amount: '12.33' })).toMatchObject(DONE);
  expect(await agreements.pay(count.agreement_no)).toMatchObject(failed('ACQ.CYCLE_PAY_TOTAL_TIMES_EXCEED'));
});

describe('an agreement', () => {
  test('that nobody signed, or that is over, is not debited', async () => {
    const terms = agreements.terms();
    await agreements.open(agreements.signStr(terms), { outcome: 'cancel' });
    const { contractId } = await agreements.contract(terms.external_agreement_no);
    const ended = await due();
    const expired = await agreements.signed();
    await agreements.contract(ended.external_agreement_no, { does: 'terminate' });
    await agreements.contract(expired.external_agreement_no, { does: 'expire' });
    for (const agreement_no of [String(contractId), ended.agreement_no, expired.agreement_no])
      expect(await agreements.pay(agreement_no)).toMatchObject(failed('ACQ.AGREEMENT_STATUS_NOT_NORMAL'));
    expect(await outcomes(ended)).toEqual(['ACQ.AGREEMENT_STATUS_NOT_NORMAL']);
  });

  test('of another mini-program is none', async () => {
    const { agreement_no } = await due();
    const other = await AlipayShop.open(sandbox);
    const theirs = new AlipayAgreements(other);
    expect(await theirs.pay(agreement_no)).toMatchObject(failed('ACQ.AGREEMENT_NOT_EXIST'));
    await other.close();
  });

  test('outlives a restart with its plan and its debits', async () => {
    const signed = await due();
    await agreements.wallet('empty', { times: 1 });
    await agreements.pay(signed.agreement_no);
    await agreements.pay(signed.agreement_no);
    const before = await agreements.contract(signed.external_agreement_no);
    await sandbox.restart();
    expect(await agreements.contract(signed.external_agreement_no)).toEqual(before);
    expect(await agreements.pay(signed.agreement_no)).toMatchObject(TOO_EARLY_OR_LATE);
    expect(await outcomes(signed)).toEqual(['ACQ.BUYER_BALANCE_NOT_ENOUGH', 'paid', 'ACQ.CYCLE_PAY_DATE_NOT_MATCH']);
  });
});
