import { verify } from 'node:crypto';
import { newNumber } from '../../src/common/ids.js';
import { problemOf } from './bench.js';
import {
  accounts,
  anOrder,
  failure,
  type Given,
  isWellSigned,
  merchant,
  merchantPair,
  NOW,
  PayBench,
  program,
  SERIAL,
  PUBLIC_KEY_ID,
  transactionOf,
} from './wechat-pay-stand.js';

let bench: PayBench;
let stand: PayBench['stand'];
let payments: PayBench['payments'];
beforeAll(async () => {
  bench = await PayBench.start();
  ({ stand, payments } = bench);
});
afterAll(() => bench.stop());

describe('an order', () => {
  test('is placed with every field where WeChat Pay wants it, signed over the very bytes sent', async () => {
    stand.answers({ body: { prepay_id: 'wx20101800' } });
    const settings = {
      goodsTag: 'WXG',
      limitPay: ['no_credit'],
      attach: '附',
      supportFapiao: true,
      profitSharing: true,
    };
    const order = anOrder({ settings });
    const businessNow = new Date('2027-01-01T00:00:00Z');
    expect(await payments.submit(accounts, order, businessNow)).toEqual({
      kind: 'ready',
      handle: 'wx20101800',
      handleExpiresAt: new Date('2027-01-01T02:00:00Z'),
    });
    const [request] = stand.arrived;
    expect(request).toMatchObject({ method: 'POST', url: '/v3/pay/transactions/jsapi' });
    expect(isWellSigned(request!)).toBe(true);
    expect(request!.headers).toMatchObject({
      accept: 'application/json',
      'content-type': 'application/json',
      'wechatpay-serial': PUBLIC_KEY_ID,
    });
    expect(JSON.parse(request!.body)).toEqual({
      appid: program.platformAppId,
      mchid: merchant.merchantId,
      description: '两杯咖啡',
      out_trade_no: order.number,
      time_expire: '2026-11-21T02:30:00+08:00',
      attach: '附',
      notify_url: order.notifyUrl,
      goods_tag: 'WXG',
      limit_pay: ['no_credit'],
      support_fapiao: true,
      amount: { total: 1234, currency: 'CNY' },
      payer: { openid: order.payer },
      settle_info: { profit_sharing: true },
    });
  });

  test('is signed with changed credentials at once', async () => {
    const credentials = { ...(merchant.credentials as object), serial: SERIAL.replace('5F', '60') };
    stand.answers({ body: { prepay_id: 'wx1' } });
    await payments.submit({ program, merchant: { ...merchant, credentials } }, anOrder(), NOW);
    expect(stand.arrived[0]!.headers.authorization).toContain(`serial_no="${credentials.serial}"`);
  });

  test('is not sent for a merchant whose credentials cannot be used', async () => {
    stand.answers();
    const broken = { ...merchant, credentials: { ...(merchant.credentials as object), privateKey: 'nonsense' } };
    const error = await problemOf((async () => payments.submit({ program, merchant: broken }, anOrder(), NOW))());
    expect([error.problem, stand.arrived.length]).toEqual(['platform_account_misconfigured', 0]);
    expect(error.message).toContain('privateKey');
  });

  test('sends nothing that was not said', async () => {
    stand.answers({ body: { prepay_id: 'wx1' } });
    await payments.submit(accounts, anOrder(), NOW);
    const wanted = ['appid', 'mchid', 'description', 'out_trade_no', 'time_expire', 'notify_url', 'amount', 'payer'];
    expect(Object.keys(JSON.parse(stand.arrived[0]!.body) as object)).toEqual(wanted);
  });

  test.each<[string, Given, object]>([
    ['paid already', failure(400, 'ORDER_PAID'), { kind: 'paid' }],
    ['closed already', failure(400, 'ORDER_CLOSED'), { kind: 'refused', platformCode: 'ORDER_CLOSED' }],
    ['refused', failure(400, 'PARAM_ERROR'), { kind: 'refused', platformCode: 'PARAM_ERROR' }],
    ['refused for a new reason', failure(403, 'NEW'), { kind: 'refused', platformCode: 'NEW' }],
  ])('is %s', async (_, answer, expected) => {
    stand.answers(answer);
    expect(await payments.submit(accounts, anOrder(), NOW)).toMatchObject(expected);
  });

  test.each<[string, Given]>([
    ['platform_unknown', failure(500, 'SYSTEM_ERROR')],
    ['platform_unknown', failure(403, 'OUT_TRADE_NO_USED')],
    ['platform_unknown', failure(400, 'INVALID_REQUEST', '08A0-268498688')],
    ['platform_unknown', { status: 404, body: '<html>' }],
    ['platform_unknown', { body: { prepay_id: 'wx1' }, signed: 'none' }],
    ['platform_unknown', { body: { prepay_id: 'wx1' }, signed: 'by_somebody' }],
    ['platform_unknown', { body: { prepay_id: 'wx1' }, signed: 'probe' }],
    ['platform_unknown', { body: { prepay_id: 'wx1' }, signed: 'stale' }],
    ['platform_unknown', { body: { prepay_id: 'wx1' }, signed: 'unknown_serial' }],
    ['platform_unknown', { body: {} }],
    ['platform_unknown', { body: 'not json' }],
    ['platform_busy', failure(503, 'SERVICE_UNAVAILABLE')],
    ['platform_busy', { status: 502, body: '<html>' }],
    ['platform_rate_limited', failure(429, 'RATELIMIT_EXCEEDED')],
    ['platform_account_misconfigured', failure(401, 'SIGN_ERROR')],
    ['platform_account_misconfigured', failure(400, 'APPID_MCHID_NOT_MATCH')],
  ])('%s: %j', async (problem, answer) => {
    stand.answers(answer);
    const error = await problemOf(payments.submit(accounts, anOrder(), NOW));
    expect(error.problem).toBe(problem);
    expect(error.message).not.toContain('微信的话');
  });

  test('gives the client parameters that it signed', () => {
    const order = anOrder({ handle: 'wx20101800', expiresAt: new Date(NOW.getTime() + 60_000) });
    const action = payments.clientAction(accounts, order, NOW);
    const { timeStamp, nonceStr, package: packageValue, paySign } = action.params as Record<string, string>;
    expect(action).toMatchObject({
      platform: 'wechat',
      method: 'requestPayment',
      proof: 'callback',
      expiresAt: order.expiresAt.toISOString(),
    });
    expect(action.params).toMatchObject({
      timeStamp: String(NOW.getTime() / 1_000),
      package: 'prepay_id=wx20101800',
      signType: 'RSA',
    });
    const content = `${program.platformAppId}\n${timeStamp}\n${nonceStr}\n${packageValue}\n`;
    expect(verify('RSA-SHA256', Buffer.from(content), merchantPair.publicKey, Buffer.from(paySign!, 'base64'))).toBe(
      true,
    );
    const later = payments.clientAction(accounts, anOrder({ handle: 'wx1' }), NOW);
    expect(later.expiresAt).toBe(new Date(NOW.getTime() + 7_200_000).toISOString());
  });

  test('is asked for by our number, and all that WeChat Pay knows of it is told', async () => {
    const order = anOrder();
    stand.answers({ body: transactionOf(order) });
    expect(await payments.query(accounts, order)).toEqual({
      kind: 'succeeded',
      paid: {
        transactionId: '4200000925202101284997714292',
        paidAt: new Date('2026-11-20T09:59:00Z'),
        amount: 1234,
        currency: 'CNY',
        merchantId: merchant.merchantId,
        platformAppId: program.platformAppId,
        payer: order.payer,
      },
    });
    const [request] = stand.arrived;
    expect(request).toMatchObject({
      method: 'GET',
      url: `/v3/pay/transactions/out-trade-no/${order.number}?mchid=${merchant.merchantId}`,
      body: '',
    });
    expect(isWellSigned(request!)).toBe(true);
  });

  test.each([
    ['NOTPAY', 'pending'],
    ['USERPAYING', 'pending'],
    ['ACCEPT', 'pending'],
    ['CLOSED', 'closed'],
    ['REVOKED', 'closed'],
    ['PAYERROR', 'failed'],
    ['REFUND', 'succeeded'],
  ])('that is %s is %s', async (trade_state, kind) => {
    const order = anOrder();
    const unpaid = { transaction_id: '', success_time: '', payer: {}, amount: {} };
    stand.answers({ body: transactionOf(order, { trade_state, ...(kind === 'succeeded' ? {} : unpaid) }) });
    expect((await payments.query(accounts, order)).kind).toBe(kind);
  });

  test('that WeChat Pay does not know is absent', async () => {
    stand.answers(failure(404, 'ORDER_NOT_EXIST'));
    expect(await payments.query(accounts, anOrder())).toEqual({ kind: 'absent' });
    expect(payments.absentIsFinalAt(anOrder(), NOW)).toEqual(new Date(NOW.getTime() + 60_000));
  });

  test.each<[string, object, Given['signed']]>([
    ['another order', { out_trade_no: newNumber() }, 'well'],
    ['no time of payment', { success_time: undefined }, 'well'],
    ['no transaction id', { transaction_id: undefined }, 'well'],
    ['half a fen', { amount: { total: 12.5 } }, 'well'],
    ['a new state', { trade_state: 'HALF_PAID' }, 'well'],
    ['no signature', {}, 'none'],
    ['a wrong signature', {}, 'by_somebody'],
    ['an old signature', {}, 'stale'],
  ])('is not believed with %s', async (_, over, signed) => {
    const order = anOrder();
    stand.answers({ body: transactionOf(order, over), ...(signed ? { signed } : {}) });
    expect((await problemOf(payments.query(accounts, order))).problem).toBe('platform_answer_invalid');
  });

  test.each<[string, Given, object]>([
    ['closed', { status: 204 }, { kind: 'closed' }],
    ['closed, when it was already', failure(400, 'ORDERCLOSED'), { kind: 'closed' }],
    ['paid', failure(400, 'ORDERPAID'), { kind: 'paid' }],
    ['paid, in other words', failure(400, 'TRADE_ERROR', '08A0-268449538'), { kind: 'paid' }],
  ])('that is to be closed is %s', async (_, answer, expected) => {
    const order = anOrder();
    stand.answers(answer);
    expect(await payments.close(accounts, order)).toEqual(expected);
    const [request] = stand.arrived;
    expect(request!.url).toBe(`/v3/pay/transactions/out-trade-no/${order.number}/close`);
    expect(request!.body).toBe(JSON.stringify({ mchid: merchant.merchantId }));
    expect(isWellSigned(request!)).toBe(true);
  });

  test.each<[Given]>([
    [failure(404, 'ORDER_NOT_EXIST')],
    [failure(500, 'SYSTEM_ERROR')],
    [{ status: 204, signed: 'none' }],
  ])('may or may not be closed after %j', async (answer) => {
    stand.answers(answer);
    expect((await problemOf(payments.close(accounts, anOrder()))).problem).toBe('platform_unknown');
  });
});
