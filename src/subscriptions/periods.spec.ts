import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { toFen } from '../common/money.js';
import type { Recurring } from '../platforms/mandate-platform.js';
import { addDays, daysBetween, periodAt, periodOf, startOfPeriod } from './periods.js';
import { divide, shareOfDays, unusedShare } from './proration.js';

interface Vectors {
  readonly periods: readonly (Recurring & {
    readonly what: string;
    readonly timeZone: string;
    readonly anchor: string;
    /** Number of a period, and when it begins. */
    readonly starts: readonly (readonly [number, string])[];
  })[];
  readonly trials: readonly { timeZone: string; start: string; days: number; end: string }[];
  readonly changes: readonly {
    readonly what: string;
    readonly timeZone: string;
    readonly start: string;
    readonly end: string;
    readonly at: string;
    readonly total: number;
    readonly passed: number;
    readonly oldAmount: number;
    readonly newAmount: number;
    readonly credit: number;
    readonly charge: number;
  }[];
}
const vectors = JSON.parse(readFileSync(new URL('./periods.vectors.json', import.meta.url), 'utf8')) as Vectors;

const calendarOf = ({ anchor, timeZone, interval, intervalCount }: Vectors['periods'][number]) => ({
  anchor: new Date(anchor),
  timeZone,
  recurring: { interval, intervalCount },
});

describe('periods', () => {
  test.each(vectors.periods)('$what: $anchor, every $intervalCount $interval in $timeZone', (row) => {
    const calendar = calendarOf(row);
    for (const [n, start] of row.starts) {
      expect([n, startOfPeriod(calendar, n).toISOString()]).toEqual([n, start]);
    }
  });

  test.each(vectors.periods)('$anchor in $timeZone: every instant belongs to one period', (row) => {
    const calendar = calendarOf(row);
    for (const [n] of row.starts) {
      const { start, end } = periodOf(calendar, n);
      expect(periodAt(calendar, start)).toBe(n);
      expect(periodAt(calendar, new Date(end.getTime() - 1))).toBe(n);
      expect(periodAt(calendar, end)).toBe(n + 1);
    }
  });

  test.each(vectors.trials)('a trial of $days days from $start in $timeZone', ({ start, days, timeZone, end }) => {
    expect(addDays(new Date(start), days, timeZone).toISOString()).toBe(end);
  });
});

describe('proration', () => {
  test.each(vectors.changes)('$what: $at of $start to $end in $timeZone, $oldAmount to $newAmount', (row) => {
    const period = { start: new Date(row.start), end: new Date(row.end) };
    const division = divide(period, new Date(row.at), row.timeZone);
    expect(division).toEqual({ passed: row.passed, total: row.total });
    expect(unusedShare(toFen(row.oldAmount), division)).toBe(row.credit);
    expect(unusedShare(toFen(row.newAmount), division)).toBe(row.charge);
  });

  test('the parts of any division add up to the whole', () => {
    const division = fc.tuple(
      fc.integer({ min: 0, max: 10_000_000_000 }),
      fc.integer({ min: 1, max: 731 }),
      fc.array(fc.nat(731), { maxLength: 20 }),
    );
    fc.assert(
      fc.property(division, ([amount, total, cuts]) => {
        const days = [0, ...cuts.filter((day) => day <= total).sort((a, b) => a - b), total];
        const parts = days.slice(1).map((day, i) => shareOfDays(toFen(amount), days[i]!, day, total));
        expect(parts.reduce<number>((sum, part) => sum + part, 0)).toBe(amount);
      }),
    );
  });

  test('no day costs more than a fen more than another', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1_000_000 }), fc.integer({ min: 1, max: 366 }), (amount, total) => {
        const days = Array.from({ length: total }, (_, day) => shareOfDays(toFen(amount), day, day + 1, total));
        expect(Math.max(...days) - Math.min(...days)).toBeLessThanOrEqual(1);
      }),
    );
  });

  test('an instant outside the period leaves all or nothing', () => {
    const period = { start: new Date('2027-01-31T02:30:00Z'), end: new Date('2027-02-28T02:30:00Z') };
    expect(divide(period, new Date('2027-01-01T00:00:00Z'), 'Asia/Shanghai').passed).toBe(0);
    expect(divide(period, new Date('2027-04-01T00:00:00Z'), 'Asia/Shanghai').passed).toBe(28);
    expect(daysBetween(period.start, period.end, 'Asia/Shanghai')).toBe(28);
  });
});
