import type { CollectionWindow, MandatePolicy, MandateTerms } from '../platforms/mandate-platform.js';
import { addDays, type Calendar, type Period, periodOf } from './periods.js';
import type { InvoiceAction, SubscriptionRow } from './rows.js';

/** Who debits, and under which contract; undefined: the user pays each period. */
export interface Debits {
  readonly policy: MandatePolicy;
  readonly terms: MandateTerms;
}

export interface DueTimes {
  readonly graceDays: number;
  readonly reminderDays: number;
}

/** The period that follows the current one. */
export const upcomingPeriod = (
  { anchor, timeZone, periodNumber }: Pick<SubscriptionRow, 'anchor' | 'timeZone' | 'periodNumber'>,
  recurring: Calendar['recurring'],
): Period => periodOf({ anchor, timeZone, recurring }, periodNumber + 1);

/** Until when a period may be used that nobody has paid: the days of grace, but never longer than the period itself. */
export const graceOf = ({ start, end }: Period, graceDays: number, timeZone: string): Date =>
  earlier(addDays(start, graceDays, timeZone), end);

/** When the invoice of a period is to be made; for a manual one that is when the user is reminded. */
export function invoiceAt(
  period: Period,
  now: Date,
  debits: Debits | undefined,
  { reminderDays }: DueTimes,
  timeZone: string,
): Date {
  if (!debits) return addDays(period.start, -reminderDays, timeZone);
  const { noticeAt, collectFrom } = debits.policy.window({ periodStart: period.start, now, terms: debits.terms });
  return earlier(earlier(noticeAt ?? collectFrom, collectFrom), period.start);
}

/** What is to be done about an invoice next. */
export interface Step {
  readonly nextAction: InvoiceAction;
  readonly nextAt: Date;
}

/** The first step within a window: the notice where one is owed, else the debit. */
export function firstStep(policy: MandatePolicy, { noticeAt, collectFrom }: CollectionWindow, now: Date): Step {
  if (noticeAt) return { nextAction: 'notice', nextAt: later(noticeAt, now) };
  return { nextAction: 'collect', nextAt: policy.debitTime(later(collectFrom, now)) };
}

/** Nobody tries any more after that. */
export const giveUpAt = ({ collectUntil, graceUntil }: { collectUntil: Date | null; graceUntil: Date | null }): Date =>
  later(collectUntil ?? new Date(0), graceUntil ?? new Date(0));

export const later = (a: Date, b: Date): Date => (a > b ? a : b);
export const earlier = (a: Date, b: Date): Date => (a < b ? a : b);

/** For how long the first payment or signature of a subscription is waited for. */
export const INCOMPLETE_MS = 24 * 3_600_000;

/** Until when they are waited for: a subscription that has not begun counts its first period from when it was made. */
export const deadlineOf = ({ currentPeriodStart }: Pick<SubscriptionRow, 'currentPeriodStart'>): Date =>
  new Date(currentPeriodStart.getTime() + INCOMPLETE_MS);
