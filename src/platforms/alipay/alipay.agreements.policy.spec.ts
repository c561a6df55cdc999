import { toFen } from '../../common/money.js';
import type { MandateTerms, Recurring } from '../mandate-platform.js';
import { firstPlannedDay, plannedDay } from './alipay.agreements.plan.js';
import { AGREEMENT_POLICY as policy } from './alipay.agreements.policy.js';
import { chinaDayOf, dayText } from '../china-days.js';

const MONTHLY: Recurring = { interval: 'month', intervalCount: 1 };
const china = (text: string): Date => new Date(`${text.replace(' ', 'T')}:00+08:00`);

/** To be debited first at `first`, and to be signed within 24 hours of `created`, in China's time. */
const terms = (first: string, created = first, recurring = MONTHLY): MandateTerms => ({
  number: 'abcdefghijklmnopqrstuvwxyz',
  serial: 1,
  payer: '0123openid',
  subject: 'Tea',
  amount: toFen(990),
  mostAmount: toFen(990),
  recurring,
  firstDebitAt: china(first).toISOString(),
  expiresAt: new Date(china(created).getTime() + 24 * 3_600_000).toISOString(),
  notifyUrl: 'https://a.example/callbacks/pac_1',
  settings: {},
  contractId: 'agreement_1',
  signedAt: null,
});

describe('the plan', () => {
  test.each([
    ['begins with the last moment of signing when it is debited at once', '2026-06-10 12:00', '2026-06-10 12:00', '2026-06-11'], // prettier-ignore
    ['leaves two hours for the first debit', '2026-06-10 22:30', '2026-06-10 22:30', '2026-06-12'],
    ['begins with the end of a trial', '2026-06-24 12:00', '2026-06-10 12:00', '2026-06-24'],
    ['knows no 29th', '2026-08-29 12:00', '2026-08-10 12:00', '2026-09-01'],
    ['knows no 31st', '2026-12-31 12:00', '2026-12-10 12:00', '2027-01-01'],
    ['keeps the 28th', '2027-02-28 12:00', '2027-02-10 12:00', '2027-02-28'],
  ])('%s', (_, first, created, day) => {
    expect(dayText(firstPlannedDay(terms(first, created)))).toBe(day);
  });

  test('of days may have any of a month', () => {
    const days = terms('2026-08-31 12:00', '2026-08-01 12:00', { interval: 'day', intervalCount: 30 });
    expect(dayText(firstPlannedDay(days))).toBe('2026-08-31');
  });

  test.each<[Recurring, string, string, string]>([
    [MONTHLY, '2026-06-24 12:00', '2026-07-24 12:00', '2026-07-24'],
    [MONTHLY, '2026-08-31 12:00', '2026-09-30 12:00', '2026-10-01'],
    [MONTHLY, '2026-08-31 12:00', '2027-02-28 12:00', '2027-03-01'],
    [MONTHLY, '2026-08-31 12:00', '2027-03-31 12:00', '2027-04-01'],
    // A first debit on the day before the first period.
    [MONTHLY, '2026-08-31 09:00', '2026-09-01 12:00', '2026-09-01'],
    [MONTHLY, '2026-08-31 09:00', '2026-10-01 12:00', '2026-10-01'],
    [{ interval: 'month', intervalCount: 3 }, '2026-11-30 12:00', '2027-02-28 12:00', '2027-03-01'],
    [{ interval: 'year', intervalCount: 1 }, '2028-02-29 12:00', '2030-02-28 12:00', '2030-03-01'],
    [{ interval: 'week', intervalCount: 2 }, '2026-06-24 12:00', '2026-07-22 12:00', '2026-07-22'],
    [{ interval: 'day', intervalCount: 10 }, '2026-06-24 12:00', '2026-07-14 12:00', '2026-07-14'],
  ])('of %j from %s has for the period from %s the day %s', (recurring, first, periodStart, day) => {
    expect(dayText(plannedDay(terms(first, '2026-01-01 12:00', recurring), chinaDayOf(china(periodStart))))).toBe(day);
  });
});

describe('the window', () => {
  const trial = terms('2026-06-24 12:00', '2026-06-10 12:00');
  const window = (periodStart: string, now: string, of = trial) =>
    policy.window({ periodStart: china(periodStart), now: china(now), terms: of });

  test('is from 09:00 of the day before the period until the planned day is nearly over', () => {
    const usual = { noticeAt: null, collectFrom: china('2026-07-23 09:00'), collectUntil: china('2026-07-24 23:00') };
    expect(window('2026-07-24 12:00', '2026-07-01 00:00')).toEqual(usual);
    expect(window('2026-07-24 12:00', '2026-07-24 22:59')).toEqual(usual);
  });

  test('has passed its beginning for a period that starts with the contract', () => {
    const { collectFrom, collectUntil } = window('2026-06-10 12:00', '2026-06-10 12:05', terms('2026-06-10 12:00'));
    expect([collectFrom, collectUntil]).toEqual([china('2026-06-09 09:00'), china('2026-06-11 23:00')]);
  });

  test.each([
    ['2026-07-24 23:00', '2026-07-26 23:00'],
    ['2026-07-26 10:00', '2026-07-28 23:00'],
    // The 29th to 31st cannot be planned; the 1st is not more than five days away.
    ['2026-07-27 10:00', '2026-08-01 23:00'],
  ])('that was missed at %s is from then until %s', (now, until) => {
    expect(window('2026-07-24 12:00', now)).toEqual({ noticeAt: null, collectFrom: china(now), collectUntil: china(until) }); // prettier-ignore
  });

  test('follows the periods when they have left the plan', () => {
    const { collectFrom, collectUntil } = window('2026-08-08 12:00', '2026-08-01 00:00');
    expect([collectFrom, collectUntil]).toEqual([china('2026-08-07 09:00'), china('2026-08-08 23:00')]);
  });

  test('begins no earlier than five days before the planned day', () => {
    // The plan's 1st October stands for the 26th to 30th.
    const { collectFrom } = window('2026-09-27 12:00', '2026-09-01 00:00', terms('2026-08-29 12:00'));
    expect(collectFrom).toEqual(china('2026-09-26 09:00'));
  });
});

describe('a debit that was refused', () => {
  const window = { noticeAt: null, collectFrom: china('2026-07-23 09:00'), collectUntil: china('2026-07-25 23:00') };
  test.each([
    [1, '2026-07-23 09:00', '2026-07-24 09:00'],
    [2, '2026-07-24 09:00', '2026-07-25 20:00'],
    [3, '2026-07-25 20:00', undefined],
    [1, '2026-07-25 09:00', '2026-07-25 20:00'],
    [1, '2026-07-25 19:30', undefined],
    [2, '2026-07-25 21:00', undefined],
  ])('for the %dth time at %s is tried again at %s', (failures, failedAt, again) => {
    const at = policy.retryAt({ failures, failedAt: china(failedAt), window });
    expect(at).toEqual(again === undefined ? undefined : china(again));
  });
});

test.each<[Recurring, RegExp | undefined]>([
  [{ interval: 'day', intervalCount: 6 }, /every 7 days/],
  [{ interval: 'day', intervalCount: 7 }, undefined],
  [{ interval: 'week', intervalCount: 1 }, undefined],
  [MONTHLY, undefined],
])('%j is possible unless something is in the way', (recurring, why) => {
  const obstacle = policy.obstacle(recurring, toFen(990));
  if (why) expect(obstacle).toMatch(why);
  else expect(obstacle).toBeUndefined();
});

test('Alipay takes debits at any hour', () => {
  expect(policy.debitTime(china('2026-07-25 03:00'))).toEqual(china('2026-07-25 03:00'));
});
