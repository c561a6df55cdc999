import { statement, type Database } from '../database/database.js';
import type { LaneKind } from './lane.js';
import { describe } from './log.js';
import type { Nudger } from './nudger.js';
import { within } from './within.js';

/** Lanes that one sweep nudges at most; the next sweep finds the rest. */
export const SWEPT_AT_ONCE = 1_000;
const STOP_MS = 2_000;

/**
 * Takes this period's sweep: one row per kind, so of all processes one sweeps, and none has to hold a connection for it.
 * Slightly short of the period, as timers may be a little early.
 */
const CLAIM = statement(`
  insert into queue_sweeps as last (kind, swept_at) values ($1, now())
  on conflict (kind) do update set swept_at = excluded.swept_at
    where last.swept_at <= now() - $2 * interval '0.9 milliseconds'
  returning kind`);

/** Asks the rows, every `sweepEvery`, which lanes are due, and nudges them: what a lost nudge or a lost queue comes to. */
export class Sweeper {
  #timer: NodeJS.Timeout | undefined;
  #sweep: Promise<void> | undefined;
  #stopped = false;

  constructor(
    private readonly kind: LaneKind,
    private readonly nudger: Nudger,
    private readonly db: Database,
    private readonly warn: (line: string) => void,
  ) {}

  /** The first sweep follows soon, at a random moment: processes that start together should not meet every time. */
  start(): void {
    this.#next(Math.random() * Math.min(this.kind.sweepEvery, 1_000));
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    if (this.#sweep) await within(STOP_MS, this.#sweep, () => undefined);
  }

  #next(delay: number): void {
    this.#timer = setTimeout(() => {
      this.#sweep = this.#run()
        .catch((error: unknown) => this.warn(`sweep of ${this.kind.name} failed: ${describe(error)}`))
        .finally(() => {
          if (!this.#stopped) this.#next(this.kind.sweepEvery);
        });
    }, delay);
  }

  async #run(): Promise<void> {
    const ours = await this.db.run(CLAIM, [this.kind.name, this.kind.sweepEvery]);
    if (ours.length === 0) return;
    const lanes = await this.kind.due(SWEPT_AT_ONCE);
    await Promise.all(lanes.map((lane) => this.nudger.nudge(lane)));
  }
}
