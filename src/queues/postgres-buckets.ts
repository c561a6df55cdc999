import { statement, type Database } from '../database/database.js';
import { Buckets, type LaneRef, type Pace } from './lane.js';
import { intervalOf, retryIn } from './pace.js';

/**
 * GCRA in one statement: $3 is the interval in microseconds, $4 the burst, $5 the tokens wanted. The clock is read while
 * the row is locked, so a caller that had to wait for another one counts from its own turn.
 */
const TAKE = statement(`
  insert into queue_buckets as b (app_id, bucket, tat, asked_at, taken)
  select $1, $2, now + least($4::int, $5::int) * $3::bigint, now, least($4::int, $5::int)
  from (select (extract(epoch from clock_timestamp()) * 1000000)::bigint as now) clock
  on conflict (app_id, bucket) do update set (tat, asked_at, taken) = (
    select start + free * $3::bigint, now, free
    from (
      select now, start, greatest(0, least($5::int, ($4::int * $3::bigint - (start - now)) / $3::bigint)) as free
      from (
        select now, greatest(now, b.tat) as start
        from (select (extract(epoch from clock_timestamp()) * 1000000)::bigint as now) clock
      ) turn
    ) answer
  )
  returning taken, tat - asked_at as ahead`);

/** Buckets in Postgres: one row each, by Postgres' clock. */
export class PostgresBuckets extends Buckets {
  constructor(private readonly db: Database) {
    super();
  }

  override async take({ appId, lane }: LaneRef, pace: Pace, wanted: number) {
    const interval = intervalOf(pace);
    const rows = await this.db.run<{ taken: number; ahead: string }>(TAKE, [appId, lane, interval, pace.burst, wanted]);
    const [{ taken, ahead } = { taken: 0, ahead: '0' }] = rows;
    return { taken, retryAt: retryIn(Number(ahead) + interval - pace.burst * interval) };
  }
}
