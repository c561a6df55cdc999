import { Injectable } from '@nestjs/common';
import { Clock } from '../common/clock.js';
import { ID_PREFIXES } from '../common/ids.js';
import { Config } from '../config/config.js';
import { Database, statement, type Statement } from '../database/database.js';
import { Lanes, type LaneRef, type LaneResult, type Slice } from '../queues/lane.js';
import { EventReaders } from './event-readers.js';
import { forgetting } from './relay.sql.js';

const DAY_MS = 24 * 3_600_000;
const SWEEP_MS = 3_600_000;

/** By primary key, one look per app: ids of events begin with the time at which they were made. */
const DUE = statement(`
  select a.id as "appId", 'events' as lane from apps a
  where exists (select from events e where e.app_id = a.id and e.id < $1 and e.position is not null)
  limit $2`);

/** Forgets old events, with their deliveries, a batch at a time: it locks nothing but the rows that go. */
@Injectable()
export class EventRetention {
  #forget: Statement | undefined;

  constructor(
    private readonly db: Database,
    private readonly clock: Clock,
    private readonly config: Config,
    private readonly readers: EventReaders,
    lanes: Lanes,
  ) {
    lanes.declare({
      name: 'events',
      concurrency: 1,
      sweepEvery: SWEEP_MS,
      due: (limit) => this.db.run<{ appId: string; lane: string }>(DUE, [this.#firstKept, limit]),
      run: (lane, slice) => this.#run(lane, slice),
    });
  }

  /** The smallest id that an event can have which is young enough. */
  get #firstKept(): string {
    const before = this.clock.now().getTime() - this.config.eventRetentionDays * DAY_MS;
    return `${ID_PREFIXES.event}_${before.toString(16).padStart(12, '0')}`;
  }

  async #run({ appId }: LaneRef, slice: Slice): Promise<LaneResult> {
    this.#forget ??= forgetting(this.readers.all);
    for (;;) {
      const [row] = await this.db.run<{ forgotten: number }>(this.#forget, [appId, this.#firstKept, slice.rows]);
      if ((row?.forgotten ?? 0) < slice.rows) return 'idle';
      if (slice.over()) return { at: new Date() };
    }
  }
}
