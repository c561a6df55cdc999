import { AlipayShop, type Texts } from '../testing/alipay-shop.js';
import { type Fields, TestSandbox } from '../testing/test-sandbox.js';

let sandbox: TestSandbox;
let shop: AlipayShop;

beforeAll(async () => {
  sandbox = await TestSandbox.start();
  shop = await AlipayShop.open(sandbox);
});
beforeEach(() => shop.receiver.forget());
afterEach(() => shop.set({ refunds: 'at_once' }));
afterAll(async () => {
  await sandbox.stop();
  await shop.close();
});

const failed = (subCode: string): Fields => ({ code: '40004', sub_code: subCode });

const refund = (out_trade_no: string, over: Fields = {}): Promise<Texts> =>
  shop.call('refund', { out_trade_no, refund_amount: '2.34', out_request_no: 'r1', ...over });

const ask = (out_trade_no: string, out_request_no = 'r1', query_options: string[] = []): Promise<Texts> =>
  shop.call('fastpay.refund.query', { out_trade_no, out_request_no, query_options });

test('a refund moves money once: the same again says so, and another amount under its number is refused', async () => {
  const { trade_no, out_trade_no } = await shop.paid();
  expect(await refund(out_trade_no, { refund_reason: 'too hot' })).toMatchObject({
    code: '10000',
    trade_no,
    out_trade_no,
    buyer_open_id: shop.openId,
    buyer_logon_id: expect.stringMatching(/^1\d\d\*{4}\d{4}$/) as unknown,
    fund_change: 'Y',
    refund_fee: '2.34',
    gmt_refund_pay: expect.stringMatching(/^\d{4}-/) as unknown,
  });
  expect(await refund(out_trade_no)).toMatchObject({ code: '10000', fund_change: 'N', refund_fee: '2.34' });
  expect(await refund(out_trade_no, { refund_amount: '2.35' })).toMatchObject(failed('ACQ.DISCORDANT_REPEAT_REQUEST'));
  expect(await shop.status(out_trade_no)).toBe('TRADE_SUCCESS');
});

test('of many that race for one number, one moves money', async () => {
  const { out_trade_no } = await shop.paid();
  const answers = await Promise.all(Array.from({ length: 20 }, () => refund(out_trade_no)));
  expect(answers.filter(({ fund_change }) => fund_change === 'Y')).toHaveLength(1);
  expect(answers.filter(({ fund_change }) => fund_change === 'N')).toHaveLength(19);
});

test('refunds of one trade are three seconds apart, and together never more than was paid', async () => {
  const { out_trade_no } = await shop.paid();
  await refund(out_trade_no);
  const hasty = { code: '40005', sub_code: 'isv.method-call-limited' };
  await shop.later({ seconds: 2 });
  expect(await refund(out_trade_no, { out_request_no: 'r2' })).toMatchObject(hasty);
  await shop.later({ seconds: 1 });
  const tooMuch = { out_request_no: 'r2', refund_amount: '10.01' };
  expect(await refund(out_trade_no, tooMuch)).toMatchObject(failed('ACQ.REASON_TRADE_REFUND_FEE_ERR'));
  const rest = { out_request_no: 'r2', refund_amount: '10' };
  expect(await refund(out_trade_no, rest)).toMatchObject({ fund_change: 'Y', refund_fee: '12.34' });
  expect(await shop.status(out_trade_no)).toBe('TRADE_CLOSED');
  await shop.later({ seconds: 3 });
  expect(await refund(out_trade_no, { out_request_no: 'r3' })).toMatchObject(failed('ACQ.TRADE_HAS_CLOSE'));
  expect(await refund(out_trade_no)).toMatchObject({ fund_change: 'N', refund_fee: '12.34' });
});

test('a refund in full needs no number: out_trade_no stands in for it', async () => {
  const { out_trade_no } = await shop.paid();
  const partial = { out_request_no: undefined };
  expect(await refund(out_trade_no, partial)).toMatchObject(failed('ACQ.REFUND_AMT_NOT_EQUAL_TOTAL'));
  const full = { out_request_no: undefined, refund_amount: 12.34 };
  expect(await refund(out_trade_no, full)).toMatchObject({ fund_change: 'Y', refund_fee: '12.34' });
  expect(await ask(out_trade_no, out_trade_no)).toMatchObject({ refund_status: 'REFUND_SUCCESS' });
});

test('what was not paid, closed or does not exist cannot be refunded', async () => {
  const { out_trade_no = '' } = await shop.create();
  expect(await refund(out_trade_no)).toMatchObject(failed('ACQ.TRADE_STATUS_ERROR'));
  await shop.call('close', { out_trade_no });
  expect(await refund(out_trade_no)).toMatchObject(failed('ACQ.TRADE_HAS_CLOSE'));
  expect(await refund('none')).toMatchObject(failed('ACQ.TRADE_NOT_EXIST'));
});

test.each<Fields>([
  { refund_amount: undefined },
  { refund_amount: '0' },
  { refund_amount: '0.001' },
  { out_request_no: 'r'.repeat(65) },
  { refund_reason: 'r'.repeat(257) },
  { refund_royalty_parameters: {} },
])('a refund with %p is refused', async (over) => {
  const { out_trade_no } = await shop.paid();
  expect(await refund(out_trade_no, over)).toMatchObject(failed('ACQ.INVALID_PARAMETER'));
});

test('a trade is named by trade_no before out_trade_no, and by one of them at least', async () => {
  const [one, other] = [await shop.paid(), await shop.paid()];
  const both = { trade_no: one.trade_no, out_trade_no: other.out_trade_no };
  expect(await refund('', both)).toMatchObject({ out_trade_no: one.out_trade_no });
  expect(await refund('')).toMatchObject(failed('ACQ.INVALID_PARAMETER'));
});

test('the refund query tells more when it is asked to, and nothing of an unknown number', async () => {
  const { trade_no, out_trade_no } = await shop.paid();
  await refund(out_trade_no, { refund_reason: 'too hot' });
  const { traceId: _, ...plain } = await ask(out_trade_no);
  expect(plain).toEqual({
    code: '10000',
    msg: 'Success',
    trade_no,
    out_trade_no,
    out_request_no: 'r1',
    total_amount: '12.34',
    refund_amount: '2.34',
    refund_reason: 'too hot',
    refund_status: 'REFUND_SUCCESS',
  });
  const options = ['gmt_refund_pay', 'refund_detail_item_list', 'deposit_back_info'];
  expect(await ask(out_trade_no, 'r1', options)).toMatchObject({
    gmt_refund_pay: expect.stringMatching(/^\d{4}-/) as unknown,
    send_back_fee: '2.34',
    refund_detail_item_list: [{ fund_channel: 'ALIPAYACCOUNT', amount: '2.34' }],
    deposit_back_info: { has_deposit_back: 'false' },
  });
  const { traceId: __, ...unknown } = await ask(out_trade_no, 'r2');
  expect(unknown).toEqual({ code: '10000', msg: 'Success' });
  expect(await ask('none')).toMatchObject(failed('ACQ.TRADE_NOT_EXIST'));
  const nameless = await shop.call('fastpay.refund.query', { out_trade_no });
  expect(nameless).toMatchObject(failed('ACQ.INVALID_PARAMETER'));
});

describe('the console of the mini-program can want refunds', () => {
  test('later: accepted first, done a minute after, and notified then', async () => {
    await shop.set({ refunds: 'later' });
    const { out_trade_no } = await shop.paid();
    shop.receiver.forget();
    const accepted = await refund(out_trade_no);
    expect(accepted).toMatchObject({ code: '10000', fund_change: 'N', refund_fee: '0.00' });
    expect(await refund(out_trade_no)).toMatchObject({ fund_change: 'N' });
    expect(await ask(out_trade_no)).not.toHaveProperty('refund_status');
    await shop.later({ seconds: 3 });
    const tooMuch = { refund_amount: '12.34', out_request_no: 'r2' };
    expect(await refund(out_trade_no, tooMuch)).toMatchObject(failed('ACQ.REASON_TRADE_REFUND_FEE_ERR'));
    expect(shop.notifications).toEqual([]);

    await sandbox.restart();
    await shop.later({ seconds: 57 });
    const [notification] = await shop.notified(1);
    expect(notification).toMatchObject({ out_biz_no: 'r1', refund_fee: '2.34', trade_status: 'TRADE_SUCCESS' });
    expect(await ask(out_trade_no)).toHaveProperty('refund_status', 'REFUND_SUCCESS');
    expect(await refund(out_trade_no)).toMatchObject({ fund_change: 'N', refund_fee: '2.34' });
  });

  test('accepted and not executed: the same again, when all is well, moves the money', async () => {
    await shop.set({ refunds: 'not_executed' });
    const { out_trade_no } = await shop.paid();
    expect(await refund(out_trade_no)).toMatchObject({ code: '10000', fund_change: 'N', refund_fee: '0.00' });
    expect(await ask(out_trade_no)).not.toHaveProperty('out_request_no');
    await shop.set({ refunds: 'at_once' });
    expect(await refund(out_trade_no)).toMatchObject({ fund_change: 'Y', refund_fee: '2.34' });
  });

  test('refused for want of money', async () => {
    await shop.set({ refunds: 'balance_short' });
    const { out_trade_no } = await shop.paid();
    expect(await refund(out_trade_no)).toMatchObject(failed('ACQ.SELLER_BALANCE_NOT_ENOUGH'));
    await shop.set({ refunds: 'at_once' });
    expect(await refund(out_trade_no)).toMatchObject({ fund_change: 'Y' });
  });
});

test('a fault can refuse one refund with any code, and lose the answer to one that was done', async () => {
  const match = { platform: 'alipay', path: 'alipay.trade.refund', platformAppId: shop.program.platformAppId };
  const { out_trade_no } = await shop.paid();
  await shop.program.fault('code', { match, code: 'ACQ.REASON_TRADE_BEEN_FREEZEN' });
  expect(await refund(out_trade_no)).toMatchObject(failed('ACQ.REASON_TRADE_BEEN_FREEZEN'));
  await shop.program.fault('busy', { match });
  expect(await refund(out_trade_no)).toMatchObject({ code: '20000', sub_code: 'isp.unknow-error' });
  expect(await ask(out_trade_no)).not.toHaveProperty('refund_status');

  await shop.program.fault('timeout_after', { match });
  const bizContent = JSON.stringify({ out_trade_no, refund_amount: '2.34', out_request_no: 'r1' });
  const body = shop.program.signed('alipay.trade.refund', { bizContent: JSON.parse(bizContent) as Fields });
  const lost = fetch(`${sandbox.url}/gateway.do`, { method: 'POST', body, signal: AbortSignal.timeout(300) });
  await expect(lost).rejects.toThrow();
  expect(await refund(out_trade_no)).toMatchObject({ fund_change: 'N', refund_fee: '2.34' });
});

describe('a refund that the merchant makes in its console', () => {
  const byHand = (number: string, over: Fields = {}): Promise<Fields> =>
    sandbox.post('/_/refund', { platform: 'alipay', number, ...over });

  test('is notified, and found under a number of its own', async () => {
    const { out_trade_no } = await shop.paid();
    shop.receiver.forget();
    const { outRequestNo } = await byHand(out_trade_no, { amount: 234 });
    const [notification] = await shop.notified(1);
    expect(notification).toMatchObject({
      out_trade_no,
      out_biz_no: outRequestNo,
      refund_fee: '2.34',
      trade_status: 'TRADE_SUCCESS',
      gmt_refund: expect.stringMatching(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}$/) as unknown,
    });
    expect(await ask(out_trade_no, String(outRequestNo))).toMatchObject({ refund_amount: '2.34' });
  });

  test('sends back all that is left unless told otherwise', async () => {
    const { out_trade_no } = await shop.paid();
    await refund(out_trade_no);
    await byHand(out_trade_no);
    expect(await shop.status(out_trade_no)).toBe('TRADE_CLOSED');
  });

  test('is refused by the sandbox when it cannot be', async () => {
    const { out_trade_no } = await shop.paid();
    const { out_trade_no: unpaid = '' } = await shop.create();
    const refused = { error: 'refund_refused' };
    expect(await byHand(out_trade_no, { amount: 1235 })).toMatchObject(refused);
    expect(await byHand(out_trade_no, { by: 'user' })).toMatchObject(refused);
    expect(await byHand(unpaid)).toMatchObject(refused);
    expect(await byHand('none')).toMatchObject({ error: 'order_unknown' });
  });
});
