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
const NO_MONEY = failed('ACQ.BUYER_BALANCE_NOT_ENOUGH');
const DONE = { code: '10000' };

/** An agreement that can be debited today. */
async function due(): Promise<Signed> {
  const signed = await agreements.signed();
  await agreements.goTo('2026-06-10 08:00:00');
  return signed;
}

const outcomes = async ({ external_agreement_no: number }: Signed): Promise<unknown[]> =>
  ((await agreements.contract(number)).debits as Fields[]).map(({ outcome, code }) => code ?? outcome);

describe('a person without money', () => {
  test('is not debited, and is after filling the wallet, under the same number or another', async () => {
    const signed = await due();
    await agreements.wallet('empty');
    const draft = agreements.debit(signed.agreement_no);
    expect(await shop.call('pay', draft)).toMatchObject(NO_MONEY);
    expect(await shop.call('query', { out_trade_no: draft.out_trade_no })).toMatchObject({
      sub_code: 'ACQ.TRADE_NOT_EXIST',
    });
    await agreements.wallet('full');
    expect(await shop.call('pay', draft)).toMatchObject(DONE);
    expect(await outcomes(signed)).toEqual(['ACQ.BUYER_BALANCE_NOT_ENOUGH', 'paid']);
    expect(await agreements.contract(signed.external_agreement_no)).toMatchObject({
      debits: [{ outcome: 'failed' }, { outcome: 'paid' }],
    });
  });

  test('may be tried three times for one planned day', async () => {
    const { agreement_no } = await due();
    await agreements.wallet('empty', { times: 3 });
    for (let tries = 0; tries < 3; tries += 1) expect(await agreements.pay(agreement_no)).toMatchObject(NO_MONEY);
    expect(await agreements.pay(agreement_no)).toMatchObject(failed('ACQ.OVER_MAX_DEDUCT_COUNT'));
    await agreements.call('executionplan.modify', { agreement_no, deduct_time: '2026-06-12' });
    expect(await agreements.pay(agreement_no)).toMatchObject(DONE);
  });

  test('has an empty wallet for so many debits as were said, and others do not', async () => {
    const mine = await agreements.signed();
    const theirs = await agreements.signed({}, { user: 'bob' });
    await agreements.goTo('2026-06-10 08:00:00');
    await agreements.wallet('empty', { times: 1 });
    expect(await agreements.pay(theirs.agreement_no)).toMatchObject(DONE);
    expect(await agreements.pay(mine.agreement_no)).toMatchObject(NO_MONEY);
    expect(await agreements.pay(mine.agreement_no)).toMatchObject(DONE);
    expect(await agreements.wallet('empty', { platformAppId: 'none' })).toMatchObject({ error: 'account_unknown' });
  });
});
