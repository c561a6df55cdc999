import { Injectable } from '@nestjs/common';
import { Database, statement, type Tx } from '../database/database.js';
import { type UserListener, UserListeners, type UserRef } from '../tenancy/user-listeners.js';

/** Use of the same period is added up; all else cannot meet, because sources are never of two users. */
const MOVE = [
  statement(`update entitlements set user_id = $3 where app_id = $1 and user_id = $2`),
  statement(`update grants set user_id = $3 where app_id = $1 and user_id = $2`),
  statement(`update usage_events set user_id = $3 where app_id = $1 and user_id = $2`),
  statement(`
    with gone as (delete from usage_totals where app_id = $1 and user_id = $2 returning *)
    insert into usage_totals as t (app_id, user_id, feature, period_start, used)
    select app_id, $3, feature, period_start, used from gone
    on conflict (app_id, user_id, feature, period_start) do update set used = t.used + excluded.used`),
];
const FORGET = [
  statement(`delete from entitlements where app_id = $1 and user_id = $2`),
  statement(`update grants set reason = null where app_id = $1 and user_id = $2`),
  statement(`delete from usage_events where app_id = $1 and user_id = $2`),
  statement(`delete from usage_totals where app_id = $1 and user_id = $2`),
];
const EXPORT = statement(`
  select e.feature, e.value, e.source_type as "sourceType", e.source_id as "sourceId", e.starts_at as "startsAt",
    e.expires_at as "expiresAt"
  from entitlements e where e.app_id = $1 and e.user_id = $2 order by e.feature, e.source_id`);

/** What becomes of entitlements when a user goes or becomes another. */
@Injectable()
export class EntitlementUserListener implements UserListener {
  readonly name = 'entitlements';

  constructor(
    private readonly db: Database,
    listeners: UserListeners,
  ) {
    listeners.register(this);
  }

  async onMerged(tx: Tx, from: UserRef, into: UserRef): Promise<void> {
    for (const move of MOVE) await this.db.run(move, [from.appId, from.userId, into.userId], tx);
  }

  async onErased(tx: Tx, { appId, userId }: UserRef): Promise<void> {
    for (const removal of FORGET) await this.db.run(removal, [appId, userId], tx);
  }

  export({ appId, userId }: UserRef): Promise<unknown> {
    return this.db.run(EXPORT, [appId, userId]);
  }
}
