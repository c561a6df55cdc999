import type { Decline, MandatePolicy } from '../../mandate-platform.js';
import { chinaDayOf, chinaTime } from '../../china-days.js';
import { OVER } from './debits.js';

/** When people are awake. */
const MORNING = 9;
/** Docs: a deduction that failed is tried again on other days; after about a month the contract is to be ended. */
const DAYS_OF_TRIES = 30;

/** How Douyin wants to be debited under a contract of periodic deduction (周期代扣). */
export const SIGN_POLICY: MandatePolicy = {
  firstCharge: 'pay_and_sign',
  template: ['serviceId'],
  // Whether two deductions fit into one period of a template is not documented, so none is tried.
  billsMissedPeriods: false,
  // A deduction belongs to a period of the template.
  countsPeriods: true,

  /** Periods and prices are those of a template in Douyin's console, which no call shows. */
  obstacle: () => undefined,

  /**
   * From 09:00 of the day before the period begins, so that nobody stands without the service. Douyin keeps no plan of
   * its own. Whether a notice is owed, and how it would be given, its documentation does not say in public.
   */
  window({ periodStart, now }) {
    const debitDay = chinaDayOf(periodStart) - 1;
    const usual = {
      noticeAt: null,
      collectFrom: chinaTime(debitDay, MORNING),
      collectUntil: chinaTime(debitDay + DAYS_OF_TRIES, MORNING),
    };
    if (now < usual.collectUntil) return usual;
    return { noticeAt: null, collectFrom: now, collectUntil: chinaTime(chinaDayOf(now) + DAYS_OF_TRIES, MORNING) };
  },

  /** Douyin knows no hours. */
  debitTime: (at) => at,

  /** Docs: not at once; the next day. */
  retryAt({ failedAt, window: { collectUntil } }) {
    const nextMorning = chinaTime(chinaDayOf(failedAt) + 1, MORNING);
    return nextMorning < collectUntil ? nextMorning : undefined;
  },

  decline(platformCode) {
    if (platformCode.startsWith(OVER)) return 'ended';
    // Not `DECLINES[platformCode]` alone: the code comes from outside and could be the name of an inherited member.
    return (Object.hasOwn(DECLINES, platformCode) ? DECLINES[platformCode] : undefined) ?? 'later';
  },
};

/** The states of a deduction that did not succeed, and the codes with which one is refused. */
const DECLINES: Readonly<Record<string, Decline>> = {
  // A card that was taken off, or no money (docs: sign pay callback).
  FAIL: 'funds',
  TIMEOUT: 'later',
  10000: 'misconfigured',
  12001: 'later',
  13000: 'later',
  28001038: 'misconfigured',
  28005001: 'misconfigured',
};
