import { SIGN_POLICY as policy } from '../../src/platforms/douyin/sign/policy.js';
import { DouyinMandateStand } from './douyin-mandate-stand.js';

let stand: DouyinMandateStand;
beforeAll(async () => {
  stand = await DouyinMandateStand.start();
});
beforeEach(() => stand.open());
afterEach(() => stand.close());
afterAll(() => stand.stop());

describe('a debit', () => {
  test('is accepted, then paid; once under one number', async () => {
    const terms = await stand.signed();
    const order = stand.order('debit', terms);
    expect(await stand.query(order)).toEqual({ kind: 'absent' });
    const accepted = { kind: 'ready', handle: '', handleExpiresAt: null };
    expect(await stand.submit(order)).toEqual(accepted);
    expect(await stand.submit(order)).toEqual(accepted);
    await stand.pass(60_000);
    const state = await stand.query(order);
    expect(state).toMatchObject({ kind: 'succeeded', paid: { amount: 990, currency: 'CNY' } });
    const { content } = await stand.told('sign_pay_callback', order.number);
    expect(content).toEqual({ kind: 'payment', number: order.number, state });
    expect(await stand.submit(order)).toEqual(accepted);
    expect(await stand.outcomesOf(terms)).toEqual(['paid']);
  });

  test('for which there is no money fails, and is made the next day', async () => {
    const terms = await stand.signed();
    const window = policy.window({ periodStart: stand.now, now: stand.now, terms });
    await stand.wallet('empty', { times: 1 });
    const first = stand.order('debit', terms);
    await stand.submit(first);
    await stand.pass(60_000);
    expect(await stand.query(first)).toEqual({ kind: 'failed', platformCode: 'FAIL' });
    const { content } = await stand.told('sign_pay_callback', first.number);
    expect(content).toMatchObject({ state: { kind: 'failed', platformCode: 'FAIL' } });
    expect(policy.decline('FAIL')).toBe('funds');
    await stand.goTo(policy.retryAt({ failures: 1, failedAt: stand.now, window })!);
    const second = stand.order('debit', terms);
    await stand.submit(second);
    await stand.pass(60_000);
    expect(await stand.query(second)).toMatchObject({ kind: 'succeeded' });
    expect(await stand.outcomesOf(terms)).toEqual(['failed', 'paid']);
  });

  test('is made each month on the day before the period begins, without a refusal', async () => {
    const terms = await stand.signed();
    const first = stand.now;
    for (let month = 0; month < 6; month++) {
      const periodStart = new Date(first);
      periodStart.setUTCMonth(first.getUTCMonth() + month, Math.min(first.getUTCDate(), 28));
      const { collectFrom } = policy.window({ periodStart, now: stand.now, terms });
      if (collectFrom > stand.now) await stand.goTo(collectFrom);
      expect(await stand.submit(stand.order('debit', terms))).toMatchObject({ kind: 'ready' });
      await stand.pass(60_000);
    }
    expect(await stand.outcomesOf(terms)).toEqual(['paid', 'paid', 'paid', 'paid', 'paid', 'paid']);
  });

  test('whose answer is lost is unknown, and made once', async () => {
    const terms = await stand.signed();
    const order = stand.order('debit', terms);
    await stand.fault('create_sign_pay', 13000);
    await expect(stand.submit(order)).rejects.toMatchObject({ problem: 'platform_unknown' });
    await stand.fault('create_sign_pay', 'status_500');
    await expect(stand.submit(order)).rejects.toMatchObject({ problem: 'platform_unknown' });
    expect(await stand.submit(order)).toMatchObject({ kind: 'ready' });
    await stand.fault('create_sign_pay', 10000);
    expect(await stand.submit(order)).toMatchObject({ kind: 'ready' });
    await stand.pass(60_000);
    expect(await stand.outcomesOf(terms)).toEqual(['paid']);
  });

  test.each([
    [10000, 'misconfigured'],
    [22000, 'later'],
  ])('that is refused with %s was not made: %s', async (code, decline) => {
    const terms = await stand.signed();
    const order = stand.order('debit', terms);
    await stand.fault('create_sign_pay', code);
    expect(await stand.submit(order)).toMatchObject({ kind: 'refused', platformCode: String(code) });
    expect(policy.decline(String(code))).toBe(decline);
    expect(await stand.query(order)).toEqual({ kind: 'absent' });
    // Whoever cannot ask does not know.
    await stand.fault('create_sign_pay', code);
    await stand.fault('query_sign_pay', 13000, 10);
    await expect(stand.submit(order)).rejects.toMatchObject({ problem: 'platform_unknown' });
  });

  test('too fast, or without permission, is told as such', async () => {
    const order = stand.order('debit', await stand.signed());
    await stand.fault('create_sign_pay', 12001);
    await expect(stand.submit(order)).rejects.toMatchObject({ problem: 'platform_rate_limited' });
    await stand.fault('create_sign_pay', 28001018);
    await expect(stand.submit(order)).rejects.toMatchObject({ problem: 'platform_account_misconfigured' });
  });

  test('that Douyin never got is absent for ten minutes, and nobody pays it by hand', async () => {
    const order = stand.order('debit', await stand.signed());
    expect(stand.payments.absentIsFinalAt(order, new Date(0))).toEqual(new Date(600_000));
    expect(() => stand.firstAction({ ...order, handle: '' })).toThrow(/by hand/);
  });
});
