import { DouyinShop, PROGRAM } from '../testing/douyin-shop.js';
import type { Fields } from '../testing/test-sandbox.js';

const MINUTE = 60;
const THREE_DAYS = 72 * 60 * MINUTE;
let shop: DouyinShop;
let sale: Awaited<ReturnType<DouyinShop['sale']>>;
beforeEach(async () => {
  shop = await DouyinShop.open();
  sale = await shop.sale();
});
afterEach(() => shop.close());

/** The server answers questions with `data`, and takes all else. */
const answer = (data: Fields): void => {
  shop.receiver.answer = ({ body }) => ({
    body: JSON.stringify({ err_no: 0, err_tips: 'success', ...(body.includes('"pre_create_refund"') && { data }) }),
  });
};
const answerNumber = (number: string): void =>
  answer({ out_refund_no: number, order_entry_schema: { path: 'pages/refund' } });
const start = (over: Fields = {}): Promise<Fields> =>
  shop.sandbox.post('/_/refund', { platform: 'douyin', number: sale.outOrderNo, by: 'user', ...over });
const state = async (refundId: unknown): Promise<Fields> =>
  ((await shop.ask('refund_query', { refund_id: refundId })).refund_list as Fields[])[0] ?? {};
const decide = async (refundId: unknown, over: Fields): Promise<unknown> =>
  (await shop.call('refund_audit_callback', { refund_id: refundId, ...over })).err_no;

test('a person who wants money back makes the platform ask for a number and a decision', async () => {
  answerNumber('r1');
  const { refundId, amount } = await start({ amount: 300 });
  expect(amount).toBe(300);
  const [question] = await shop.heard('pre_create_refund');
  expect(question?.raw.path).toBe('/paid');
  expect(question?.msg).toEqual({
    app_id: PROGRAM,
    open_id: expect.stringMatching(/^_000/),
    refund_id: refundId,
    order_id: sale.orderId,
    out_order_no: sale.outOrderNo,
    refund_total_amount: 300,
    need_refund_audit: 1,
    refund_audit_deadline: shop.now + THREE_DAYS * 1_000,
    create_refund_time: shop.now,
    refund_source: 1,
    refund_reason: [expect.any(String)],
    refund_description: '',
    cp_extra: '',
    refund_item_detail: {
      item_order_quantity: 1,
      item_order_detail: [{ item_order_id: sale.itemOrderId, refund_amount: 300 }],
    },
  });
  expect(await state(refundId)).toMatchObject({
    out_refund_no: 'r1',
    refund_status: 'PROCESSING',
    refund_source: 1,
    merchant_audit_detail: { audit_status: 'TOAUDIT', need_refund_audit: 1 },
  });
});

describe('the decision', () => {
  test('to agree sends the money on its way', async () => {
    answerNumber('r1');
    const { refundId } = await start();
    await shop.pass(3_600);
    expect((await state(refundId)).refund_status).toBe('PROCESSING');
    expect(await decide(refundId, { refund_audit_status: 1 })).toBe(0);
    expect(await decide(refundId, { refund_audit_status: 1 })).toBe(0);
    expect(await decide(refundId, { refund_audit_status: 2, deny_message: 'no' })).toBe(22000);
    await shop.pass(10);
    expect(await state(refundId)).toMatchObject({
      refund_status: 'SUCCESS',
      refund_total_amount: 990,
      merchant_audit_detail: { audit_status: 'AGREE' },
    });
    expect((await shop.heard('refund')).map(({ msg }) => msg)).toEqual([
      expect.objectContaining({ refund_id: refundId, out_refund_no: 'r1', refund_type: 1, status: 'SUCCESS' }),
    ]);
  });

  test('to refuse ends it, and the money can be asked for again', async () => {
    answerNumber('r1');
    const { refundId } = await start();
    await shop.pass(0);
    expect(await decide(refundId, { refund_audit_status: 2 })).toBe(10000);
    expect(await decide(refundId, { refund_audit_status: 2, deny_message: '不' })).toBe(0);
    await shop.pass(THREE_DAYS + 10);
    expect(await state(refundId)).toMatchObject({
      refund_status: 'FAIL',
      merchant_audit_detail: { audit_status: 'DENY', deny_message: '不' },
    });
    expect(await shop.heard('refund')).toEqual([]);
    expect(await start()).toMatchObject({ amount: 990 });
  });

  test('that never comes is consent', async () => {
    answerNumber('r1');
    const { refundId } = await start();
    await shop.pass(THREE_DAYS - 1);
    expect((await state(refundId)).merchant_audit_detail).toMatchObject({ audit_status: 'TOAUDIT' });
    await shop.pass(1);
    await shop.pass(10);
    expect(await state(refundId)).toMatchObject({
      refund_status: 'SUCCESS',
      merchant_audit_detail: { audit_status: 'OVERTIME' },
    });
    expect(await decide(refundId, { refund_audit_status: 2, deny_message: 'late' })).toBe(22000);
  });

  test('is not possible before the number is known, nor about nothing', async () => {
    const { refundId } = await start();
    await shop.pass(0);
    expect(await decide(refundId, { refund_audit_status: 1 })).toBe(22006);
    expect(await decide('motr1', { refund_audit_status: 1 })).toBe(20000);
    expect(await decide(refundId, { refund_audit_status: 3 })).toBe(10000);
  });
});

describe('the question for a number', () => {
  test('comes again every ten minutes until it is answered well, and then no more', async () => {
    answer({ order_entry_schema: { path: 'pages/refund' } });
    const { refundId } = await start();
    await shop.pass(0);
    answer({ out_refund_no: 'r1' });
    await shop.pass(10 * MINUTE - 1);
    expect(await shop.heard('pre_create_refund')).toHaveLength(1);
    await shop.pass(1);
    expect(await shop.heard('pre_create_refund')).toHaveLength(2);
    shop.receiver.answer = () => ({ status: 500 });
    await shop.pass(10 * MINUTE);
    expect((await state(refundId)).out_refund_no).toBe('');
    answerNumber('r1');
    await shop.pass(10 * MINUTE);
    expect((await state(refundId)).out_refund_no).toBe('r1');
    await shop.pass(60 * MINUTE);
    expect(await shop.heard('pre_create_refund')).toHaveLength(4);
  });

  test('is answered by the platform itself after 72 hours', async () => {
    shop.receiver.answer = () => ({ status: 500 });
    const { refundId } = await start({ by: 'merchant' });
    await shop.pass(THREE_DAYS - 1);
    expect((await state(refundId)).out_refund_no).toBe('');
    await shop.pass(1);
    expect((await state(refundId)).out_refund_no).toMatch(/^\d{19}$/);
    await shop.pass(10);
    expect((await state(refundId)).refund_status).toBe('SUCCESS');
  });

  test('keeps the first answer, and takes no number twice', async () => {
    answerNumber('r1');
    const { refundId } = await start({ amount: 1 });
    await shop.pass(0);
    const { refundId: other } = await start({ amount: 1 });
    await shop.pass(0);
    expect((await state(refundId)).out_refund_no).toBe('r1');
    expect((await state(other)).out_refund_no).toBe('');
    answerNumber('r2');
    await shop.pass(10 * MINUTE);
    expect([(await state(refundId)).out_refund_no, (await state(other)).out_refund_no]).toEqual(['r1', 'r2']);
  });
});

test('a server that never answers at all agrees', async () => {
  await shop.sandbox.post('/_/faults', { match: { platform: 'douyin', direction: 'out' }, kind: 'drop', times: 1_000 });
  const { refundId } = await start();
  await shop.pass(THREE_DAYS);
  await shop.pass(10);
  expect(await state(refundId)).toMatchObject({
    out_refund_no: expect.stringMatching(/^\d{19}$/),
    refund_status: 'SUCCESS',
    merchant_audit_detail: { audit_status: 'OVERTIME' },
  });
});

test('a refund by the support of Douyin asks for no decision', async () => {
  answer({ out_refund_no: 'r1', order_entry_schema: { path: 'a' }, notify_url: `${shop.receiver.origin}/refunded` });
  const { refundId } = await start({ by: 'merchant' });
  const [question] = await shop.heard('pre_create_refund');
  expect(question?.msg).toMatchObject({ need_refund_audit: 2, refund_audit_deadline: 0, refund_source: 4 });
  await shop.pass(10);
  expect(await state(refundId)).toMatchObject({ refund_status: 'SUCCESS', refund_source: 4 });
  expect((await shop.heard('refund')).map(({ raw, msg }) => [raw.path, msg.refund_type])).toEqual([['/refunded', 4]]);
});

test('what cannot be refunded says why', async () => {
  expect(await start({ number: 'none' })).toMatchObject({ error: 'order_unknown' });
  expect(await start({ amount: 991 })).toMatchObject({
    error: 'refund_impossible',
    message: expect.stringMatching(/990/),
  });
  const data = shop.orderData();
  await shop.buy(data, { outcome: 'cancel' });
  expect(await start({ number: data.outOrderNo })).toMatchObject({ error: 'refund_impossible' });
});
