import type { CollectionWindow, MandatePolicy, MandateTerms } from '../mandate-platform.js';
import { cycleOf, plannable, plannedDay } from './alipay.agreements.plan.js';
import { type ChinaDay, chinaDayOf, chinaTime } from '../china-days.js';
import { declineOf } from './alipay.debits.errors.js';

const HOUR = 3_600_000;
/** Docs: the shortest period of a plan. */
const FEWEST_DAYS = 7;
/** Docs: a debit may come five days before its planned day, and until the end of that. */
const EARLIEST = 5;
/** When people are awake. */
const MORNING = 9;
const EVENING = 20;
/** What counts is when the money moves, not when it was asked for: an hour of the planned day is not used. */
const LAST_HOUR = 23;
/** How far a plan is moved whose day was missed: far enough for two more tries, and no farther, for the next plan follows. */
const DAYS_MOVED = 2;

/** How Alipay wants to be debited under an agreement of cycle deduction (周期扣款). */
export const AGREEMENT_POLICY: MandatePolicy = {
  // Alipay can let people pay and sign on one page, but not for certain in the cashier of a mini-program.
  firstCharge: 'sign_then_debit',
  // After a success the plan goes on by one period: two periods at once do not fit into it.
  billsMissedPeriods: false,
  countsPeriods: true,

  obstacle(recurring) {
    const { type, period } = cycleOf(recurring);
    // Amounts are limited by the merchant's contract (100 yuan unless it says more), which Alipay shows to nobody.
    return type === 'DAY' && period < FEWEST_DAYS
      ? `it debits no more often than every ${FEWEST_DAYS} days`
      : undefined;
  },

  /**
   * The day before the period begins, at 09:00, so that nobody stands without the service; later while Alipay's window is
   * open. Alipay has no notice to be given by call.
   */
  window({ periodStart, now, terms }) {
    const begins = chinaDayOf(periodStart);
    const planned = usualDay(terms, begins);
    const usual = windowOf(Math.min(Math.max(begins - 1, planned - EARLIEST), planned), planned);
    if (now < usual.collectUntil) return usual;
    const moved = plannable(chinaDayOf(now) + DAYS_MOVED, cycleOf(terms.recurring));
    return { ...windowOf(moved, moved), collectFrom: now };
  },

  /** Alipay knows no hours. */
  debitTime: (at) => at,

  /** Docs: at most two retries. The next morning, and on the evening of the last day. */
  retryAt({ failures, failedAt, window: { collectUntil } }) {
    const lastEvening = chinaTime(chinaDayOf(collectUntil), EVENING);
    const nextMorning = chinaTime(chinaDayOf(failedAt) + 1, MORNING);
    const times = failures === 1 ? [nextMorning, lastEvening] : failures === 2 ? [lastEvening] : [];
    return times.find((time) => time < collectUntil && time.getTime() - failedAt.getTime() >= HOUR);
  },

  decline: declineOf,
};

/** Of what Alipay has planned for that day: its own window, but nothing before `earliest`. */
export function planWindow(planned: ChinaDay, earliest: Date): CollectionWindow {
  const window = windowOf(planned - EARLIEST, planned);
  return window.collectFrom > earliest ? window : { ...window, collectFrom: earliest };
}

const windowOf = (from: ChinaDay, planned: ChinaDay): CollectionWindow => ({
  noticeAt: null,
  collectFrom: chinaTime(from, MORNING),
  collectUntil: chinaTime(planned, LAST_HOUR),
});

/** The plan's day; where the periods have left the plan far behind, one to which it must be moved. */
function usualDay(terms: MandateTerms, begins: ChinaDay): ChinaDay {
  const planned = plannedDay(terms, begins);
  const fits = planned >= begins - EARLIEST && planned <= begins + EARLIEST;
  return fits ? planned : plannable(begins, cycleOf(terms.recurring));
}
