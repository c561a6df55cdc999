import { DAY, DouyinContracts } from '../testing/douyin-contracts.js';
import { MERCHANT } from '../testing/douyin-shop.js';
import type { Fields } from '../testing/test-sandbox.js';

let contracts: DouyinContracts;
beforeEach(async () => {
  contracts = await DouyinContracts.open();
});
afterEach(() => contracts.close());

const errNo = async (authOrderId: string, over: Fields = {}): Promise<unknown> =>
  (await contracts.debit(authOrderId, over)).err_no;

describe('how much to debit', () => {
  const months = (count: number) => contracts.shop.pass(count * 30 * DAY);

  test('is at most the price of the period, the discounted one first', async () => {
    const data = contracts.signData({ serviceId: 'service_discounted' });
    const { authOrderId, number } = await contracts.signed(data);
    for (const price of [990, 990, 990, 1_990]) {
      expect(await contracts.debit(authOrderId, { total_amount: price + 1 })).toMatchObject({
        err_no: 10000,
        err_msg: expect.stringMatching(/above the template's price/),
      });
      const paid = await contracts.debited(authOrderId, { total_amount: undefined });
      expect([paid.status, paid.total_amount]).toEqual(['SUCCESS', price]);
      await months(1);
    }
    expect((await contracts.debited(authOrderId, { total_amount: 1 })).status).toBe('SUCCESS');
    expect((await contracts.debitsOf(number)).filter(({ outcome }) => outcome === 'refused')).toHaveLength(4);
  });

  test('counts what was paid with the signature as the first period', async () => {
    const data = contracts.payAndSignData({ serviceId: 'service_discounted' });
    const { authOrderId } = await contracts.signed(data);
    await months(1);
    await contracts.debited(authOrderId, { total_amount: 990 });
    await months(1);
    await contracts.debited(authOrderId, { total_amount: 990 });
    await months(1);
    expect((await contracts.debited(authOrderId, { total_amount: 1_990 })).status).toBe('SUCCESS');
  });

  test('must be said where the template has no price', async () => {
    const { authOrderId, number } = await contracts.signed();
    expect(await errNo(authOrderId, { total_amount: undefined })).toBe(10000);
    expect((await contracts.debitsOf(number))[0]).not.toHaveProperty('amount');
    expect((await contracts.debited(authOrderId, { total_amount: 123_456 })).total_amount).toBe(123_456);
  });
});

describe('what is asked for', () => {
  test.each<[string, Fields, number]>([
    ['no contract', { auth_order_id: undefined }, 10000],
    ['an unknown contract', { auth_order_id: 'mota1' }, 20000],
    ['no number', { out_pay_order_no: '' }, 10000],
    ['a number of more than 64 bytes', { out_pay_order_no: 'x'.repeat(65) }, 10000],
    ['no merchant', { merchant_uid: undefined }, 10000],
    ['a merchant of somebody else', { merchant_uid: '7999' }, 10000],
    ['an amount as text', { total_amount: '990' }, 10000],
    ['nothing to debit', { total_amount: 0 }, 10000],
    ['a callback address that is none', { notify_url: 'ftp://x' }, 10000],
    ['too little time', { expire_seconds: 29 }, 10000],
  ])('with %s is refused', async (_, over, code) => {
    const { authOrderId } = await contracts.signed();
    expect(await errNo(authOrderId, over)).toBe(code);
    expect((await contracts.debited(authOrderId, { expire_seconds: 300 })).status).toBe('SUCCESS');
  });

  test('must be of the mini-program whose token it is', async () => {
    const other = 'tt00000000000000bb';
    await contracts.shop.sandbox.account('douyin', { platformAppId: other, credentials: { secret: 's' } });
    const token = await contracts.shop.tokenOf(other);
    const { authOrderId } = await contracts.signed();
    const body = { auth_order_id: authOrderId, out_pay_order_no: 'd1', merchant_uid: MERCHANT, total_amount: 1 };
    expect((await contracts.call('create_sign_pay', body, token)).err_no).toBe(20000);
    expect((await contracts.call('create_sign_pay', body, 'clt.nonsense')).err_no).toBe(28001003);
    await contracts.debited(authOrderId, body);
    expect((await contracts.call('query_sign_pay', { out_pay_order_no: 'd1' }, token)).err_no).toBe(20000);
    expect((await contracts.call('query_sign_pay', {})).err_no).toBe(10000);
  });

  test('may not have the number of what was paid with the signature', async () => {
    const data = contracts.payAndSignData();
    const { authOrderId } = await contracts.signed(data);
    await contracts.shop.pass(30 * DAY);
    const { outPayOrderNo } = data.authPayOrder as Fields;
    expect(await errNo(authOrderId, { out_pay_order_no: outPayOrderNo })).toBe(10000);
  });
});
