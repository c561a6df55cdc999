import { DouyinContracts } from '../testing/douyin-contracts.js';
import type { Fields } from '../testing/test-sandbox.js';

let contracts: DouyinContracts;
beforeAll(async () => {
  contracts = await DouyinContracts.open();
});
afterAll(() => contracts.close());

describe('data', () => {
  const signing = (over: Fields) => () => contracts.signData(over);
  const paying =
    (pay: Fields, over: Fields = {}) =>
    () =>
      contracts.payAndSignData(over, pay);

  test.each<[string, () => Fields, string]>([
    ['no contract number', signing({ outAuthOrderNo: undefined }), 'outAuthOrderNo'],
    ['a number of more than 64 bytes', signing({ outAuthOrderNo: '会'.repeat(22) }), 'outAuthOrderNo'],
    ['an unknown template', signing({ serviceId: 'service_daily' }), 'serviceId'],
    ['no openId', signing({ openId: '' }), 'openId'],
    ['less than 30 seconds to sign', signing({ expireSeconds: 29 }), 'expireSeconds'],
    ['more than 48 hours to sign', signing({ expireSeconds: 172_801 }), 'expireSeconds'],
    ['a callback address that is none', signing({ notifyUrl: 'ftp://x' }), 'notifyUrl'],
    ['a callback address of more than 512 bytes', signing({ notifyUrl: `https://x/${'a'.repeat(503)}` }), 'notifyUrl'],
    ['no day of the first debit', signing({ firstDeductionDate: undefined }), 'firstDeductionDate'],
    ['30 February', signing({ firstDeductionDate: '2027-02-30' }), 'firstDeductionDate'],
    ['another form of the day', signing({ firstDeductionDate: '20260701' }), 'firstDeductionDate'],
    ['a day that is over', signing({ firstDeductionDate: '2026-05-31' }), 'firstDeductionDate'],
    ['the day where the person pays too', paying({}, { firstDeductionDate: '2026-07-01' }), 'firstDeductionDate'],
    ['a user id with a dash', signing({ onBehalfUid: 'user-1' }), 'onBehalfUid'],
    ['a user id of 65', signing({ onBehalfUid: 'u'.repeat(65) }), 'onBehalfUid'],
    ['an empty uniqueId', signing({ uniqueId: '' }), 'uniqueId'],
    ['a signWay as text', signing({ signWay: '2' }), 'signWay'],
    ['no number of the payment', paying({ outPayOrderNo: undefined }), 'authPayOrder.outPayOrderNo'],
    ['no merchant', paying({ merchantUid: undefined }), 'authPayOrder.merchantUid'],
    ['a merchant of somebody else', paying({ merchantUid: '7999' }), 'authPayOrder.merchantUid'],
    ['an amount in yuan', paying({ initialAmount: 9.9 }), 'authPayOrder.initialAmount'],
    ['no amount and no price', paying({ initialAmount: undefined }), 'authPayOrder.initialAmount'],
    [
      'an amount above the price',
      paying({ initialAmount: 1_991 }, { serviceId: 'service_discounted' }),
      "above the template's price",
    ],
    ['no address of the payment', paying({ notifyUrl: undefined }), 'authPayOrder.notifyUrl'],
  ])('with %s is refused', async (_, data, field) => {
    const { errNo, errMsg } = await contracts.page(data());
    expect({ errNo, errMsg }).toEqual({ errNo: 10000, errMsg: expect.stringContaining(field) });
    expect(errMsg).toMatch(/^createSignOrder:fail/);
  });

  test('with the number of a payment that exists is refused', async () => {
    const first = contracts.payAndSignData();
    await contracts.signed(first);
    const { authPayOrder } = first;
    expect(await contracts.page(contracts.payAndSignData({ authPayOrder }))).toMatchObject({
      errNo: 10000,
      errMsg: expect.stringContaining('outPayOrderNo'),
    });
  });

  test('that is no JSON is refused', async () => {
    expect(await contracts.page('{')).toMatchObject({ errNo: 10000 });
  });

  test('may say everything that is optional, and costs the discounted price without an amount', async () => {
    const data = contracts.payAndSignData(
      { serviceId: 'service_discounted', onBehalfUid: 'user_1', uniqueId: 'everything', signWay: 2, expireSeconds: 30 },
      { initialAmount: undefined },
    );
    const { payOrderId } = await contracts.signed(data);
    expect(await contracts.ask('query_sign_pay', { pay_order_id: payOrderId })).toMatchObject({ total_amount: 990 });
  });
});
