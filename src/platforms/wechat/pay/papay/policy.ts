import type { CollectionWindow, MandatePolicy, MandateTerms } from '../../../mandate-platform.js';
import { chinaDayOf, chinaTime } from '../../../china-days.js';
import { declineOf } from './declines.js';
import { debitMode } from './terms.js';

type Period = Parameters<MandatePolicy['window']>[0];

/**
 * Notices and debits are taken from 7:00 to 22:00 (docs: papay, pre-deduct notice; an older text opens at 6:00). Five minutes
 * inside of that: nobody's clock is exact, and a debit outside is refused.
 */
const OPENS = 7 + 1 / 12;
const CLOSES = 22 - 1 / 12;
/** When nothing else is in the way: in the morning of the day before the period, so that nobody stands without the service. */
const USUAL_HOUR = 9;
/** The day of the notice, one of waiting, then seven days of debits (docs: papay; `deduct_duration` is not sent). */
const WAIT_DAYS = 2;
const WINDOW_DAYS = 7;
/** The shortest period in which that has room. */
const SHORTEST_DAYS = 3;
/** For so long after signing debits are taken at once and without notice (docs: papay, apply; also after signing anew). */
const FRESH_MS = 12 * 3_600_000;
/** Nothing is asked for so near to the end of that: it would be one or the other. */
const MARGIN_MS = 15 * 60_000;
/** Days after the window's first day on which a failed debit is tried again. */
const RETRY_DAYS = [1, 2, 4];

export const POLICY: MandatePolicy = {
  firstCharge: 'pay_and_sign',
  template: ['planId'],
  // A template allows one debit in its cycle, so a period that was missed would take the next one's.
  billsMissedPeriods: false,
  // Its cycle is a limit for the debits within it; the day is ours.
  countsPeriods: false,

  obstacle({ interval, intervalCount }, amount) {
    if (amount < 1) return 'it takes no debit of nothing';
    if (interval === 'day' && intervalCount < SHORTEST_DAYS) {
      return `it wants people told two days before each debit, so a period has at least ${SHORTEST_DAYS} days`;
    }
    return undefined;
  },

  window: (period) =>
    freshWindow(period) ?? (debitMode(period.terms) === 'delayed' ? delayedWindow : noticeWindow)(period),
  debitTime,

  retryAt({ failures, failedAt, window }) {
    const after = RETRY_DAYS[failures - 1];
    if (after === undefined) return undefined;
    // A first try that came late moves the others: never two on one day.
    const day = Math.max(chinaDayOf(window.collectFrom) + after, chinaDayOf(failedAt) + 1);
    const at = chinaTime(day, USUAL_HOUR);
    return at < window.collectUntil ? at : undefined;
  },

  decline: declineOf,
};

/** The hours of the day in which notices and debits are taken. */
function debitTime(at: Date): Date {
  const day = chinaDayOf(at);
  if (at < chinaTime(day, OPENS)) return chinaTime(day, OPENS);
  return at < chinaTime(day, CLOSES) ? at : chinaTime(day + 1, OPENS);
}

/**
 * A period that begins with the contract, while that is fresh. No hours are named for it, but it must not end before who keeps
 * to them gets there.
 */
function freshWindow({ periodStart, now, terms }: Period): CollectionWindow | undefined {
  const signed = signedAt(terms);
  if (signed === undefined) return undefined;
  const collectUntil = new Date(signed + FRESH_MS - MARGIN_MS);
  const collectFrom = later(now, periodStart);
  return debitTime(collectFrom) < collectUntil ? { noticeAt: null, collectFrom, collectUntil } : undefined;
}

/** Template with notices: they are told two days before the debit, at the earliest now. */
function noticeWindow({ periodStart, now }: Period): CollectionWindow {
  const usual = chinaTime(chinaDayOf(periodStart) - 1 - WAIT_DAYS, USUAL_HOUR);
  const noticeAt = debitTime(later(now, usual));
  const first = chinaDayOf(noticeAt) + WAIT_DAYS;
  return {
    noticeAt,
    collectFrom: chinaTime(first, USUAL_HOUR),
    collectUntil: chinaTime(first + WINDOW_DAYS - 1, CLOSES),
  };
}

/**
 * Template with a delay: WeChat Pay tells people when it is asked for the debit, and the money moves 24 hours later; so it is
 * asked a day earlier. It names no end; ours is that of the other template.
 */
function delayedWindow({ periodStart, now, terms }: Period): CollectionWindow {
  const usual = chinaTime(chinaDayOf(periodStart) - 2, USUAL_HOUR);
  // Of a fresh contract the money would move at once, in the middle of a trial.
  const delayedFrom = new Date((signedAt(terms) ?? 0) + FRESH_MS + MARGIN_MS);
  const collectFrom = debitTime(later(later(now, usual), delayedFrom));
  const collectUntil = chinaTime(chinaDayOf(collectFrom) + WINDOW_DAYS - 1, CLOSES);
  return { noticeAt: null, collectFrom, collectUntil };
}

const signedAt = ({ signedAt: at }: MandateTerms): number | undefined => (at === null ? undefined : Date.parse(at));
const later = (one: Date, other: Date): Date => (one > other ? one : other);
