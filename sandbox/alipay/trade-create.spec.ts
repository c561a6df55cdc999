import { AlipayProgram } from '../testing/alipay-program.js';
import { AlipayShop } from '../testing/alipay-shop.js';
import { type Fields, TestSandbox } from '../testing/test-sandbox.js';

let sandbox: TestSandbox;
let shop: AlipayShop;

beforeAll(async () => {
  sandbox = await TestSandbox.start();
  shop = await AlipayShop.open(sandbox);
});
afterAll(async () => {
  await sandbox.stop();
  await shop.close();
});
beforeEach(() => shop.receiver.forget());

const DONE = { code: '10000' };
const failed = (subCode: string): Fields => ({ code: '40004', sub_code: subCode });
const INVALID = failed('ACQ.INVALID_PARAMETER');
const many = (length: number): Fields[] => Array.from({ length }, () => ({ goods_id: 'g', goods_name: 'n' }));

test.each<[string, Fields]>([
  ['the smallest amount', { total_amount: '0.01' }],
  ['the largest amount', { total_amount: '100000000.00' }],
  ['an amount without decimals, or as a number', { total_amount: 1.5 }],
  ['the longest texts', { out_trade_no: 'a'.repeat(64), subject: '茶'.repeat(256), body: 'b'.repeat(128) }],
  ['the most goods', { goods_detail: many(150) }],
  ['a time to live', { timeout_express: '15d' }],
  ['until midnight', { timeout_express: '1c' }],
  ['two amounts that make up the third', { discountable_amount: '2.34', undiscountable_amount: '10' }],
  ['the older product, without op_app_id', { product_code: undefined, op_app_id: undefined }],
  ['what the operator, the store and the platform want to know', { store_id: 's', extend_params: { hb_fq_num: '3' } }],
])('a trade may have %s', async (_, over) => {
  expect(await shop.create(over)).toMatchObject(DONE);
});

test.each<[string, Fields, Fields]>([
  ['no number', { out_trade_no: '' }, INVALID],
  ['a number of other characters', { out_trade_no: 'order-1' }, INVALID],
  ['a number too long', { out_trade_no: 'a'.repeat(65) }, INVALID],
  ['no amount', { total_amount: undefined }, INVALID],
  ['nothing to pay', { total_amount: '0.00' }, INVALID],
  ['a third decimal', { total_amount: '1.005' }, INVALID],
  ['a negative amount', { total_amount: '-1' }, INVALID],
  ['an amount in words', { total_amount: 'one' }, INVALID],
  ['too large an amount', { total_amount: '100000000.01' }, failed('ACQ.TOTAL_FEE_EXCEED')],
  ['amounts that do not add up', { discountable_amount: '1', undiscountable_amount: '1' }, INVALID],
  ['no subject', { subject: undefined }, INVALID],
  ['a subject too long', { subject: 'a'.repeat(257) }, INVALID],
  ['a subject with special characters', { subject: 'a/b' }, INVALID],
  ['a body too long', { body: 'a'.repeat(129) }, INVALID],
  ['an unknown product', { product_code: 'QUICK_MSECURITY_PAY' }, INVALID],
  ['no op_app_id', { op_app_id: undefined }, INVALID],
  ['a cashier of no mini-program', { op_app_id: '2021000000000000' }, failed('ACQ.OPEN_ID_NOT_TINY_APP')],
  ['no buyer', { buyer_open_id: undefined }, INVALID],
  ['an unknown buyer', { buyer_open_id: '0x' }, failed('ACQ.BUYER_NOT_EXIST')],
  ['too many goods', { goods_detail: many(151) }, failed('ACQ.SUB_GOODS_SIZE_MAX_COUNT')],
  ['goods that are no list', { goods_detail: {} }, INVALID],
  ['parameters that are no object', { extend_params: 'a' }, INVALID],
  ['options that are no list', { query_options: 'fund_bill_list' }, INVALID],
  ['passback parameters too long', { passback_params: 'a'.repeat(513) }, INVALID],
  ['channels both allowed and forbidden', { enable_pay_channels: 'a', disable_pay_channels: 'b' }, INVALID],
  ['a time to live too long', { timeout_express: '16d' }, INVALID],
  ['a fraction of a time to live', { timeout_express: '1.5h' }, INVALID],
  ['an end that is no time', { time_expire: '2026-02-30 00:00:00' }, INVALID],
  ['an end in the past', { time_expire: '2026-06-01 12:00:00' }, failed('ACQ.NOW_TIME_AFTER_EXPIRE_TIME_ERROR')],
  ['a seller that is not bound to it', { seller_id: '2088000000000000' }, failed('ACQ.INVALID_RECEIVE_ACCOUNT')],
])('a trade with %s is refused', async (_, over, refusal) => {
  expect(await shop.create(over)).toMatchObject(refusal);
});

test('a notify_url must be one', async () => {
  const create = (notify_url: string) => shop.call('create', shop.order(), { notify_url });
  const refusal = { code: '40002', sub_code: 'isv.invalid-parameter' };
  expect(await create('ftp://example.com/')).toMatchObject(refusal);
  expect(await create('/notify')).toMatchObject(refusal);
});

describe('a buyer', () => {
  test('of another mini-program is none of this one', async () => {
    const other = await AlipayShop.open(sandbox);
    expect(await shop.create({ buyer_open_id: other.openId })).toMatchObject(failed('ACQ.BUYER_NOT_EXIST'));
    const refusal = failed('ACQ.UNBOUND_APPLICATION');
    expect(await shop.create({ op_app_id: other.program.platformAppId })).toMatchObject(refusal);
    await other.close();
  });

  test('can be named by user_id, by which an old mini-program also hears of them', async () => {
    const old = await AlipayShop.open(sandbox, { idMode: 'user_id' });
    const { user_id = '' } = await old.program.token('ann');
    const { trade_no = '' } = await old.create({ buyer_open_id: undefined, buyer_id: user_id });
    await old.tradePay(trade_no);
    expect(await old.call('query', { trade_no })).toMatchObject({ buyer_user_id: user_id });
    const [notification] = await old.notified(1);
    expect(notification).toMatchObject({ buyer_id: user_id });
    expect(notification).not.toHaveProperty('buyer_open_id');
    await old.close();
  });

  test('can be named by their id in the mini-program whose cashier opens', async () => {
    const entity = `shop at ${shop.receiver.origin}`;
    const cashier = await AlipayProgram.register(sandbox, {}, { entity });
    const { open_id } = await cashier.token('bob');
    const over = { op_app_id: cashier.platformAppId, buyer_open_id: undefined, op_buyer_open_id: open_id };
    const { trade_no } = await shop.create(over);
    expect(await shop.tradePay(trade_no, { user: 'bob' })).toEqual({ resultCode: '9000' });
  });
});

describe('the same number once more', () => {
  test('with the same content gives the same trade, wherever the result shall be sent', async () => {
    const order = shop.order();
    const first = await shop.call('create', order, { notify_url: shop.notifyUrl });
    for (const again of [order, { ...order, total_amount: 12.34 }, { ...order, seller_id: shop.merchantId }])
      expect(await shop.call('create', again)).toMatchObject({ trade_no: first.trade_no });
  });

  test.each([{ total_amount: '12.35' }, { subject: 'Coffee' }, { body: 'b' }, { extend_params: { a: '1' } }])(
    'with %p instead is inconsistent',
    async (change) => {
      const order = shop.order();
      await shop.call('create', order);
      expect(await shop.call('create', { ...order, ...change })).toMatchObject(failed('ACQ.CONTEXT_INCONSISTENT'));
    },
  );

  test('is refused when it was paid or closed', async () => {
    const [paid, closed] = [shop.order(), shop.order()];
    await shop.tradePay((await shop.call('create', paid)).trade_no);
    await shop.call('create', closed);
    await shop.call('close', { out_trade_no: closed.out_trade_no });
    expect(await shop.call('create', paid)).toMatchObject(failed('ACQ.TRADE_HAS_SUCCESS'));
    expect(await shop.call('create', closed)).toMatchObject(failed('ACQ.TRADE_HAS_CLOSE'));
  });

  test('is another trade at another merchant, and of many at once there is one', async () => {
    const other = await AlipayShop.open(sandbox);
    const order = shop.order();
    const created = await Promise.all(Array.from({ length: 20 }, () => shop.call('create', order)));
    expect(new Set(created.map(({ trade_no }) => trade_no)).size).toBe(1);
    const theirs = await other.create({ out_trade_no: order.out_trade_no });
    expect(theirs.trade_no).not.toBe(created[0]?.trade_no);
    const { trade_no } = theirs;
    expect(await shop.call('query', { trade_no })).toMatchObject(failed('ACQ.TRADE_NOT_EXIST'));
    await other.close();
  });
});

describe('the seller', () => {
  test('is the first merchant of the entity unless another is named', async () => {
    const { merchantId } = await sandbox.merchant('alipay', { entity: `shop at ${shop.receiver.origin}` });
    await shop.paid();
    await shop.paid({ seller_id: merchantId });
    expect(shop.notifications.map(({ seller_id }) => seller_id)).toEqual([shop.merchantId, merchantId]);
    expect(merchantId).toMatch(/^2088\d{12}$/);
  });

  test('exists even when none was registered', async () => {
    const alone = await AlipayProgram.register(sandbox, {}, { entity: 'alone' });
    const { open_id } = await alone.token('ann');
    const order = shop.order({ op_app_id: alone.platformAppId, buyer_open_id: open_id });
    expect(await alone.call('alipay.trade.create', { bizContent: order })).toMatchObject(DONE);
  });

  test('has no credentials', async () => {
    expect(await sandbox.merchant('alipay')).toMatchObject({ kind: 'merchant', credentials: {} });
    expect(await sandbox.merchant('alipay', { credentials: { secret: 'x' } })).toMatchObject({
      error: 'invalid_request',
    });
  });
});
