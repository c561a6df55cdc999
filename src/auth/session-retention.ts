import { Injectable } from '@nestjs/common';
import { Clock } from '../common/clock.js';
import { Database, statement } from '../database/database.js';
import { Lanes, type LaneResult, type Slice } from '../queues/lane.js';

/** A session that has run out is of use to nobody; a revoked one stays until it would have run out. */
const SWEEP_MS = 10 * 60_000;
const LANE = { appId: 'all', lane: 'sessions' };

const DUE = statement(`select exists (select from sessions where expires_at < $1) as due`);
const FORGET = statement(`
  delete from sessions where (app_id, id) in (
    select app_id, id from sessions where expires_at < $1 order by expires_at limit $2 for update skip locked)
  returning id`);

/** Removes sessions that have run out, a batch at a time, so that logins never wait for it. */
@Injectable()
export class SessionRetention {
  constructor(
    private readonly db: Database,
    private readonly clock: Clock,
    lanes: Lanes,
  ) {
    lanes.declare({
      name: 'sessions',
      concurrency: 1,
      sweepEvery: SWEEP_MS,
      due: async () => ((await this.#isDue()) ? [LANE] : []),
      run: (_, slice) => this.#forget(slice),
    });
  }

  async #isDue(): Promise<boolean> {
    const [row] = await this.db.run<{ due: boolean }>(DUE, [this.clock.now()]);
    return row?.due === true;
  }

  async #forget(slice: Slice): Promise<LaneResult> {
    let removed: number;
    do removed = (await this.db.run(FORGET, [this.clock.now(), slice.rows])).length;
    while (removed === slice.rows && !slice.over());
    return removed === slice.rows ? { at: new Date() } : 'idle';
  }
}
