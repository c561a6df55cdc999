import { DAY, DouyinContracts } from '../testing/douyin-contracts.js';
import { PROGRAM } from '../testing/douyin-shop.js';
import type { Fields } from '../testing/test-sandbox.js';

let contracts: DouyinContracts;
beforeEach(async () => {
  contracts = await DouyinContracts.open();
});
afterEach(() => contracts.close());

/** A debit of 990 that is paid; its number at the platform. */
async function debit(over: Fields = {}): Promise<unknown> {
  const { authOrderId } = await contracts.signed();
  return (await contracts.debited(authOrderId, over)).pay_order_id;
}

const refund = (payOrderId: unknown, over: Fields = {}): Promise<Fields> =>
  contracts.call('create_sign_refund', {
    pay_order_id: payOrderId,
    out_pay_refund_no: contracts.number('refund'),
    refund_total_amount: 990,
    notify_url: `${contracts.shop.receiver.origin}/refunded`,
    ...over,
  });

const errNo = async (payOrderId: unknown, over: Fields = {}): Promise<unknown> =>
  (await refund(payOrderId, over)).err_no;

const listed = async (query: Fields): Promise<Fields[]> =>
  (await contracts.ask('query_sign_refund', query)).refund_list as Fields[];

test('a refund is accepted, arrives after 10 s, and is told', async () => {
  const payOrderId = await debit({ out_pay_order_no: 'd1' });
  const over = { out_pay_refund_no: 'r1', refund_reason: '不想要了' };
  const { data } = await refund(payOrderId, over);
  const { pay_refund_id: payRefundId } = data as Fields;
  const createdAt = contracts.shop.now;
  const asked = {
    app_id: PROGRAM,
    pay_order_id: payOrderId,
    out_pay_refund_no: 'r1',
    pay_refund_id: expect.stringMatching(/^motr\d{19}$/),
    refund_total_amount: 990,
    refund_reason: '不想要了',
    notify_url: expect.stringMatching(/\/refunded$/),
    message: '',
    create_at: createdAt,
  };
  expect(await listed({ pay_refund_id: payRefundId })).toEqual([{ ...asked, status: 'PROCESSING' }]);
  await contracts.shop.sandbox.restart();
  await contracts.shop.pass(10);
  const done = [{ ...asked, status: 'SUCCESS', refund_at: contracts.shop.now }];
  expect(await listed({ out_pay_refund_no: 'r1' })).toEqual(done);
  expect(await listed({ pay_order_id: payOrderId })).toEqual(done);

  const [callback] = await contracts.shop.heard('sign_refund_callback');
  expect(callback?.raw.path).toBe('/refunded');
  expect(callback && contracts.isGenuine(callback)).toBe(true);
  expect(callback?.msg).toEqual({
    app_id: PROGRAM,
    status: 'SUCCESS',
    auth_order_id: expect.any(String),
    pay_order_id: payOrderId,
    out_pay_order_no: 'd1',
    pay_refund_id: payRefundId,
    out_pay_refund_no: 'r1',
    refund_total_amount: 990,
    event_time: contracts.shop.now,
  });
});

test('what was paid with the signature can be given back, in parts, and no more than was paid', async () => {
  const { payOrderId } = await contracts.signed(contracts.payAndSignData());
  expect(await errNo(payOrderId, { refund_total_amount: 60 })).toBe(0);
  expect(await errNo(payOrderId, { refund_total_amount: 41 })).toBe(22002);
  expect(await errNo(payOrderId, { refund_total_amount: 40 })).toBe(0);
  expect(await errNo(payOrderId, { refund_total_amount: 1 })).toBe(22002);
  expect((await listed({ pay_order_id: payOrderId })).map((one) => one.refund_total_amount)).toEqual([60, 40]);
});

test('refunds that race give back no more than was paid', async () => {
  const payOrderId = await debit();
  const answers = await Promise.all(Array.from({ length: 10 }, () => errNo(payOrderId, { refund_total_amount: 400 })));
  expect(answers.filter((code) => code === 0)).toHaveLength(2);
});

test('with the fault wrong_amount the callback is genuine, and a fen is too many', async () => {
  const match = { platform: 'douyin', operation: 'sign_refund_callback.SUCCESS' };
  await contracts.shop.sandbox.post('/_/faults', { match, kind: 'wrong_amount' });
  await refund(await debit());
  await contracts.shop.pass(10);
  const [callback] = await contracts.shop.heard('sign_refund_callback');
  expect(callback?.msg.refund_total_amount).toBe(991);
  expect(callback && contracts.isGenuine(callback)).toBe(true);
});

test('a refund is refused', async () => {
  const payOrderId = await debit();
  expect(await errNo(payOrderId, { refund_total_amount: 90, out_pay_refund_no: 'r1' })).toBe(0);
  const refusals = [
    errNo(payOrderId, { out_pay_refund_no: 'r1', refund_total_amount: 90 }),
    errNo('mots1'),
    errNo(payOrderId, { refund_total_amount: 901 }),
    errNo(payOrderId, { refund_total_amount: 0 }),
    errNo(payOrderId, { out_pay_refund_no: 'x'.repeat(65) }),
    errNo(payOrderId, { notify_url: 'ftp://x' }),
  ];
  expect(await Promise.all(refusals)).toEqual([22004, 20000, 22002, 10000, 10000, 10000]);
  const { payOrderId: unpaid } = await contracts.page(contracts.payAndSignData(), { outcome: 'cancel' });
  expect(await errNo(unpaid, { refund_total_amount: 1 })).toBe(22000);
  await contracts.shop.pass(366 * DAY);
  expect(await errNo(payOrderId, { refund_total_amount: 1 })).toBe(22000);
});

test('query_sign_refund wants a number, and knows no refund of another mini-program', async () => {
  const other = 'tt00000000000000bb';
  await contracts.shop.sandbox.account('douyin', { platformAppId: other, credentials: { secret: 's' } });
  const token = await contracts.shop.tokenOf(other);
  const payOrderId = await debit();
  await refund(payOrderId, { out_pay_refund_no: 'r1' });
  const ask = async (query: Fields, as?: string) => (await contracts.call('query_sign_refund', query, as)).err_no;
  expect(await ask({})).toBe(10000);
  expect(await ask({ pay_refund_id: 'motr1' })).toBe(20000);
  expect(await ask({ pay_order_id: payOrderId }, token)).toBe(20000);
  expect(await ask({ out_pay_refund_no: 'r1' }, token)).toBe(20000);
  expect(await ask({ out_pay_refund_no: 'r1' })).toBe(0);
});
