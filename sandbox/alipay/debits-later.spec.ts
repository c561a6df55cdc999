import { AlipayAgreements, type Signed } from '../testing/alipay-agreements.js';
import { AlipayShop, type Texts } from '../testing/alipay-shop.js';
import { type Fields, TestSandbox } from '../testing/test-sandbox.js';

let sandbox: TestSandbox;
let shop: AlipayShop;
let agreements: AlipayAgreements;
let signed: Signed;

beforeAll(async () => {
  sandbox = await TestSandbox.start();
});
beforeEach(async () => {
  shop = await AlipayShop.open(sandbox, { debits: 'later' });
  agreements = new AlipayAgreements(shop);
  signed = await agreements.signed();
  await agreements.goTo('2026-06-10 23:58:00');
});
afterEach(() => shop.close());
afterAll(() => sandbox.stop());

const failed = (subCode: string): Fields => ({ code: '40004', sub_code: subCode });
const UNDER_WAY = { code: '10003', msg: 'order success pay inprocess' };

const begin = async (): Promise<Fields & { out_trade_no: string }> => {
  const draft = agreements.debit(signed.agreement_no);
  expect(await shop.call('pay', draft, { notify_url: shop.notifyUrl })).toMatchObject(UNDER_WAY);
  return draft;
};
const outcomes = async (): Promise<unknown[]> =>
  ((await agreements.contract(signed.external_agreement_no)).debits as Fields[]).map(({ outcome }) => outcome);

test('a debit can take its time: the trade waits, and is paid a minute later', async () => {
  const draft = await begin();
  const { out_trade_no } = draft;
  expect(await shop.status(out_trade_no)).toBe('WAIT_BUYER_PAY');
  expect(await shop.call('pay', draft)).toMatchObject({ ...UNDER_WAY, out_trade_no });
  expect(await shop.call('pay', { ...draft, subject: 'Milk' })).toMatchObject(failed('ACQ.CONTEXT_INCONSISTENT'));
  const { trade_no } = await shop.call('query', { out_trade_no });
  expect(await shop.tradePay(trade_no)).toMatchObject({ resultCode: '4000' });
  expect(await outcomes()).toEqual([]);

  await sandbox.restart();
  await shop.later({ seconds: 60 });
  expect(await shop.status(out_trade_no)).toBe('TRADE_SUCCESS');
  expect(await agreements.heard('trade_status_sync')).toMatchObject([{ trade_status: 'TRADE_SUCCESS', out_trade_no }]);
  expect(await outcomes()).toEqual(['paid']);
  expect(await shop.call('pay', draft)).toMatchObject(failed('ACQ.TRADE_HAS_SUCCESS'));
});

test('of one agreement there is one debit under way', async () => {
  await begin();
  const another = await agreements.pay(signed.agreement_no);
  expect(another).toMatchObject(failed('ACQ.OVER_MAX_UNDER_WAY_DEDUCT_COUNT'));
  await shop.later({ seconds: 60 });
  expect(await agreements.pay(signed.agreement_no)).toMatchObject(failed('ACQ.CYCLE_PAY_DATE_NOT_MATCH'));
});

test.each<[string, number, () => Promise<unknown>, string]>([
  ['no money is there', 0, () => agreements.wallet('empty'), 'ACQ.BUYER_BALANCE_NOT_ENOUGH'],
  [
    'the agreement has ended',
    0,
    () => agreements.contract(signed.external_agreement_no, { does: 'terminate' }),
    'ACQ.AGREEMENT_STATUS_NOT_NORMAL',
  ],
  ['the planned day is over', 60, () => Promise.resolve(), 'ACQ.CYCLE_PAY_DATE_NOT_MATCH'],
])('what counts is the moment in which the money moves: %s', async (_, seconds, happens, code) => {
  await shop.later({ seconds });
  const { out_trade_no } = await begin();
  await happens();
  await shop.later({ seconds: 60 });
  expect(await shop.status(out_trade_no)).toBe('TRADE_CLOSED');
  expect(await agreements.heard('trade_status_sync')).toEqual([]);
  expect(await agreements.contract(signed.external_agreement_no)).toMatchObject({ debits: [{ code }] });
});

test('a debit under way can be cancelled', async () => {
  const { out_trade_no } = await begin();
  expect(await shop.call('cancel', { out_trade_no })).toMatchObject({ action: 'close' });
  await shop.later({ seconds: 60 });
  expect(await shop.status(out_trade_no)).toBe('TRADE_CLOSED');
  expect(await outcomes()).toEqual([]);
  await begin();
});

test('in protocol v3 it is accepted with another status', async () => {
  sandbox.now = Date.now(); // the SDK takes the machine's time
  const fresh = await agreements.signed({
    period_rule_params: { period_type: 'DAY', period: 7, execute_time: '2099-01-01' },
  });
  await agreements.goTo('2099-01-01 12:00:00');
  const body = agreements.debit(fresh.agreement_no);
  const answer = await shop.program.sdk().curl<Texts>('POST', '/v3/alipay/trade/pay', { body });
  expect(answer).toMatchObject({ responseHttpStatus: 202, data: { out_trade_no: body.out_trade_no } });
  expect(answer.data).not.toHaveProperty('code');
});
