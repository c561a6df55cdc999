import { keyOf, type LaneRef } from './lane.js';

/** What Node can wait for at once: 24 days. */
const LONGEST_MS = 2 ** 31 - 1;

interface Timer {
  readonly lane: LaneRef;
  readonly at: number;
  readonly handle: NodeJS.Timeout;
}

/**
 * One timer per lane, for the earliest time that anybody asked for: the lane answers with what is due later.
 *
 * They live in this process and not in the queue. A timer that dies with its process is a lost nudge, which the sweep
 * finds; and BullMQ's delayed jobs do not go together with one job per lane: a job that waits for its time would swallow
 * the nudges until then, and on Postgres (BullMQ 6.7) moving it forward may run a lane twice at once, and workers that
 * take delayed jobs lock each other out for a second (`deadlock detected`) when several fall due together.
 */
export class Timers {
  readonly #timers = new Map<string, Timer>();

  constructor(private readonly due: (lane: LaneRef) => void) {}

  /** `at` in milliseconds since 1970. */
  set(lane: LaneRef, at: number): void {
    const key = keyOf(lane);
    const known = this.#timers.get(key);
    if (known && known.at <= at) return;
    clearTimeout(known?.handle);
    const handle = setTimeout(() => this.#fire(key, lane, at), Math.min(at - Date.now(), LONGEST_MS));
    this.#timers.set(key, { lane, at, handle: handle.unref() });
  }

  /** Ends all timers. Gives the lanes that still had one. */
  clear(): LaneRef[] {
    const left = [...this.#timers.values()];
    this.#timers.clear();
    for (const { handle } of left) clearTimeout(handle);
    return left.map(({ lane }) => lane);
  }

  #fire(key: string, lane: LaneRef, at: number): void {
    this.#timers.delete(key);
    // Timers may be a little early, and the longest ones wait in stages.
    if (at > Date.now()) this.set(lane, at);
    else this.due(lane);
  }
}
