import { Injectable } from '@nestjs/common';
import { Clock } from '../common/clock.js';
import { Database, statement } from '../database/database.js';
import { Lanes, type LaneResult, type Slice } from '../queues/lane.js';

/** Raw callbacks hold personal data: they are dropped after that; what became of them stays. */
const KEPT_MS = 180 * 24 * 3_600_000;
const SWEEP_MS = 3_600_000;
const LANE = { appId: 'all', lane: 'callbacks' };

const DUE = statement(`
  select exists (select from callbacks where sealed is not null and received_at < $1) as due`);
const DROP = statement(`
  update callbacks set sealed = null where (app_id, id) in (
    select app_id, id from callbacks where sealed is not null and received_at < $1
    order by received_at limit $2 for update skip locked)
  returning id`);

/** Drops the raw bytes of old callbacks. */
@Injectable()
export class CallbackRetention {
  constructor(
    private readonly db: Database,
    private readonly clock: Clock,
    lanes: Lanes,
  ) {
    lanes.declare({
      name: 'callbacks',
      concurrency: 1,
      sweepEvery: SWEEP_MS,
      due: async () => ((await this.#isDue()) ? [LANE] : []),
      run: (_, slice) => this.#drop(slice),
    });
  }

  get #before(): Date {
    return new Date(this.clock.now().getTime() - KEPT_MS);
  }

  async #isDue(): Promise<boolean> {
    const [row] = await this.db.run<{ due: boolean }>(DUE, [this.#before]);
    return row?.due === true;
  }

  async #drop(slice: Slice): Promise<LaneResult> {
    let dropped: number;
    do dropped = (await this.db.run(DROP, [this.#before, slice.rows])).length;
    while (dropped === slice.rows && !slice.over());
    return dropped === slice.rows ? { at: new Date() } : 'idle';
  }
}
