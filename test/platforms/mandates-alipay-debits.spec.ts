import { newNumber } from '../../src/common/ids.js';
import { toFen } from '../../src/common/money.js';
import { AGREEMENT_POLICY as policy } from '../../src/platforms/alipay/alipay.agreements.policy.js';
import type { CollectionWindow, MandateTerms, Recurring } from '../../src/platforms/mandate-platform.js';
import { AlipayMandateStand } from './alipay-mandate-stand.js';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const MONTHLY: Recurring = { interval: 'month', intervalCount: 1 };

let stand: AlipayMandateStand;
beforeAll(async () => {
  stand = await AlipayMandateStand.start();
});
afterEach(() => stand.close());
afterAll(() => stand.stop());

describe('a debit', () => {
  beforeEach(() => stand.open());

  test('whose answer is lost is unknown, and made once', async () => {
    const terms = await stand.signed();
    const order = stand.debit(terms);
    await stand.fault('alipay.trade.pay', 'timeout_after');
    await expect(stand.submit(order, stand.impatient)).rejects.toMatchObject({ problem: 'platform_unknown' });
    await expect(stand.submit(order)).resolves.toEqual({ kind: 'paid' });
    expect(await stand.debitsOf(terms)).toMatchObject([{ number: order.number, outcome: 'paid' }]);
  });

  test.each(['busy', 'status_500', 'garbage', 'wrong_signature'])('%s leaves it unknown', async (kind) => {
    const terms = await stand.signed();
    await stand.fault('alipay.trade.pay', kind);
    await expect(stand.submit(stand.debit(terms))).rejects.toMatchObject({ problem: 'platform_unknown' });
  });

  test('for which the user has no money is tried again by its policy, under another number', async () => {
    const terms = await stand.signed();
    const window = policy.window({ periodStart: stand.now, now: stand.now, terms });
    await stand.wallet('empty', { times: 1 });
    const first = stand.debit(terms);
    const refused = await stand.submit(first);
    expect(refused).toMatchObject({ kind: 'refused', platformCode: 'ACQ.BUYER_BALANCE_NOT_ENOUGH' });
    expect(policy.decline('ACQ.BUYER_BALANCE_NOT_ENOUGH')).toBe('funds');
    expect((await stand.query(first)).kind).not.toBe('succeeded');
    await stand.goTo(policy.retryAt({ failures: 1, failedAt: stand.now, window })!);
    await expect(stand.submit(stand.debit(terms))).resolves.toEqual({ kind: 'paid' });
    expect(await stand.debitsOf(terms)).toMatchObject([{ amount: 1234 }, { outcome: 'paid' }]);
  });

  test('above what was agreed, or a second one in a period, is refused', async () => {
    const terms = await stand.signed();
    const dear = await stand.submit(stand.debit(terms, { amount: toFen(1235) }));
    expect(dear).toMatchObject({ kind: 'refused', platformCode: 'ACQ.CYCLE_PAY_SINGLE_FEE_EXCEED' });
    await stand.submit(stand.debit(terms));
    const second = await stand.submit(stand.debit(terms));
    expect(second).toMatchObject({ kind: 'refused', platformCode: 'ACQ.CYCLE_PAY_DATE_NOT_MATCH' });
  });

  test.each([
    ['ACQ.CYCLE_PAY_TOTAL_FEE_EXCEED', 'ended'],
    ['ACQ.AGREEMENT_STATUS_NOT_NORMAL', 'ended'],
    ['ACQ.MERCHANT_AGREEMENT_NOT_EXIST', 'misconfigured'],
    ['ACQ.OVER_MAX_DEDUCT_COUNT', 'later'],
    ['ACQ.NO_PAYMENT_INSTRUMENTS_AVAILABLE', 'funds'],
    ['ACQ.PAYMENT_REQUEST_HAS_RISK', 'later'],
  ])('that is refused with %s was not made: %s', async (code, decline) => {
    const terms = await stand.signed();
    await stand.fault('alipay.trade.pay', 'code', { code });
    await expect(stand.submit(stand.debit(terms))).resolves.toMatchObject({ kind: 'refused', platformCode: code });
    expect(policy.decline(code)).toBe(decline);
    expect((await stand.debitsOf(terms)).filter(({ outcome }) => outcome === 'paid')).toEqual([]);
  });

  test('that was made and whose repeat is refused counts as made', async () => {
    const terms = await stand.signed();
    const order = stand.debit(terms);
    await stand.submit(order);
    await stand.fault('alipay.trade.pay', 'code', { code: 'ACQ.CYCLE_PAY_DATE_NOT_MATCH' });
    await expect(stand.submit(order)).resolves.toEqual({ kind: 'paid' });
    // Whoever cannot ask does not know.
    await stand.fault('alipay.trade.pay', 'code', { code: 'ACQ.CYCLE_PAY_DATE_NOT_MATCH' });
    await stand.fault('alipay.trade.query', 'status_500');
    await expect(stand.submit(order)).rejects.toMatchObject({ problem: 'platform_unknown' });
  });

  test('is given back like any payment', async () => {
    const terms = await stand.signed();
    const payment = stand.debit(terms, { handle: '' });
    await stand.submit(payment);
    const refund = { number: newNumber(), amount: toFen(1234), reason: null, notifyUrl: stand.shop.notifyUrl, platformRefundId: null, payment, refundedBefore: toFen(0) }; // prettier-ignore
    await expect(stand.alipay.payments.refund(stand.accounts, refund)).resolves.toMatchObject({ kind: 'succeeded' });
    await expect(stand.alipay.payments.refund(stand.accounts, refund)).resolves.toMatchObject({ kind: 'succeeded' });
    await expect(stand.query(payment)).resolves.toMatchObject({ kind: 'succeeded' });
  });

  test('that Alipay never got is absent for ten minutes, and not closed by asking', async () => {
    const order = stand.debit(await stand.signed());
    expect(stand.alipay.payments.absentIsFinalAt(order, new Date(0))).toEqual(new Date(600_000));
    await expect(stand.alipay.payments.close(stand.accounts, order)).resolves.toEqual({
      kind: 'waits',
      until: order.expiresAt,
    });
    expect(() => stand.alipay.payments.clientAction(stand.accounts, { ...order, handle: '' })).toThrow(/by hand/);
  });
});

describe('periods', () => {
  beforeEach(() => stand.open());

  /** Debits the period that begins at `periodStart` by the policy. */
  async function collect(terms: MandateTerms, periodStart: Date): Promise<CollectionWindow> {
    const window = policy.window({ periodStart, now: stand.now, terms });
    if (window.collectFrom > stand.now) await stand.goTo(window.collectFrom);
    await expect(stand.submit(stand.debit(terms))).resolves.toEqual({ kind: 'paid' });
    return window;
  }

  test.each<[string, Recurring, string, readonly string[]]>([
    [
      'months from the 31st',
      MONTHLY,
      '2026-08-31T02:00:00Z',
      ['2026-09-30T02:00:00Z', '2026-10-31T02:00:00Z', '2026-11-30T02:00:00Z', '2026-12-31T02:00:00Z', '2027-01-31T02:00:00Z', '2027-02-28T02:00:00Z', '2027-03-31T02:00:00Z'], // prettier-ignore
    ],
    [
      'months from the 10th',
      MONTHLY,
      '2026-06-10T15:59:00Z',
      ['2026-07-10T15:59:00Z', '2026-08-10T15:59:00Z', '2026-09-10T15:59:00Z'],
    ],
    [
      'weeks',
      { interval: 'week', intervalCount: 1 },
      '2026-06-28T02:00:00Z',
      ['2026-07-05T02:00:00Z', '2026-07-12T02:00:00Z', '2026-07-19T02:00:00Z', '2026-07-26T02:00:00Z'],
    ],
    [
      'years from 29 February',
      { interval: 'year', intervalCount: 1 },
      '2028-02-29T02:00:00Z',
      ['2029-02-28T02:00:00Z', '2030-02-28T02:00:00Z'],
    ],
  ])('%s are debited the day before each begins, without a refusal', async (_, recurring, first, starts) => {
    await stand.goTo(new Date(first));
    const terms = await stand.signed({ recurring });
    await collect(terms, stand.now);
    for (const start of starts) {
      const { collectFrom } = await collect(terms, new Date(start));
      expect(Date.parse(start) - collectFrom.getTime()).toBeGreaterThan(0);
      expect(Date.parse(start) - collectFrom.getTime()).toBeLessThan(2 * DAY);
    }
    const debits = await stand.debitsOf(terms);
    expect(debits.map(({ outcome }) => outcome)).toEqual(['paid', ...starts.map(() => 'paid')]);
  });

  test('the first after a trial is debited the day before it begins, not earlier', async () => {
    await stand.goTo(new Date('2026-06-02T02:00:00Z'));
    const trialEnd = new Date('2026-06-16T02:00:00Z');
    const terms = await stand.signed({ firstDebitAt: trialEnd.toISOString() });
    await expect(stand.submit(stand.debit(terms))).resolves.toMatchObject({
      platformCode: 'ACQ.CYCLE_PAY_DATE_NOT_MATCH',
    });
    const { collectFrom } = await collect(terms, trialEnd);
    expect(collectFrom).toEqual(new Date('2026-06-15T01:00:00Z'));
  });

  test('one whose window was missed is debited after the plan was moved, and the next ones follow', async () => {
    await stand.goTo(new Date('2026-06-10T02:00:00Z'));
    const terms = await stand.signed();
    await collect(terms, stand.now);
    const periodStart = new Date('2026-07-10T02:00:00Z');
    const usual = policy.window({ periodStart, now: stand.now, terms });
    await stand.goTo(usual.collectUntil);
    await stand.goTo(new Date(usual.collectUntil.getTime() + 2 * HOUR));
    await expect(stand.submit(stand.debit(terms))).resolves.toMatchObject({
      platformCode: 'ACQ.CYCLE_PAY_DATE_NOT_MATCH',
    });
    const window = policy.window({ periodStart, now: stand.now, terms });
    expect(window.collectFrom).toEqual(stand.now);
    await stand.alipay.mandates.reschedule(stand.accounts, terms, window);
    await stand.alipay.mandates.reschedule(stand.accounts, terms, window);
    await collect(terms, periodStart);
    await collect(terms, new Date('2026-08-10T02:00:00Z'));
    await collect(terms, new Date('2026-09-10T02:00:00Z'));
  });

  test('a plan whose move is answered by silence is moved once', async () => {
    const terms = await stand.signed();
    const window = { noticeAt: null, collectFrom: stand.now, collectUntil: new Date(stand.now.getTime() + 9 * DAY) };
    await stand.fault('alipay.user.agreement.executionplan.modify', 'timeout_after');
    const lost = stand.impatient.mandates.reschedule(stand.accounts, terms, window);
    await expect(lost).rejects.toMatchObject({ problem: 'platform_unknown' });
    await expect(stand.alipay.mandates.reschedule(stand.accounts, terms, window)).resolves.toBeUndefined();
    expect(await stand.contract(terms)).toMatchObject({ plan: { changes: 1 } });
  });

  test('a plan that Alipay does not move stays, and so does that of an agreement that is over', async () => {
    const terms = await stand.signed();
    const { plan } = await stand.contract(terms);
    const move = (until: string) =>
      stand.alipay.mandates.reschedule(stand.accounts, terms, { noticeAt: null, collectFrom: stand.now, collectUntil: new Date(until) }); // prettier-ignore
    await move('2036-07-30T10:00:00Z');
    expect(await stand.contract(terms)).toMatchObject({ plan });
    await stand.terminate(terms);
    await move('2036-07-20T10:00:00Z');
    expect(await stand.contract(terms)).toMatchObject({ plan });
  });

  test('a plan that was moved by days lets the next period be debited while its window is open', async () => {
    const { now } = stand;
    const terms = await stand.signed();
    await collect(terms, now);
    const first = new Date(now.getTime() + 30 * DAY);
    const collectUntil = new Date(first.getTime() + 5 * DAY);
    await stand.goTo(new Date(collectUntil.getTime() - DAY));
    await stand.alipay.mandates.reschedule(stand.accounts, terms, { noticeAt: null, collectFrom: stand.now, collectUntil }); // prettier-ignore
    await expect(stand.submit(stand.debit(terms))).resolves.toEqual({ kind: 'paid' });

    const periodStart = new Date(now.getTime() + 61 * DAY);
    const window = policy.window({ periodStart, now: stand.now, terms });
    await stand.goTo(window.collectFrom);
    let failures = 0;
    while ((await stand.submit(stand.debit(terms))).kind === 'refused') {
      failures += 1;
      await stand.goTo(policy.retryAt({ failures, failedAt: stand.now, window })!);
    }
    expect(failures).toBe(1);
  });
});
