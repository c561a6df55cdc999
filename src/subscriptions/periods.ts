import { DateTime, FixedOffsetZone } from 'luxon';
import type { Recurring } from '../platforms/mandate-platform.js';

/** What fixes the periods of a subscription: period n begins n times `recurring` after `anchor`, in the time zone. */
export interface Calendar {
  readonly anchor: Date;
  readonly recurring: Recurring;
  /** IANA name. */
  readonly timeZone: string;
}

/** A period of a subscription: from `start`, and before `end`. */
export interface Period {
  readonly start: Date;
  readonly end: Date;
}

/**
 * When period `n` begins, at the anchor's time of day. Counted from the anchor each time: 31 January, 28 February, 31
 * March. A day that the month does not have is its last day; a time of day that a clock change leaves out is as much
 * later.
 */
export function startOfPeriod({ anchor, recurring, timeZone }: Calendar, n: number): Date {
  const { interval, intervalCount } = recurring;
  return zoned(anchor, timeZone)
    .plus({ [interval]: n * intervalCount })
    .toJSDate();
}

/** Period `n`; 0 is the one that begins at the anchor. */
export const periodOf = (calendar: Calendar, n: number): Period => ({
  start: startOfPeriod(calendar, n),
  end: startOfPeriod(calendar, n + 1),
});

/** The number of the period in which `at` lies; negative before the anchor. */
export function periodAt(calendar: Calendar, at: Date): number {
  const { anchor, recurring, timeZone } = calendar;
  const { interval, intervalCount } = recurring;
  const passed = zoned(at, timeZone).diff(zoned(anchor, timeZone), interval).as(interval);
  // The end of a month makes the estimate wrong by one at most.
  let n = Math.floor(passed / intervalCount) - 1;
  while (startOfPeriod(calendar, n + 1) <= at) n += 1;
  return n;
}

/** Whole days of the calendar that have passed from `from` to `to`, at the time of day of `from`. */
export const daysBetween = (from: Date, to: Date, timeZone: string): number =>
  Math.floor(zoned(to, timeZone).diff(zoned(from, timeZone), 'days').days);

/** `days` days of the calendar later, at the same time of day. */
export const addDays = (at: Date, days: number, timeZone: string): Date =>
  zoned(at, timeZone).plus({ days }).toJSDate();

/** What the IANA table says since 1991, at a small part of its cost: China's clocks do not change. */
const CHINA = FixedOffsetZone.instance(8 * 60);

const zoned = (at: Date, zone: string): DateTime =>
  DateTime.fromJSDate(at, { zone: zone === 'Asia/Shanghai' ? CHINA : zone });
