import { Injectable } from '@nestjs/common';
import { Database, type Statement, statement } from '../database/database.js';
import { Lanes, type LaneResult, type Slice } from '../queues/lane.js';
import { SECRET_REPLAY_MS } from './idempotency.js';

/** How long a repeat gets the answer of the first run. */
const KEPT_MS = 7 * 24 * 3_600_000;
const SWEEP_MS = 60_000;
const LANE = { appId: 'all', lane: 'idempotency-keys' };

const OLD = `created_at < now() - interval '${KEPT_MS} milliseconds'`;
/** A secret that a sweep has missed for an hour goes with its row: looking at all rows each time would cost too much. */
const SHOWN = `sealed is not null and created_at
  between now() - interval '1 hour' and now() - interval '${SECRET_REPLAY_MS} milliseconds'`;
const chosen = (condition: string): string => `(app_id, caller, key) in (
  select app_id, caller, key from idempotency_keys where ${condition} limit $1 for update skip locked)`;

const DUE = statement(`
  select exists (select from idempotency_keys where ${OLD})
    or exists (select from idempotency_keys where ${SHOWN}) as due`);
const STEPS = [
  statement(`delete from idempotency_keys where ${chosen(OLD)} returning key`),
  statement(`update idempotency_keys set sealed = null where ${chosen(SHOWN)} returning key`),
];

/** Forgets idempotency keys after seven days, and the copies of what was shown once when it may no longer be shown. */
@Injectable()
export class IdempotencyRetention {
  constructor(
    private readonly db: Database,
    lanes: Lanes,
  ) {
    lanes.declare({
      name: 'idempotency',
      concurrency: 1,
      sweepEvery: SWEEP_MS,
      due: async () => ((await this.#isDue()) ? [LANE] : []),
      run: (_, slice) => this.#forget(slice),
    });
  }

  async #isDue(): Promise<boolean> {
    const [row] = await this.db.run<{ due: boolean }>(DUE, []);
    return row?.due === true;
  }

  async #forget(slice: Slice): Promise<LaneResult> {
    for (const step of STEPS) {
      while (await this.#isFull(step, slice.rows)) if (slice.over()) return { at: new Date() };
    }
    return 'idle';
  }

  /** Works one batch; true when it was as large as allowed, so that more may follow. */
  async #isFull(step: Statement, rows: number): Promise<boolean> {
    return (await this.db.run(step, [rows])).length === rows;
  }
}
