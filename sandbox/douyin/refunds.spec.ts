import { DouyinShop, PROGRAM } from '../testing/douyin-shop.js';
import type { Fields } from '../testing/test-sandbox.js';

let shop: DouyinShop;
beforeAll(async () => {
  shop = await DouyinShop.open();
});
beforeEach(() => shop.receiver.forget());
afterAll(() => shop.close());

let numbers = 0;

/** A refund of `amount` fen of an order, valid unless `over` says otherwise. */
const refundOf = (
  { orderId, itemOrderId }: { orderId: string; itemOrderId: string },
  amount: number,
  over: Fields = {},
): Fields => ({
  order_id: orderId,
  out_refund_no: `refund${++numbers}`,
  cp_extra: 'mine',
  refund_total_amount: amount,
  item_order_detail: [{ item_order_id: itemOrderId, refund_amount: amount }],
  refund_reason: [{ code: 999, text: '其他' }],
  order_entry_schema: { path: 'pages/refund/detail' },
  ...over,
});
const all = { item_order_detail: undefined, refund_all: true };

const refused = async (body: Fields): Promise<unknown> => (await shop.call('refund_create', body)).err_no;
const query = async (body: Fields): Promise<Fields[]> => (await shop.ask('refund_query', body)).refund_list as Fields[];

test('a refund is on its way, then there, and told', async () => {
  const sale = await shop.sale();
  const body = refundOf(sale, 300, { notify_url: `${shop.receiver.origin}/refunded` });
  const created = await shop.ask('refund_create', body);
  expect(created).toEqual({ refund_id: expect.any(String), refund_audit_deadline: 0 });
  const createdAt = shop.now;
  const processing = {
    refund_id: created.refund_id,
    out_refund_no: body.out_refund_no,
    order_id: sale.orderId,
    refund_total_amount: 300,
    refund_status: 'PROCESSING',
    refund_source: 2,
    create_at: createdAt,
    refund_at: 0,
    message: '',
    item_order_detail: [{ item_order_id: sale.itemOrderId, refund_amount: 300 }],
    merchant_audit_detail: { audit_status: 'INIT', need_refund_audit: 2, refund_audit_deadline: 0, deny_message: '' },
  };
  expect(await query({ out_refund_no: body.out_refund_no })).toEqual([processing]);

  await shop.pass(10);
  const done = { ...processing, refund_status: 'SUCCESS', refund_at: shop.now };
  expect(await query({ refund_id: created.refund_id })).toEqual([done]);
  expect(await query({ order_id: sale.orderId })).toEqual([done]);
  const [callback, ...more] = await shop.heard('refund');
  expect(more).toEqual([]);
  expect(callback?.raw.path).toBe('/refunded');
  expect(callback?.msg).toEqual({
    app_id: PROGRAM,
    status: 'SUCCESS',
    order_id: sale.orderId,
    cp_extra: 'mine',
    event_time: shop.now,
    refund_id: created.refund_id,
    out_refund_no: body.out_refund_no,
    refund_total_amount: 300,
    is_all_settled: false,
    refund_item_detail: {
      item_order_quantity: 1,
      item_order_detail: [{ item_order_id: sale.itemOrderId, refund_amount: 300 }],
    },
    refund_type: 2,
  });
});

test('a refund arrives after a restart too', async () => {
  const body = refundOf(await shop.sale(), 300);
  await shop.ask('refund_create', body);
  await shop.sandbox.restart();
  await shop.pass(10);
  expect(await query({ out_refund_no: body.out_refund_no })).toMatchObject([{ refund_status: 'SUCCESS' }]);
});

test('a number is one refund', async () => {
  const sale = await shop.sale();
  const body = refundOf(sale, 300);
  expect(await refused(body)).toBe(0);
  expect(await refused(body)).toBe(22004);
  expect(await refused(refundOf(await shop.sale(), 1, { out_refund_no: body.out_refund_no }))).toBe(22004);
  expect(await query({ order_id: sale.orderId })).toHaveLength(1);
});

test('never more than was paid goes out, however many ask at once', async () => {
  const sale = await shop.sale();
  const answers = await Promise.all(Array.from({ length: 20 }, () => refused(refundOf(sale, 100))));
  expect(answers.filter((code) => code === 0)).toHaveLength(9);
  expect(answers.filter((code) => code === 22002)).toHaveLength(11);
  expect(await refused(refundOf(sale, 91))).toBe(22002);
  expect(await refused(refundOf(sale, 90))).toBe(0);
});

test('refund_all is for an order of which nothing went back yet', async () => {
  const [whole, part] = [await shop.sale(), await shop.sale()];
  expect(await refused(refundOf(whole, 300, all))).toBe(10000);
  expect(await refused(refundOf(whole, 990, all))).toBe(0);
  expect(await refused(refundOf(part, 1))).toBe(0);
  expect(await refused(refundOf(part, 989, all))).toBe(22002);
});

test.each<[string, Fields]>([
  ['both items and refund_all', { refund_all: true }],
  ['neither items nor refund_all', { item_order_detail: undefined }],
  ['items that do not add up', { refund_total_amount: 301 }],
  ['no reason', { refund_reason: [] }],
  ['an unknown reason', { refund_reason: [{ code: 100, text: 'x' }] }],
  ['a reason of 50 characters', { refund_reason: [{ code: 999, text: '理'.repeat(50) }] }],
  ['eleven reasons', { refund_reason: Array.from({ length: 11 }, () => ({ code: 999, text: 'x' })) }],
  ['a number of 65 characters', { out_refund_no: 'x'.repeat(65) }],
  ['no cp_extra', { cp_extra: undefined }],
  ['no refund page', { order_entry_schema: undefined }],
  ['a refund page with a leading slash', { order_entry_schema: { path: '/a' } }],
  ['an amount as text', { refund_total_amount: '300' }],
])('a refund with %s is refused', async (_, over) => {
  expect(await refused(refundOf(await shop.sale(), 300, over))).toBe(10000);
});

test('a refund is of a paid order of this mini-program, and its item', async () => {
  const sale = await shop.sale();
  const open = await shop.buy(shop.orderData(), { outcome: 'cancel' });
  const [item] = open.itemOrderList as Fields[];
  const unpaid = { orderId: String(open.orderId), itemOrderId: String(item?.itemOrderId) };
  expect(await refused(refundOf({ ...sale, orderId: 'motb1' }, 300))).toBe(20000);
  expect(await refused(refundOf({ ...sale, itemOrderId: 'motb1' }, 300))).toBe(21047);
  expect(await refused(refundOf(unpaid, 300))).toBe(22000);
  const items = Array.from({ length: 100 }, () => ({ item_order_id: sale.itemOrderId, refund_amount: 1 }));
  expect(await refused(refundOf(sale, 100, { item_order_detail: items }))).toBe(22007);
  expect((await shop.call('refund_query', { refund_id: 'motr1' })).err_no).toBe(20000);
  expect((await shop.call('refund_query', { order_id: 'motb1' })).err_no).toBe(20000);
  expect((await shop.call('refund_query', {})).err_no).toBe(10000);
  expect(await query({ order_id: sale.orderId })).toEqual([]);
});

test('an order in diamonds is given back in diamonds', async () => {
  const sale = await shop.sale({ currency: 'DIAMOND' });
  expect(await refused(refundOf(sale, 300))).toBe(10000);
  expect(await refused(refundOf(sale, 300, { currency: 'DIAMOND' }))).toBe(0);
  await shop.pass(10);
  const told = (await shop.heard('refund')).find(({ msg }) => msg.order_id === sale.orderId);
  expect(told?.msg).toMatchObject({ currency: 'DIAMOND' });
});

test('WeChat gives back in 50 parts, Alipay in more, nobody after a year', async () => {
  const [wechat, alipay] = [await shop.sale(), await shop.sale({ limitPayWayList: [1] })];
  for (let part = 0; part < 50; part += 1)
    expect([await refused(refundOf(wechat, 1)), await refused(refundOf(alipay, 1))]).toEqual([0, 0]);
  expect([await refused(refundOf(wechat, 1)), await refused(refundOf(alipay, 1))]).toEqual([22001, 0]);
  const old = await shop.sale();
  await shop.pass(365 * 86_400 + 1);
  expect(await refused(refundOf(old, 1))).toBe(22000);
});
