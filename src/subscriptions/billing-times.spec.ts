import { toFen } from '../common/money.js';
import type { CollectionWindow, Decline, MandatePolicy, MandateTerms } from '../platforms/mandate-platform.js';
import { type Debits, firstStep, giveUpAt, graceOf, invoiceAt, upcomingPeriod } from './billing-times.js';
import { newWindow, nextTry } from './next-try.js';

const at = (text: string): Date => new Date(`${text}:00Z`);
const hours = (from: Date, count: number): Date => new Date(from.getTime() + count * 3_600_000);

const terms = { amount: toFen(100) } as MandateTerms;
/** Announced three days and collected one day before, for two days; debits are made from noon on. */
const policy = (decline: Decline = 'funds', retry: number | undefined = 24): MandatePolicy => ({
  ...{ firstCharge: 'pay_and_sign', billsMissedPeriods: false, countsPeriods: false },
  obstacle: () => undefined,
  window: ({ periodStart, now }) => {
    const noticeAt = new Date(Math.max(hours(periodStart, -72).getTime(), now.getTime()));
    return { noticeAt, collectFrom: hours(noticeAt, 48), collectUntil: hours(noticeAt, 96) };
  },
  debitTime: (time) =>
    time.getUTCHours() >= 12 ? time : new Date(time.toISOString().replace(/T.*/, 'T12:00:00.000Z')),
  retryAt: ({ failedAt }) => (retry === undefined ? undefined : hours(failedAt, retry)),
  decline: () => decline,
});
const debits = (decline?: Decline, retry?: number): Debits => ({ policy: policy(decline, retry), terms });
const period = { start: at('2026-05-10T00:00'), end: at('2026-06-10T00:00') };
const settings = { graceDays: 7, reminderDays: 3 };

test.each([
  ['2026-05-10T00:00', '2026-06-10T00:00', 7, '2026-05-17T00:00'],
  ['2026-05-10T00:00', '2026-05-11T00:00', 7, '2026-05-11T00:00'],
  ['2026-05-10T00:00', '2026-06-10T00:00', 0, '2026-05-10T00:00'],
])('the grace of a period from %s to %s is %i days, and no longer than it', (start, end, days, expected) => {
  expect(graceOf({ start: at(start), end: at(end) }, days, 'UTC')).toEqual(at(expected));
});

test('the invoice of a period is made when the user is told of it', () => {
  const now = at('2026-04-11T00:00');
  expect(invoiceAt(period, now, undefined, settings, 'UTC')).toEqual(at('2026-05-07T00:00'));
  expect(invoiceAt(period, now, debits(), settings, 'UTC')).toEqual(at('2026-05-07T00:00'));
});

test('and never later than the period begins', () => {
  expect(invoiceAt(period, at('2026-05-20T00:00'), debits(), settings, 'UTC')).toEqual(period.start);
});

test('the first step is the notice, and without one the debit in its hours', () => {
  const now = at('2026-05-01T00:00');
  const window: CollectionWindow = { noticeAt: at('2026-05-07T00:00'), collectFrom: at('2026-05-09T00:00'), collectUntil: at('2026-05-11T00:00') }; // prettier-ignore
  expect(firstStep(policy(), window, now)).toEqual({ nextAction: 'notice', nextAt: window.noticeAt });
  const unannounced = { ...window, noticeAt: null };
  expect(firstStep(policy(), unannounced, now)).toEqual({ nextAction: 'collect', nextAt: at('2026-05-09T12:00') });
});

test('the period after a trial or a pause is the first one', () => {
  const row = { anchor: at('2026-01-31T00:00'), timeZone: 'UTC', periodNumber: -1 };
  const monthly = { interval: 'month', intervalCount: 1 } as const;
  expect(upcomingPeriod(row, monthly)).toEqual({ start: at('2026-01-31T00:00'), end: at('2026-02-28T00:00') });
  expect(upcomingPeriod({ ...row, periodNumber: 0 }, monthly).end).toEqual(at('2026-03-31T00:00'));
});

describe('after a debit that failed', () => {
  const tried = {
    ...{ periodStart: period.start, noticeAt: null, failures: 1 },
    ...{ collectFrom: at('2026-05-09T00:00'), collectUntil: at('2026-05-11T00:00') },
  };
  const failedAt = at('2026-05-09T14:00');

  test.each<[Decline, number | undefined, object | undefined]>([
    ['funds', 24, { nextAction: 'collect', nextAt: at('2026-05-10T14:00') }],
    ['later', 20, { nextAction: 'collect', nextAt: at('2026-05-10T12:00') }],
    ['funds', 40, undefined],
    ['ended', 24, undefined],
    ['final', 24, undefined],
    ['misconfigured', 24, undefined],
  ])('because of %s, and a try %p hours later', (decline, retry, expected) => {
    expect(nextTry(debits(decline, retry), tried, 'X', failedAt)).toEqual(expected);
  });

  test('another window is opened with a notice of its own, three times at most', () => {
    const next = nextTry(debits('window'), tried, 'X', failedAt);
    expect(next).toMatchObject({ nextAction: 'notice', nextAt: failedAt, noticedAt: null });
    expect(next).toEqual(newWindow(debits(), tried, failedAt));
    expect(nextTry(debits('window'), { ...tried, failures: 4 }, 'X', failedAt)).toBeUndefined();
  });

  test('nobody tries any more when both the window and the grace are over', () => {
    const graceUntil = at('2026-05-17T00:00');
    expect(giveUpAt({ collectUntil: tried.collectUntil, graceUntil })).toEqual(graceUntil);
    expect(giveUpAt({ collectUntil: tried.collectUntil, graceUntil: period.start })).toEqual(tried.collectUntil);
  });
});
