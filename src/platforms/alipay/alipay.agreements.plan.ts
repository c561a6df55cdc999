import type { MandateTerms, Recurring } from '../mandate-platform.js';
import { type ChinaDay, chinaDayOf, dayIn, dayOfMonth, monthOf } from '../china-days.js';

const HOUR = 3_600_000;
/** Alipay takes no later day of the month: not every month has one (docs: period_rule_params). */
const LAST_DAY_OF_MONTH = 28;
/** How long a person who signs late delays the first planned day at most; a debit may come five days before it. */
const LONGEST_DELAY = 48 * HOUR;
/** Between the last moment of signing and the end of the first planned day. */
const TIME_FOR_FIRST_DEBIT = 2 * HOUR;

/** `period_type` and `period` of Alipay's plan. */
export interface Cycle {
  readonly type: 'DAY' | 'MONTH';
  readonly period: number;
}

/** Alipay counts in days and in months of the calendar. */
export function cycleOf({ interval, intervalCount }: Recurring): Cycle {
  switch (interval) {
    case 'day':
      return { type: 'DAY', period: intervalCount };
    case 'week':
      return { type: 'DAY', period: 7 * intervalCount };
    case 'month':
      return { type: 'MONTH', period: intervalCount };
    case 'year':
      return { type: 'MONTH', period: 12 * intervalCount };
  }
}

/**
 * That day, or the next for which Alipay plans a debit: of a monthly plan the 1st stands for the 29th to 31st. Alipay's
 * own page on the rules advises that, since a debit may come days before its planned day. The 28th instead could be over
 * when the agreement is signed.
 */
export const plannable = (day: ChinaDay, { type }: Cycle): ChinaDay =>
  type === 'MONTH' && dayOfMonth(day) > LAST_DAY_OF_MONTH ? dayIn(monthOf(day) + 1, 1) : day;

/**
 * The first planned day (`execute_time`). A debit that is due as soon as the agreement is signed is planned for the last
 * moment at which it may be signed, so that the day is not over by then.
 */
export function firstPlannedDay({ firstDebitAt, expiresAt, recurring }: MandateTerms): ChinaDay {
  const first = Date.parse(firstDebitAt);
  const lastSigned = Math.min(Date.parse(expiresAt) + TIME_FOR_FIRST_DEBIT, first + LONGEST_DELAY);
  return plannable(chinaDayOf(new Date(Math.max(first, lastSigned))), cycleOf(recurring));
}

/** The day that Alipay plans for the period that begins on the day `begins`, unless the plan was moved. */
export function plannedDay(terms: MandateTerms, begins: ChinaDay): ChinaDay {
  const cycle = cycleOf(terms.recurring);
  const first = firstPlannedDay(terms);
  const count = Math.max(0, periodsBetween(chinaDayOf(new Date(terms.firstDebitAt)), begins, cycle)) * cycle.period;
  return cycle.type === 'DAY' ? first + count : dayIn(monthOf(first) + count, dayOfMonth(first));
}

/** The nearest whole number of periods: one that begins on the 31st begins in February on the 28th. */
function periodsBetween(first: ChinaDay, begins: ChinaDay, { type, period }: Cycle): number {
  if (type === 'DAY') return Math.round((begins - first) / period);
  const days = dayOfMonth(begins) - dayOfMonth(first);
  const nearest = days > 15 ? 1 : days < -15 ? -1 : 0;
  return Math.round((monthOf(begins) - monthOf(first) + nearest) / period);
}
