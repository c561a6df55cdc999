import { type Fen, toFen } from '../common/money.js';
import { daysBetween, type Period } from './periods.js';

/**
 * The part of `amount` (fen) that falls to the days from `from` to before `to` of `total` days. The remainder of the
 * division falls to the later days: day d costs floor(amount × (d + 1) / total) − floor(amount × d / total), so the parts
 * of any division into spans of days add up to the whole.
 */
export function shareOfDays(amount: Fen, from: number, to: number, total: number): Fen {
  const until = (day: number): number => Number((BigInt(amount) * BigInt(day)) / BigInt(total));
  return toFen(until(to) - until(from));
}

/** How a period is divided at an instant: the day that has begun then belongs to what comes. In days. */
export interface Division {
  readonly passed: number;
  readonly total: number;
}

export function divide({ start, end }: Period, at: Date, timeZone: string): Division {
  const total = Math.max(1, daysBetween(start, end, timeZone));
  const passed = Math.min(total, Math.max(0, daysBetween(start, at, timeZone)));
  return { passed, total };
}

/** What is left of `amount` (fen, for the whole period) when it ends at `at`. */
export const unusedShare = (amount: Fen, { passed, total }: Division): Fen => shareOfDays(amount, passed, total, total);
