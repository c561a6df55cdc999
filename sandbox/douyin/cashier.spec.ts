import { DouyinShop, MERCHANT, quoted, unquoted } from '../testing/douyin-shop.js';
import type { Fields } from '../testing/test-sandbox.js';

let shop: DouyinShop;
beforeAll(async () => {
  shop = await DouyinShop.open();
});
afterAll(() => shop.close());

const statusOf = async (orderId: unknown): Promise<unknown> =>
  (await shop.ask('order_query', { order_id: orderId })).pay_status;

describe('a person who pays', () => {
  test('gets what the two client calls return, and the order is paid', async () => {
    const data = shop.orderData();
    const paid = await shop.buy(data);
    expect(paid).toEqual({
      orderId: expect.stringMatching(/^motb\d{19}$/),
      itemOrderList: [{ itemOrderId: expect.stringMatching(/^motb\d{19}$/), skuId: 'sku1', itemOrderAmount: 990 }],
      logId: expect.any(String),
      errMsg: 'getOrderPayment:ok',
    });
    expect(await statusOf(paid.orderId)).toBe('SUCCESS');
    expect(await shop.buy(data)).toMatchObject({
      orderId: paid.orderId,
      errNo: 10000,
      errMsg: expect.stringMatching(/paid already/),
    });
  });

  test('may leave and fail as often as they like before', async () => {
    const data = shop.orderData();
    const left = await shop.buy(data, { outcome: 'cancel' });
    expect(left).toMatchObject({ errNo: 9, errMsg: 'getOrderPayment:fail cancel', errLogId: expect.any(String) });
    expect(await shop.buy(data, { outcome: 'fail' })).toMatchObject({ errNo: 10401, orderId: left.orderId });
    expect(await statusOf(left.orderId)).toBe('PROCESS');
    expect(await shop.buy(data, { user: 'bob' })).toMatchObject({
      orderId: left.orderId,
      errMsg: 'getOrderPayment:ok',
    });
  });

  test('pays once, however many phones try it at once', async () => {
    const data = shop.orderData();
    const answers = await Promise.all(Array.from({ length: 20 }, () => shop.buy(data)));
    expect(answers.filter(({ errMsg }) => errMsg === 'getOrderPayment:ok')).toHaveLength(1);
    expect(new Set(answers.map(({ orderId }) => orderId)).size).toBe(1);
  });
});

describe('an order number', () => {
  test('is one order, also when less time is left; with other content it is refused', async () => {
    const data = shop.orderData({ payExpireSeconds: 600 });
    const first = await shop.buy(data, { outcome: 'cancel' });
    const again = await shop.buy({ ...data, payExpireSeconds: 500 }, { outcome: 'cancel' });
    expect(again.orderId).toBe(first.orderId);
    const other = await shop.buy(shop.orderData({ outOrderNo: data.outOrderNo, totalAmount: 1 }, { price: 1 }));
    expect(other).toEqual({
      errNo: 10000,
      errMsg: expect.stringMatching(/other content/),
      errLogId: expect.any(String),
    });
  });
});

describe('byteAuthorization', () => {
  const data = (): string => JSON.stringify(shop.orderData());
  const tryIt = (text: string, authorization: Record<string, string> | string) =>
    shop.buy(text, { authorization, outcome: 'cancel' });

  test('is taken quoted or not, in any order', async () => {
    const text = data();
    const parts = shop.authorize(text);
    const reversed = Object.fromEntries(Object.entries(parts).reverse());
    for (const form of [quoted(parts), unquoted(parts), quoted(reversed), unquoted(reversed)])
      expect(await tryIt(text, form)).toMatchObject({ errNo: 9 });
  });

  test('is refused for another uri, program, key version or data', async () => {
    const text = data();
    const refusals = await Promise.all([
      tryIt(text, { uri: '/createSignOrder' }),
      tryIt(text, { uri: '/requestOrder/' }),
      tryIt(text, { appid: 'tt00000000000000ff' }),
      tryIt(text, { key_version: '2' }),
      tryIt(text, { signature: 'AAAA' }),
      tryIt(`${text} `, unquoted(shop.authorize(text))),
      tryIt(text, 'nonsense'),
    ]);
    for (const answer of refusals)
      expect(answer).toEqual({
        errNo: 11004,
        errMsg: expect.stringMatching(/^requestOrder:fail signature: /),
        errLogId: expect.any(String),
      });
    expect(refusals[3]?.errMsg).toMatch(/key_version is 2, the console has 1/);
  });

  test('lives an hour of the machine, in seconds', async () => {
    const at = (offset: number) => String(shop.sandbox.now / 1_000 + offset);
    expect(await tryIt(data(), { timestamp: at(-3_600) })).toMatchObject({ errNo: 9 });
    expect(await tryIt(data(), { timestamp: at(-3_601) })).toMatchObject({ errNo: 11004 });
    expect(await tryIt(data(), { timestamp: String(shop.sandbox.now) })).toMatchObject({ errNo: 11004 });
    expect(await tryIt(data(), { timestamp: 'now' })).toMatchObject({ errNo: 11004 });
  });
});

describe('data', () => {
  const sku = (over: Fields) => shop.orderData({}, over);
  /** 86 Chinese characters: 258 bytes. */
  const tooLong = '会'.repeat(86);
  const twoItems = (): Fields => {
    const data = shop.orderData({ totalAmount: 1_980 });
    const [item] = data.skuList as Fields[];
    return { ...data, skuList: [item, item] };
  };

  test.each<[string, () => Fields, string]>([
    ['two items', twoItems, 'skuList'],
    ['no item', () => shop.orderData({ skuList: [] }), 'skuList'],
    ['a total that is not price × quantity', () => shop.orderData({ totalAmount: 991 }), 'totalAmount'],
    ['a price in yuan', () => sku({ price: 9.9 }), 'skuList.0.price'],
    ['a price as text', () => sku({ price: '990' }), 'skuList.0.price'],
    ['101 pieces', () => sku({ quantity: 101 }), 'skuList.0.quantity'],
    ['a title of more than 256 bytes', () => sku({ title: tooLong }), 'skuList.0.title'],
    ['no image', () => sku({ imageList: [] }), 'skuList.0.imageList'],
    ['an unknown goods type', () => sku({ type: 999 }), 'skuList.0.type'],
    ['the tag group of another goods type', () => sku({ type: 401 }), 'skuList.0.tagGroupId'],
    [
      'no attributes of a short drama',
      () => sku({ type: 404, tagGroupId: 'tag_group_7272625659888041996' }),
      'skuList.0.skuAttr',
    ],
    [
      'a phone card of an unknown operator',
      () =>
        sku({ type: 101, tagGroupId: 'tag_group_7272625659887943692', skuAttr: '{"telecom_operator_type":"foreign"}' }),
      'skuList.0.skuAttr',
    ],
    ['a number of more than 64 bytes', () => shop.orderData({ outOrderNo: 'x'.repeat(65) }), 'outOrderNo'],
    ['no order page', () => shop.orderData({ orderEntrySchema: undefined }), 'orderEntrySchema'],
    ['a leading slash', () => shop.orderData({ orderEntrySchema: { path: '/pages/order' } }), 'orderEntrySchema.path'],
    ['a query', () => shop.orderData({ orderEntrySchema: { path: 'pages/order?id=1' } }), 'orderEntrySchema.path'],
    [
      'params that are no JSON',
      () => shop.orderData({ orderEntrySchema: { path: 'a', params: 'id=1' } }),
      'orderEntrySchema.params',
    ],
    ['more than 48 hours to pay', () => shop.orderData({ payExpireSeconds: 172_801 }), 'payExpireSeconds'],
    ['a callback address that is none', () => shop.orderData({ payNotifyUrl: 'ftp://x' }), 'payNotifyUrl'],
    ['a merchant of somebody else', () => shop.orderData({ merchantUid: '7999' }), 'merchantUid'],
    ['an unknown pay way', () => shop.orderData({ limitPayWayList: [3] }), 'limitPayWayList'],
    [
      'two pieces in diamonds',
      () => shop.orderData({ currency: 'DIAMOND', totalAmount: 1_980 }, { quantity: 2 }),
      'quantity',
    ],
  ])('with %s is refused', async (_, data, field) => {
    const { errNo, errMsg } = await shop.buy(data());
    expect({ errNo, errMsg }).toEqual({ errNo: 10000, errMsg: expect.stringContaining(field) });
  });

  test('that is no JSON is refused', async () => {
    expect(await shop.buy('{')).toMatchObject({ errNo: 10000 });
  });

  test('may say everything that is optional', async () => {
    const data = shop.orderData(
      {
        merchantUid: MERCHANT,
        limitPayWayList: [1],
        orderEntrySchema: { path: 'pages/order/detail', params: '{"id":"1"}' },
        payExpireSeconds: 0,
        totalAmount: 1_980,
      },
      {
        quantity: 2,
        title: '会'.repeat(85),
        type: 404,
        tagGroupId: 'tag_group_7272625659888041996',
        skuAttr: '{"a":1}',
        entrySchema: { path: 'pages/goods' },
      },
    );
    const { orderId } = await shop.buy(data);
    expect(await shop.ask('order_query', { order_id: orderId })).toMatchObject({
      pay_status: 'SUCCESS',
      total_amount: 1_980,
      pay_channel: 2,
      merchant_uid: MERCHANT,
    });
  });
});

describe('time to pay', () => {
  test('is five minutes unless the order says otherwise', async () => {
    const short = shop.orderData();
    const long = shop.orderData({ payExpireSeconds: 600 });
    const [first, second] = [await shop.buy(short, { outcome: 'cancel' }), await shop.buy(long, { outcome: 'cancel' })];
    await shop.pass(299);
    expect(await statusOf(first.orderId)).toBe('PROCESS');
    await shop.pass(1);
    expect([await statusOf(first.orderId), await statusOf(second.orderId)]).toEqual(['TIMEOUT', 'PROCESS']);
    expect(await shop.buy(short)).toMatchObject({ errNo: 10000, errMsg: expect.stringMatching(/closed/) });
    expect(await shop.buy(long)).toMatchObject({ errMsg: 'getOrderPayment:ok' });
  });

  test('runs on after a restart', async () => {
    const { orderId } = await shop.buy(shop.orderData(), { outcome: 'cancel' });
    await shop.sandbox.restart();
    await shop.pass(300);
    expect(await statusOf(orderId)).toBe('TIMEOUT');
  });
});

describe('a client action', () => {
  test('that no client could run is refused with words that help', async () => {
    const refused = { error: 'client_action_refused' };
    expect(await shop.buy(shop.orderData(), { action: { method: 'pay' } })).toMatchObject(refused);
    expect(await shop.buy(shop.orderData(), { action: { params: { data: {} } } })).toMatchObject(refused);
    expect(await shop.buy(shop.orderData(), { action: { next: undefined } })).toMatchObject(refused);
  });

  test('whose second call does not get the orderId fails there', async () => {
    const next = { method: 'getOrderPayment', params: {}, take: { order_id: 'orderId' } };
    expect(await shop.buy(shop.orderData(), { action: { next } })).toMatchObject({ errNo: 10000 });
  });
});
