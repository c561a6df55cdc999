import { statement } from '../database/database.js';
import { EVENT_COLUMNS } from '../events/announce.js';
import { WAITING_SQL } from './moves.js';
import { afterQuietSql } from './quiet-hours.js';

const COLUMNS = `b.id, b.template_id as "templateId", t.key as template, b.data, b.page, b.filter, b.status,
  b.status_reason as "statusReason", b.send_at as "sendAt", b.expires_at as "expiresAt", b.quiet_hours as "quietHours",
  b.place, b.expanded, b.created, b.sequence, b.created_at as "createdAt", b.ended_at as "endedAt"`;
const JOINED = `broadcasts b join message_templates t on t.app_id = $1 and t.id = b.template_id`;

/** $2 id  $3 template  $4 data  $5 page?  $6 filter  $7 status  $8 send at  $9 expires at  $10 quiet hours? */
export const INSERT_BROADCAST = statement(`
  insert into broadcasts (app_id, id, template_id, data, page, filter, status, send_at, expires_at, quiet_hours, check_at)
  values ($1, $2, $3, $4::jsonb, $5, $6::jsonb, $7, $8, $9, $10::jsonb, $8)
  returning id`);

export const FIND_BROADCAST = statement(`select ${COLUMNS} from ${JOINED} where b.app_id = $1 and b.id = $2`);
export const LOCK_BROADCAST = statement(`
  select ${COLUMNS} from ${JOINED} where b.app_id = $1 and b.id = $2 for update of b`);

/** $2 before?  $3 status?  $4 at most */
export const LIST_BROADCASTS = statement(`
  select ${COLUMNS} from ${JOINED}
  where b.app_id = $1 and ($2::text is null or b.id < $2) and ($3::text is null or b.status = $3)
  order by b.id desc limit $4`);

/** How far broadcasts are. $2 ids */
export const PROGRESS = statement(`
  select n.broadcast_id as id, n.status, count(*)::int as count from notifications n
  where n.app_id = $1 and n.broadcast_id = any ($2::text[]) group by 1, 2`);

/** $3 statuses from which  $4 status  $5 why?  $6 check at?  $7 ended at? */
export const MOVE_BROADCAST = statement(`
  update broadcasts b set status = $4, status_reason = $5, check_at = $6, ended_at = $7, sequence = b.sequence + 1
  from message_templates t
  where b.app_id = $1 and b.id = $2 and b.status = any ($3::text[]) and t.app_id = $1 and t.id = b.template_id
  returning ${COLUMNS}`);

/** What waits of a broadcast stays where it is; what is on its way, once it comes back. $3 paused or canceled */
export const HOLD_MESSAGES = statement(`
  update notifications n set reason = $3, due_at = case when n.leased_until is null then 'infinity' else n.due_at end
  from (
    select id from notifications where app_id = $1 and broadcast_id = $2 and status in (${WAITING_SQL}) order by id for update
  ) held
  where n.app_id = $1 and n.id = held.id`);

/** $3 business now */
export const FREE_MESSAGES = statement(`
  update notifications n set reason = null,
    due_at = case
      when n.leased_until is null then least(${afterQuietSql('greatest(n.send_at, $3::timestamptz)', 'n.quiet_hours')}, n.expires_at)
      else n.due_at
    end
  from (
    select id from notifications where app_id = $1 and broadcast_id = $2 and status in (${WAITING_SQL}) order by id for update
  ) held
  where n.app_id = $1 and n.id = held.id
  returning n.account_id as "accountId"`);

/** Ends what is not on its way. $3 business now  $4 ids of events: as many messages */
export const CANCEL_MESSAGES = statement(`
  with held as materialized (
    select id from notifications
    where app_id = $1 and broadcast_id = $2 and status in (${WAITING_SQL}) and leased_until is null
    order by id limit cardinality($4::text[]) for update
  ),
  chosen as materialized (select id, row_number() over ()::int as at from held),
  ended as (
    update notifications n set status = 'canceled', reason = null, due_at = null, ended_at = $3, sequence = n.sequence + 1
    from chosen c where n.app_id = $1 and n.id = c.id
    returning n.*, c.at
  ),
  told as (
    insert into events (${EVENT_COLUMNS})
    select $1, ($4::text[])[e.at], 'notification.canceled', 'notification', e.id, e.sequence, 'notification', e.id,
      jsonb_build_object('notificationId', e.id, 'userId', e.user_id, 'template', t.key, 'broadcastId', e.broadcast_id,
        'platform', e.platform, 'status', e.status, 'reason', null, 'platformCode', null)
    from ended e join message_templates t on t.app_id = $1 and t.id = e.template_id
  ),
  counted as (
    insert into notification_counts as c (app_id, template_id, platform, day, status, count)
    select $1, template_id, platform, ($3::timestamptz at time zone 'Asia/Shanghai')::date, status, count(*)
    from ended group by 2, 3, 5 order by 2, 3
    on conflict (app_id, template_id, day, platform, status) do update set count = c.count + excluded.count
  )
  select count(*)::int as count from ended`);

/** Messages of a broadcast that wait or are on their way. */
export const WAITING = statement(`
  select count(*)::int as count from notifications
  where app_id = $1 and broadcast_id = $2 and status in (${WAITING_SQL})`);

/** Who may be written to, page by page. $2 account  $3 platform's template  $4 behind that openid  $5 at most */
export const AUDIENCE = statement(`
  select openid from message_consents
  where app_id = $1 and account_id = $2 and template_id = $3 and openid > $4 and (subscribed or granted > 0 or claimed > 0)
  order by openid limit $5`);

/** $3 place?  $4 whether it is the end  $5 how many more  $6 check at */
export const EXPANDED = statement(`
  update broadcasts set status = 'running', place = coalesce($3::jsonb, place), expanded = $4, created = created + $5,
    check_at = $6
  where app_id = $1 and id = $2`);

/**
 * A row: when statistics of the messages were last gathered there were few, so few that plans read all of them. 1,000 pages are
 * far more than that needs, and far fewer than it would take long to look at.
 */
export const FEW_MESSAGES = statement(`
  select from pg_class where oid = 'notifications'::regclass and relpages < 1000`);

/** What autovacuum would do within a minute. Where it does so at this moment, or only a superuser may, nothing happens. */
export const GATHER_STATISTICS = statement('analyze (skip_locked) notifications');

/** When it is looked at again (business time); null: no more. */
export const CHECK_AT = statement('update broadcasts set check_at = $3 where app_id = $1 and id = $2');

/** Apps with broadcasts that have something to do. $1 now  $2 at most */
export const BROADCASTS_DUE = statement(`
  select p.id as "appId", p.id as lane from apps p
    cross join lateral (
      select b.check_at from broadcasts b
      where b.app_id = p.id and b.check_at <= $1::timestamptz + p.clock_offset * interval '1 millisecond'
      order by b.check_at limit 1) first
  order by first.check_at - p.clock_offset * interval '1 millisecond' limit $2`);

/** The next one of an app, due or not. */
export const NEXT_BROADCAST = statement(`
  select id, check_at as at from broadcasts where app_id = $1 and check_at is not null order by check_at limit 1`);
