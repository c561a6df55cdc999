import { z } from 'zod';
import { type Account, keyOf } from './accounts.js';
import { SlidingWindow } from './sliding-window.js';
import type { Row, Table } from './store.js';

const SECOND = 1_000;
const DAY = 86_400_000;
/** Daily counters start at midnight in China. */
const CHINA = 8 * 3_600_000;

/** Sends that an account may make; null: any number. */
export interface SendLimit {
  readonly perSecond: number | null;
  readonly perDay: number | null;
}

/** What was set by hand for one account. */
interface Given extends Row, Partial<SendLimit> {
  /** How long the platform takes to answer a send. */
  readonly milliseconds?: number;
}

interface Count {
  /** Every send that arrived. */
  readonly arrived: SlidingWindow;
  /** Those that were within the limit. */
  readonly taken: SlidingWindow;
  highest: number;
  day: number;
  today: number;
}

const limit = z.int().min(0).max(1_000_000_000).nullable().optional();

/** The body of `POST /_/limits`. */
export const limitsSchema = z.strictObject({
  platform: z.string(),
  platformAppId: z.string().min(1),
  perSecond: limit,
  perDay: limit,
  milliseconds: z.int().min(0).max(5_000).optional(),
});

export const ratesSchema = z.strictObject({ platform: z.string(), platformAppId: z.string().min(1) });

/** How fast each account sends, and whether it may: limits are durable, counts are in memory. In protocol time. */
export class SendLimits {
  readonly #counts = new Map<string, Count>();

  constructor(
    private readonly now: () => number,
    private readonly table: Table<Given>,
  ) {}

  /** A send arrives. `second`, `day`: it is one too many. `usual`: what the platform allows unless set by hand. */
  take(account: Account, usual: SendLimit): 'second' | 'day' | undefined {
    const now = this.now();
    const count = this.#countOf(keyOf(account), now);
    count.arrived.add(now);
    count.highest = Math.max(count.highest, count.arrived.count(now));
    const { perSecond, perDay } = this.#limitOf(account, usual);
    if (perDay !== null && count.today >= perDay) return 'day';
    if (perSecond !== null && count.taken.count(now) >= perSecond) return 'second';
    count.taken.add(now);
    count.today += 1;
    return undefined;
  }

  /** How many ms the platform takes to answer a send. */
  latency(account: Account): number {
    return this.table.get(keyOf(account))?.milliseconds ?? 0;
  }

  /** Sets what is given, and begins to measure anew. */
  set(account: Account, { perSecond, perDay, milliseconds }: z.output<typeof limitsSchema>): object {
    const key = keyOf(account);
    this.table.set(key, {
      ...this.table.get(key),
      ...(perSecond !== undefined && { perSecond }),
      ...(perDay !== undefined && { perDay }),
      ...(milliseconds !== undefined && { milliseconds }),
    });
    const count = this.#counts.get(key);
    if (count) count.highest = 0;
    return {};
  }

  /** `highest`: the most sends that arrived within any second; `today`: those of this day within the limits. */
  rates(account: Account, usual: SendLimit): object {
    const { highest, today } = this.#countOf(keyOf(account), this.now());
    const { perSecond, perDay } = this.#limitOf(account, usual);
    return { highest, limit: perSecond, today, perDay, milliseconds: this.latency(account) };
  }

  forgetAll(): void {
    this.#counts.clear();
  }

  #limitOf(account: Account, usual: SendLimit): SendLimit {
    const given = this.table.get(keyOf(account));
    return given ? { ...usual, ...given } : usual;
  }

  #countOf(key: string, now: number): Count {
    const day = Math.floor((now + CHINA) / DAY);
    let count = this.#counts.get(key);
    if (!count) {
      count = { arrived: new SlidingWindow(SECOND), taken: new SlidingWindow(SECOND), highest: 0, day, today: 0 };
      this.#counts.set(key, count);
    }
    if (count.day !== day) Object.assign(count, { day, today: 0 });
    return count;
  }
}
