import { statement } from '../database/database.js';
import { EVENT_COLUMNS } from '../events/announce.js';
import { HOLD_USER } from '../tenancy/payers.js';
import { WAITING_SQL } from './moves.js';
import { NOTIFICATION_COLUMNS } from './notification-rows.js';
import { afterQuietSql } from './quiet-hours.js';

/**
 * Writes messages to people. Whoever has the same dedupeKey already, or the same broadcast, gets no second; nor does who
 * was erased a moment ago. $1 app  $2 people as JSON, see `Addressee`  $3 template  $4 broadcast?  $5 data  $6 page?
 * $7 platforms  $8 priority  $9 send at  $10 expires at  $11 quiet hours?  $12 dedupe key?  $13 business now
 */
export const INSERT = statement(`
  with people as materialized (
    select * from jsonb_to_recordset($2::jsonb) as p(
      id text, "userId" text, "accountId" text, platform text, openid text, "templateId" text, routes jsonb, "eventId" text)
  ),
  made as (
    insert into notifications
      (app_id, id, user_id, template_id, broadcast_id, data, page, platforms, routes, account_id, platform, openid,
       platform_template_id, priority, status, reason, dedupe_key, send_at, expires_at, quiet_hours, due_at, sequence,
       ended_at)
    select $1, p.id, p."userId", $3, $4, $5::jsonb, $6, $7::text[], p.routes, p."accountId", p.platform, p.openid,
      p."templateId", $8::smallint,
      case when p."accountId" is null then 'failed' when $9::timestamptz > $13 then 'scheduled' else 'queued' end,
      case when p."accountId" is null then 'no_identity' end, $12, $9, $10, $11::jsonb,
      case when p."accountId" is not null then
        least(${afterQuietSql('greatest($9::timestamptz, $13::timestamptz)', '$11::jsonb')}, $10::timestamptz) end,
      (p."accountId" is null)::int, case when p."accountId" is null then $13::timestamptz end
    from people p cross join lateral (${HOLD_USER('$1', 'p."userId"')}) held
    order by p."userId"
    on conflict do nothing
    returning *
  ),
  told as (
    insert into events (${EVENT_COLUMNS})
    select $1, p."eventId", 'notification.failed', 'notification', m.id, 1, 'notification', m.id,
      jsonb_build_object('notificationId', m.id, 'userId', m.user_id, 'template', t.key, 'broadcastId', m.broadcast_id,
        'platform', null, 'status', m.status, 'reason', m.reason, 'platformCode', null)
    from made m join people p on p.id = m.id join message_templates t on t.app_id = $1 and t.id = $3
    where m.status = 'failed'
  ),
  counted as (
    insert into notification_counts as c (app_id, template_id, platform, day, status, count)
    select $1, $3, 'none', ($13::timestamptz at time zone 'Asia/Shanghai')::date, m.status, count(*)
    from made m where m.status = 'failed' group by m.status
    on conflict (app_id, template_id, day, platform, status) do update set count = c.count + excluded.count
  )
  select id, user_id as "userId" from made`);

/** Of users who have one already: which. $2 users  $3 dedupe key */
export const DEDUPED = statement(`
  select id, user_id as "userId" from notifications
  where app_id = $1 and user_id = any ($2::text[]) and dedupe_key = $3`);

export const FIND = statement(`
  select ${NOTIFICATION_COLUMNS} from notifications n join message_templates t on t.app_id = $1 and t.id = n.template_id
  where n.app_id = $1 and n.id = any ($2::text[])`);

/** $2 before?  $3 user?  $4 status?  $5 template id?  $6 platform?  $7 broadcast?  $8 business now  $9 at most */
export const LIST = statement(`
  select ${NOTIFICATION_COLUMNS} from notifications n join message_templates t on t.app_id = $1 and t.id = n.template_id
  where n.app_id = $1 and ($2::text is null or n.id < $2) and ($3::text is null or n.user_id = $3)
    and ($4::text is null or n.status = $4 and (n.status <> 'scheduled' or n.send_at > $8)
      or $4 = 'queued' and n.status = 'scheduled' and n.send_at <= $8)
    and ($5::text is null or n.template_id = $5) and ($6::text is null or n.platform = $6)
    and ($7::text is null or n.broadcast_id = $7)
  order by n.id desc limit $9`);

/** What is handed over cannot be taken back. $3 business now */
export const CANCEL = statement(`
  update notifications n set status = 'canceled', reason = null, due_at = null, sequence = n.sequence + 1, ended_at = $3
  from message_templates t
  where n.app_id = $1 and n.id = $2 and n.status in (${WAITING_SQL}) and n.leased_until is null
    and t.app_id = $1 and t.id = n.template_id
  returning n.id, n.sequence, n.template_id as "templateId", ${NOTIFICATION_COLUMNS.replace('n.id, ', '')}`);

/** $2 accounts  $3 templates of the platform  $4 openids, side by side: those where a message may go at present. */
export const CONSENTED = statement(`
  select c.account_id as "accountId", c.template_id as "templateId", c.openid
  from unnest($2::text[], $3::text[], $4::text[]) asked (account_id, template_id, openid)
    join message_consents c on c.app_id = $1 and c.account_id = asked.account_id and c.template_id = asked.template_id
      and c.openid = asked.openid
  where c.subscribed or c.granted > 0 or c.claimed > 0`);

/** Counts what ended without being sent. $2 template  $3 platform  $4 business now  $5 status  $6 how many */
export const COUNT = statement(`
  insert into notification_counts as c (app_id, template_id, platform, day, status, count)
  values ($1, $2, $3, ($4::timestamptz at time zone 'Asia/Shanghai')::date, $5, $6)
  on conflict (app_id, template_id, day, platform, status) do update set count = c.count + excluded.count`);
