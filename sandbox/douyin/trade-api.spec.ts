import { DouyinShop, MERCHANT, PROGRAM } from '../testing/douyin-shop.js';
import type { Fields } from '../testing/test-sandbox.js';

const OTHER = 'tt00000000000000bb';
let shop: DouyinShop;
beforeAll(async () => {
  shop = await DouyinShop.open();
});
afterAll(() => shop.close());

const errNo = async (name: string, body: Fields, token?: string): Promise<unknown> =>
  (await shop.call(name, body, token)).err_no;

describe('order_query', () => {
  test('shows an order by either number, amounts as fen and times as milliseconds', async () => {
    const { orderId, itemOrderId, outOrderNo } = await shop.sale();
    const paid = {
      app_id: PROGRAM,
      order_id: orderId,
      out_order_no: outOrderNo,
      pay_status: 'SUCCESS',
      total_amount: 990,
      discount_amount: 0,
      trade_time: shop.now,
      pay_time: shop.now,
      pay_channel: 1,
      channel_pay_id: expect.any(String),
      merchant_uid: MERCHANT,
      currency: 'CNY',
      total_currency_amount: 990,
      item_order_list: [
        { item_order_id: itemOrderId, sku_id: 'sku1', item_order_amount: 990, item_order_currency_amount: 990 },
      ],
      order_service_status: 'FULFILL_WAIT',
    };
    expect(await shop.call('order_query', { order_id: orderId })).toEqual({
      err_no: 0,
      err_msg: '',
      log_id: expect.any(String),
      data: paid,
    });
    expect(await shop.ask('order_query', { out_order_no: outOrderNo })).toEqual(paid);
  });

  test('pays in diamonds where the order says so', async () => {
    const { orderId } = await shop.sale({ currency: 'DIAMOND' });
    expect(await shop.ask('order_query', { order_id: orderId })).toMatchObject({
      currency: 'DIAMOND',
      pay_channel: 20,
    });
  });

  test('knows no other order, and none of another mini-program', async () => {
    await shop.sandbox.account('douyin', { platformAppId: OTHER, credentials: { secret: 's' } });
    const { orderId, outOrderNo } = await shop.sale();
    const token = await shop.tokenOf(OTHER);
    expect(await errNo('order_query', { order_id: 'motb1' })).toBe(20000);
    expect(await errNo('order_query', { order_id: orderId }, token)).toBe(20000);
    expect(await errNo('order_query', { out_order_no: outOrderNo }, token)).toBe(20000);
    expect(await errNo('order_query', {})).toBe(10000);
  });

  test('wants a client_token that lives', async () => {
    expect(await errNo('order_query', { order_id: 'x' }, 'clt.nonsense')).toBe(28001003);
    const token = await shop.tokenOf(OTHER);
    await shop.sandbox.post('/_/expire', { platform: 'douyin', platformAppId: OTHER, what: 'token' });
    expect(await errNo('order_query', { order_id: 'x' }, token)).toBe(28001008);
  });

  test('says busy in its own words', async () => {
    const match = { platform: 'douyin', path: '/api/trade_basic/v1/developer/order_query/' };
    await shop.sandbox.post('/_/faults', { match, kind: 'busy' });
    expect(await errNo('order_query', { order_id: 'x' })).toBe(12001);
  });
});

describe('the merchant of an order', () => {
  const payeeOf = async (data: Fields): Promise<unknown> => {
    const { orderId } = await shop.buy(data);
    return (await shop.ask('order_query', { order_id: orderId })).merchant_uid;
  };

  test('is the one that it names, else the first of the entity', async () => {
    const { merchantId } = await shop.sandbox.post('/_/accounts', { platform: 'douyin', kind: 'merchant' });
    expect(merchantId).toMatch(/^7\d{19}$/);
    expect(await payeeOf(shop.orderData({ merchantUid: merchantId }))).toBe(merchantId);
    expect(await payeeOf(shop.orderData())).toBe(MERCHANT);
  });

  test('of an entity without one is always the same', async () => {
    const lonely = await DouyinShop.open();
    await lonely.sandbox.account('douyin', { platformAppId: PROGRAM, entity: 'lonely' });
    const payees = await Promise.all(
      [1, 2].map(async () => {
        const { orderId } = await lonely.sale();
        return (await lonely.ask('order_query', { order_id: orderId })).merchant_uid;
      }),
    );
    expect(payees[0]).toMatch(/^7\d{19}$/);
    expect(payees[1]).toBe(payees[0]);
    await lonely.close();
  });

  test('has no credentials', async () => {
    const merchant = { platform: 'douyin', kind: 'merchant', merchantId: MERCHANT };
    expect((await shop.sandbox.post('/_/accounts', merchant)).credentials).toEqual({});
    const refused = await shop.sandbox.post('/_/accounts', { ...merchant, credentials: { key: 'x' } });
    expect(refused.error).toBe('invalid_request');
  });
});

test('tag_query lists the tag groups of a goods type', async () => {
  const { tag_detail_list: all } = await shop.ask('tag_query', {});
  const { tag_detail_list: virtual } = await shop.ask('tag_query', { goods_type: 301 });
  expect((all as Fields[]).length).toBeGreaterThan(5);
  expect(virtual).toMatchObject([
    {
      tag_group_id: 'tag_group_7272625659888058380',
      tag_list: [{ tag_name: '虚拟服务' }],
      rule_list: [{ refund_rule: { biz_status: 'FULFILL_WAIT' } }],
    },
  ]);
});

describe('fulfilment', () => {
  const push = (orderId: string, item: string, status: string) =>
    errNo('fulfill_push_status', { order_id: orderId, item_order_id_list: [item], to_status: status });

  test('goes forwards, and the same again changes nothing', async () => {
    const { orderId, itemOrderId } = await shop.sale();
    for (const status of ['fulfilling', 'fulfilling', 'FULFILL_DONE'])
      expect(await push(orderId, itemOrderId, status)).toBe(0);
    expect(await push(orderId, itemOrderId, 'fulfilling')).toBe(22000);
    expect(await shop.ask('order_query', { order_id: orderId })).toMatchObject({
      order_service_status: 'FULFILL_DONE',
    });
  });

  test('is of an order that is paid, and its items', async () => {
    const { orderId, itemOrderId } = await shop.sale();
    const open = await shop.buy(shop.orderData(), { outcome: 'cancel' });
    const [item] = open.itemOrderList as Fields[];
    expect(await push(String(open.orderId), String(item?.itemOrderId), 'fulfilling')).toBe(22000);
    expect(await push(orderId, 'motb1', 'fulfilling')).toBe(21047);
    expect(await push(orderId, itemOrderId, 'delivered')).toBe(10000);
    expect(await push('motb1', itemOrderId, 'fulfilling')).toBe(20000);
  });
});
