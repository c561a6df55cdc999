import { AlipayShop, type Texts } from '../testing/alipay-shop.js';
import { type Fields, TestSandbox } from '../testing/test-sandbox.js';

let sandbox: TestSandbox;
let shared: AlipayShop;
let shop: AlipayShop;

beforeAll(async () => {
  sandbox = await TestSandbox.start();
  shared = await AlipayShop.open(sandbox);
});
beforeEach(() => {
  shop = shared;
});
afterAll(async () => {
  await sandbox.stop();
  await shared.close();
});

/** For tests that move the clock. */
const withShopOfItsOwn = (run: () => Promise<void>) => async (): Promise<void> => {
  shop = await AlipayShop.open(sandbox);
  await run().finally(() => shop.close());
};

const failed = (subCode: string): Fields => ({ code: '40004', sub_code: subCode });
const cancel = (out_trade_no: string | undefined): Promise<Texts> => shop.call('cancel', { out_trade_no });
const close = (out_trade_no: string | undefined): Promise<Texts> => shop.call('close', { out_trade_no });

describe('what the cashier gives', () => {
  test('to the buyer who pays, who leaves, and who fails', async () => {
    const { trade_no, out_trade_no } = await shop.create();
    expect(await shop.tradePay(trade_no, { outcome: 'cancel' })).toEqual({ resultCode: '6001' });
    const failure = { resultCode: '4000', memo: expect.any(String) as unknown };
    expect(await shop.tradePay(trade_no, { outcome: 'fail' })).toEqual(failure);
    expect(await shop.status(out_trade_no)).toBe('WAIT_BUYER_PAY');
    expect(await shop.tradePay(trade_no)).toEqual({ resultCode: '9000' });
    expect(await shop.tradePay(trade_no)).toEqual(failure);
  });

  test('to another person, for another number, and for another method', async () => {
    const { trade_no, out_trade_no } = await shop.create();
    const failure = { resultCode: '4000', memo: expect.any(String) as unknown };
    expect(await shop.tradePay(trade_no, { user: 'bob' })).toEqual(failure);
    expect(await shop.tradePay(out_trade_no)).toEqual(failure);
    expect(await shop.tradePay(undefined)).toEqual(failure);
    const clientAction = { platform: 'alipay', method: 'requestPayment', params: {} };
    const other = await sandbox.post('/_/cashier', { clientAction, user: 'ann', outcome: 'pay' });
    expect(other).toMatchObject({ error: 'client_method_unknown' });
    expect(await shop.status(out_trade_no)).toBe('WAIT_BUYER_PAY');
  });
});

test('a query tells of the trade, and of its money when it was paid', async () => {
  const order = { passback_params: 'p', store_id: 's1', terminal_id: 't1' };
  const { trade_no, out_trade_no } = await shop.paid(order);
  const options = { query_options: ['fund_bill_list'] };
  const { traceId: _, ...answer } = await shop.call('query', { trade_no, ...options });
  expect(answer).toEqual({
    code: '10000',
    msg: 'Success',
    trade_no,
    out_trade_no,
    buyer_logon_id: expect.stringMatching(/^1\d\d\*{4}\d{4}$/) as unknown,
    buyer_open_id: shop.openId,
    buyer_user_type: 'PRIVATE',
    trade_status: 'TRADE_SUCCESS',
    total_amount: '12.34',
    buyer_pay_amount: '12.34',
    invoice_amount: '12.34',
    point_amount: '0.00',
    receipt_amount: '12.34',
    send_pay_date: '2026-06-01 12:00:00',
    fund_bill_list: [{ fund_channel: 'ALIPAYACCOUNT', amount: '12.34', real_amount: '12.34' }],
    ...order,
  });
  expect(await shop.call('query', {})).toMatchObject(failed('ACQ.INVALID_PARAMETER'));
});

describe('time', () => {
  test(
    'closes a trade when it is over',
    withShopOfItsOwn(async () => {
      const start = shop.businessNow;
      const trades: { minutes: number; trade_no?: string; out_trade_no?: string }[] = [];
      for (const [over, minutes] of [
        [{ timeout_express: '5m' }, 5],
        [{ time_expire: '2026-06-01 12:30:00', timeout_express: '5m' }, 30],
        [{ product_code: undefined, op_app_id: undefined }, 3 * 60],
        [{ timeout_express: '1c' }, 12 * 60],
        [{}, 15 * 24 * 60],
      ] as const)
        trades.push({ minutes, ...(await shop.create(over)) });

      for (const [index, { minutes, trade_no, out_trade_no }] of trades.entries()) {
        const end = start + minutes * 60_000;
        expect(await shop.later({ seconds: (end - shop.businessNow) / 1_000 - 1 })).toBe(end);
        expect(await shop.status(out_trade_no)).toBe('WAIT_BUYER_PAY');
        const next = trades[index + 1];
        expect(await shop.later({ seconds: 1 })).toBe(next ? start + next.minutes * 60_000 : null);
        expect(await shop.status(out_trade_no)).toBe('TRADE_CLOSED');
        expect(await shop.tradePay(trade_no)).toMatchObject({ resultCode: '4000' });
      }
      expect(shop.notifications).toEqual([]);
    }),
  );

  test(
    'closes nothing that was paid, and ends refunds after a year',
    withShopOfItsOwn(async () => {
      const { trade_no, out_trade_no } = await shop.paid({ timeout_express: '5m' });
      expect(await shop.later({ days: 364 })).toBeNull();
      expect(await shop.status(out_trade_no)).toBe('TRADE_SUCCESS');
      await shop.later({ days: 1 });
      expect(await shop.status(out_trade_no)).toBe('TRADE_FINISHED');
      const refused = failed('ACQ.TRADE_HAS_FINISHED');
      expect(await shop.call('refund', { trade_no, refund_amount: '12.34' })).toMatchObject(refused);
      expect(await cancel(out_trade_no)).toMatchObject(refused);
    }),
  );
});

describe('alipay.trade.close', () => {
  test(
    'closes what nobody paid, once',
    withShopOfItsOwn(async () => {
      const { trade_no, out_trade_no } = await shop.create();
      expect(await close(out_trade_no)).toMatchObject({ code: '10000', trade_no, out_trade_no });
      expect(await close(out_trade_no)).toMatchObject(failed('ACQ.REASON_TRADE_STATUS_INVALID'));
      expect(await shop.later({})).toBeNull();
    }),
  );

  test('refuses what was paid or does not exist', async () => {
    const { out_trade_no } = await shop.paid();
    expect(await close(out_trade_no)).toMatchObject(failed('ACQ.TRADE_STATUS_ERROR'));
    expect(await close('none')).toMatchObject(failed('ACQ.TRADE_NOT_EXIST'));
  });
});

describe('alipay.trade.cancel', () => {
  test('closes what nobody paid, and says so again', async () => {
    const { trade_no, out_trade_no } = await shop.create();
    const canceled = { code: '10000', trade_no, out_trade_no, retry_flag: 'N', action: 'close' };
    expect(await cancel(out_trade_no)).toMatchObject(canceled);
    expect(await cancel(out_trade_no)).toMatchObject(canceled);
    expect(await shop.status(out_trade_no)).toBe('TRADE_CLOSED');
  });

  test('sends back what was paid, once', async () => {
    const { trade_no, out_trade_no } = await shop.paid();
    expect(await cancel(out_trade_no)).toMatchObject({ code: '10000', retry_flag: 'N', action: 'refund' });
    expect(await cancel(out_trade_no)).toMatchObject({ code: '10000', action: 'refund' });
    const asked = await shop.call('fastpay.refund.query', { trade_no, out_request_no: trade_no });
    expect(asked).toMatchObject({ refund_amount: '12.34', refund_status: 'REFUND_SUCCESS' });
  });

  test('has nothing to do for a trade that does not exist', async () => {
    const answer = await cancel('none');
    expect(answer).toMatchObject({ code: '10000', out_trade_no: 'none', retry_flag: 'N' });
    expect(answer).not.toHaveProperty('action');
  });

  test(
    'comes too late after a day, and again later when money is short',
    withShopOfItsOwn(async () => {
      const { out_trade_no } = await shop.paid();
      await shop.set({ refunds: 'balance_short' });
      const short = { ...failed('ACQ.SELLER_BALANCE_NOT_ENOUGH'), retry_flag: 'Y' };
      expect(await cancel(out_trade_no)).toMatchObject(short);
      await shop.later({ days: 1, seconds: 1 });
      expect(await cancel(out_trade_no)).toMatchObject({ ...failed('ACQ.TRADE_CANCEL_TIME_OUT'), retry_flag: 'N' });
    }),
  );
});

test('trades survive a restart', async () => {
  const { trade_no, out_trade_no } = await shop.paid();
  await sandbox.restart();
  expect(await shop.call('query', { trade_no })).toMatchObject({ out_trade_no, trade_status: 'TRADE_SUCCESS' });
});
