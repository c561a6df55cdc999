import { Injectable } from '@nestjs/common';
import { Clock } from '../common/clock.js';
import { newId } from '../common/ids.js';
import { Database } from '../database/database.js';
import { Lanes, type LaneRef, type LaneResult, type Slice } from '../queues/lane.js';
import { Apps } from '../tenancy/apps.service.js';
import { BusinessTime } from '../tenancy/business-time.js';
import { SETTLING_LANES } from './lanes.js';
import { SETTLE, SETTLE_DUE, SETTLE_NEXT } from './settling.sql.js';

const SWEEP_MS = 5_000;
const BATCH = 200;

/** Settles what was sent with an unknown outcome and of which nobody has heard for a day; a lane is an app. */
@Injectable()
export class SettlingLane {
  constructor(
    private readonly db: Database,
    private readonly clock: Clock,
    private readonly time: BusinessTime,
    private readonly apps: Apps,
    lanes: Lanes,
  ) {
    lanes.declare({
      name: SETTLING_LANES,
      concurrency: 2,
      sweepEvery: SWEEP_MS,
      due: (limit) => this.db.run<{ appId: string; lane: string }>(SETTLE_DUE, [this.clock.now(), limit]),
      run: (lane, slice) => this.#run(lane, slice),
    });
  }

  async #run({ appId }: LaneRef, slice: Slice): Promise<LaneResult> {
    const app = await this.apps.record(appId);
    for (let settled = 1; settled > 0 && !slice.over();) {
      const ids = Array.from({ length: BATCH }, () => newId('consentEntry'));
      const values = [appId, this.time.now(app), this.clock.now(), BATCH, ids];
      settled = (await this.db.run(SETTLE, values)).length;
    }
    const [next] = await this.db.run<{ at: Date | null }>(SETTLE_NEXT, [appId]);
    if (!next?.at) return 'idle';
    return { at: new Date(Date.now() + next.at.getTime() - this.time.now(app).getTime()) };
  }
}
