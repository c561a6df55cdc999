import { problemOf } from './bench.js';
import { accounts, aRefund, failure, type Given, isWellSigned, PayBench, refundOf } from './wechat-pay-stand.js';

let bench: PayBench;
let stand: PayBench['stand'];
let payments: PayBench['payments'];
beforeAll(async () => {
  bench = await PayBench.start();
  ({ stand, payments } = bench);
});
afterAll(() => bench.stop());

describe('a refund', () => {
  test('is sent with every field where WeChat Pay wants it', async () => {
    const refund = aRefund();
    stand.answers({ body: refundOf(refund) });
    expect(await payments.refund(accounts, refund)).toEqual({
      kind: 'pending',
      facts: { platformRefundId: '50000000382019052709732678859', amount: 200 },
    });
    const [request] = stand.arrived;
    expect(request).toMatchObject({ method: 'POST', url: '/v3/refund/domestic/refunds' });
    expect(isWellSigned(request!)).toBe(true);
    expect(JSON.parse(request!.body)).toEqual({
      out_trade_no: refund.payment.number,
      out_refund_no: refund.number,
      reason: '不好喝',
      notify_url: refund.notifyUrl,
      amount: { refund: 200, total: 1234, currency: 'CNY' },
    });
  });

  test.each<[string, object]>([
    ['PROCESSING', { kind: 'pending' }],
    ['SUCCESS', { kind: 'succeeded', facts: { succeededAt: new Date('2026-11-20T10:01:00Z') } }],
    ['CLOSED', { kind: 'failed', platformCode: 'CLOSED' }],
    ['ABNORMAL', { kind: 'action_required' }],
  ])('that is %s is told so', async (status, expected) => {
    const refund = aRefund();
    const body = refundOf(refund, {
      status,
      ...(status === 'SUCCESS' ? { success_time: '2026-11-20T18:01:00+08:00' } : {}),
    });
    stand.answers({ body }, { body });
    expect(await payments.refund(accounts, refund)).toMatchObject(expected);
    expect(await payments.queryRefund(accounts, refund)).toMatchObject(expected);
    expect(stand.arrived[1]).toMatchObject({ method: 'GET', url: `/v3/refund/domestic/refunds/${refund.number}` });
  });

  test.each(['NOT_ENOUGH', 'FREQUENCY_LIMITED', 'RATELIMIT_EXCEEDED'])('is sent again later after %s', async (code) => {
    stand.answers(failure(code === 'NOT_ENOUGH' ? 403 : 429, code));
    const state = await payments.refund(accounts, aRefund());
    expect(state).toMatchObject({ kind: 'later', platformCode: code });
    expect(state.kind === 'later' && state.retryAfter).toBeGreaterThan(0);
  });

  test.each(['INVALID_REQUEST', 'PARAM_ERROR', 'USER_ACCOUNT_ABNORMAL', 'RESOURCE_NOT_EXISTS'])(
    'that is refused with %s has failed, because WeChat Pay has none under its number',
    async (code) => {
      stand.answers(failure(code === 'RESOURCE_NOT_EXISTS' ? 404 : 400, code), failure(404, 'RESOURCE_NOT_EXISTS'));
      const state = await payments.refund(accounts, aRefund());
      expect(state).toMatchObject({ kind: 'failed', platformCode: code });
      expect(stand.arrived).toHaveLength(2);
    },
  );

  test('whose repeat is refused as different has not failed: the first was accepted', async () => {
    const refund = aRefund();
    stand.answers(failure(400, 'INVALID_REQUEST'), { body: refundOf(refund) });
    expect(await payments.refund(accounts, refund)).toMatchObject({ kind: 'pending' });
  });

  test('is in doubt when its refusal cannot be checked', async () => {
    stand.answers(failure(400, 'INVALID_REQUEST'), failure(500, 'SYSTEM_ERROR'));
    expect((await problemOf(payments.refund(accounts, aRefund()))).problem).toBe('platform_unknown');
  });

  test.each<[string, Given]>([
    ['platform_unknown', failure(500, 'SYSTEM_ERROR')],
    ['platform_unknown', { body: refundOf(aRefund()) }],
    ['platform_unknown', { body: { status: 'PROCESSING' } }],
    ['platform_unknown', { body: refundOf(aRefund()), signed: 'probe' }],
    ['platform_busy', failure(502, 'SERVICE_UNAVAILABLE')],
    ['platform_account_misconfigured', failure(403, 'NO_AUTH')],
  ])('%s: %j', async (problem, answer) => {
    stand.answers(answer);
    expect((await problemOf(payments.refund(accounts, aRefund()))).problem).toBe(problem);
  });

  test('that WeChat Pay does not know is absent', async () => {
    stand.answers(failure(404, 'RESOURCE_NOT_EXISTS'));
    expect(await payments.queryRefund(accounts, aRefund())).toEqual({ kind: 'absent' });
  });
});
