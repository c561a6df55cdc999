import { Injectable } from '@nestjs/common';
import { newId } from '../common/ids.js';
import { Database, statement, type Tx } from '../database/database.js';
import { EVENT_COLUMNS } from '../events/announce.js';
import { Apps } from '../tenancy/apps.service.js';
import { type UserListener, UserListeners, type UserRef } from '../tenancy/user-listeners.js';
import { WAITING_SQL } from './moves.js';
import { Notifications } from './notifications.service.js';

/**
 * Cancels what waits, of $2, and is not on its way. $3 ids of events, as many messages  $4 why  $5 only those that
 * user $5 has as well, if given
 */
const CANCEL = statement(`
  with held as materialized (
    select n.id from notifications n
    where n.app_id = $1 and n.user_id = $2 and n.due_at is not null and n.status in (${WAITING_SQL})
      and n.leased_until is null and ($5::text is null or exists (
        select from notifications o where o.app_id = $1 and o.user_id = $5
          and (o.broadcast_id = n.broadcast_id or o.dedupe_key = n.dedupe_key)))
    order by n.id limit cardinality($3::text[]) for update
  ),
  chosen as materialized (select id, row_number() over ()::int as at from held),
  business as (select now() + clock_offset * interval '1 millisecond' as now from apps where id = $1),
  ended as (
    update notifications n set status = 'canceled', reason = $4, due_at = null, ended_at = b.now, sequence = n.sequence + 1
    from chosen c, business b where n.app_id = $1 and n.id = c.id
    returning n.*, c.at
  ),
  told as (
    insert into events (${EVENT_COLUMNS})
    select $1, ($3::text[])[e.at], 'notification.canceled', 'notification', e.id, e.sequence, 'notification', e.id,
      jsonb_build_object('notificationId', e.id, 'userId', e.user_id, 'template', t.key, 'broadcastId', e.broadcast_id,
        'platform', e.platform, 'status', e.status, 'reason', e.reason, 'platformCode', null)
    from ended e join message_templates t on t.app_id = $1 and t.id = e.template_id
  ),
  counted as (
    insert into notification_counts as c (app_id, template_id, platform, day, status, count)
    select $1, template_id, platform, (ended_at at time zone 'Asia/Shanghai')::date as day, status, count(*)
    from ended group by 2, 3, 4, 5 order by 2, 4, 3
    on conflict (app_id, template_id, day, platform, status) do update set count = c.count + excluded.count
  )
  select id from ended`);

/** Who it went to and what it said goes; that there was one stays. */
const FORGET = statement(`
  update notifications set data = '{}', page = null, openid = null, routes = '[]', dedupe_key = null
  where app_id = $1 and user_id = $2`);

/** What both got stays with each: one person has one message of a broadcast, and one with a dedupeKey. $3 into */
const MOVE = statement(`
  update notifications n set user_id = $3
  where n.app_id = $1 and n.user_id = $2 and not exists (
    select from notifications o where o.app_id = $1 and o.user_id = $3
      and (o.broadcast_id = n.broadcast_id or o.dedupe_key = n.dedupe_key))`);

const PAGE = 100;
const BATCH = 500;

/** What becomes of messages when a user goes or becomes another. */
@Injectable()
export class NotificationUserListener implements UserListener {
  readonly name = 'notifications';

  constructor(
    private readonly db: Database,
    private readonly apps: Apps,
    private readonly notifications: Notifications,
    listeners: UserListeners,
  ) {
    listeners.register(this);
  }

  async onErased(tx: Tx, { appId, userId }: UserRef): Promise<void> {
    await this.#cancel(tx, appId, userId, 'user_erased', null);
    await this.db.run(FORGET, [appId, userId], tx);
  }

  async onMerged(tx: Tx, from: UserRef, into: UserRef): Promise<void> {
    // Nobody gets the same twice because two users turn out to be one person.
    await this.#cancel(tx, from.appId, from.userId, 'user_merged', into.userId);
    await this.db.run(MOVE, [from.appId, from.userId, into.userId], tx);
  }

  async export({ appId, userId }: UserRef): Promise<unknown> {
    const app = await this.apps.record(appId);
    const all: unknown[] = [];
    for (let cursor: string | undefined; ;) {
      const query = { limit: PAGE, userId, ...(cursor === undefined ? {} : { cursor }) };
      const page = await this.notifications.list(app, query);
      all.push(...page.data);
      if (page.nextCursor === null) return all;
      cursor = page.nextCursor;
    }
  }

  async #cancel(tx: Tx, appId: string, userId: string, why: string, doubled: string | null): Promise<void> {
    for (let ended = BATCH; ended === BATCH;) {
      const events = Array.from({ length: BATCH }, () => newId('event'));
      ended = (await this.db.run(CANCEL, [appId, userId, events, why, doubled], tx)).length;
    }
  }
}
