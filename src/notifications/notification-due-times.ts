import { Injectable } from '@nestjs/common';
import { Database, statement, type Statement } from '../database/database.js';
import { DueTimes } from '../tenancy/due-times.js';
import { BROADCAST_LANES, MESSAGE_LANES, SETTLING_LANES } from './lanes.js';
import { SETTLE_NEXT } from './settling.sql.js';

/** Of each mini-program, and each priority, by index. */
const NEXT_MESSAGE = statement(`
  select min(d.due_at) as at
  from platform_accounts a cross join (values (0::smallint), (1::smallint), (2::smallint)) p (priority)
    cross join lateral (
      select n.due_at from notifications n
      where n.app_id = $1 and n.account_id = a.id and n.priority = p.priority and n.due_at < 'infinity'
      order by n.due_at limit 1) d
  where a.app_id = $1`);
const NEXT_BROADCAST = statement(
  `select min(check_at) as at from broadcasts where app_id = $1 and check_at is not null`,
);

/** What of messages waits for business time. */
@Injectable()
export class NotificationDueTimes {
  constructor(
    private readonly db: Database,
    times: DueTimes,
  ) {
    const sources = [
      [MESSAGE_LANES, NEXT_MESSAGE],
      [BROADCAST_LANES, NEXT_BROADCAST],
      [SETTLING_LANES, SETTLE_NEXT],
    ] as const;
    for (const [kind, query] of sources) times.register({ kind, next: (appId) => this.#next(query, appId) });
  }

  async #next(query: Statement, appId: string): Promise<Date | null> {
    const [row] = await this.db.run<{ at: Date | null }>(query, [appId]);
    return row?.at ?? null;
  }
}
