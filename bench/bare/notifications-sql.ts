import type { Statement } from './database.js';

/**
 * Leases due messages and reserves a consent of each. One person has one due message of a template at a time.
 * $1 app  $2 account  $3 now  $4 lease  $5 at most
 */
export const CLAIM: Statement = {
  name: 'claim-messages',
  text: `
  with chosen as materialized (
    select id, platform_template_id, openid from notifications
    where app_id = $1 and account_id = $2 and priority = 1 and due_at <= $3
      and (leased_until is null or leased_until <= $3)
    order by due_at limit $5 for update skip locked
  ),
  reserved as (
    update message_consents c set granted = c.granted - 1, reserved = c.reserved + 1
    from chosen
    where c.app_id = $1 and c.account_id = $2 and c.template_id = chosen.platform_template_id
      and c.openid = chosen.openid and c.granted > 0
    returning chosen.id, c.template_id, c.openid
  ),
  entries as (
    insert into message_consent_entries
      (app_id, id, account_id, template_id, openid, kind, granted, reserved, reason, notification_id)
    select $1, 'mce_' || lpad(to_hex((extract(epoch from clock_timestamp()) * 1000)::bigint), 12, '0')
        || substr(md5(reserved.id || 'reserved'), 1, 20),
      $2, template_id, openid, 'reserved', -1, 1, 'send', reserved.id
    from reserved
  )
  update notifications n set leased_until = $4, reservation = 'grant', tries = n.tries + 1
  from reserved where n.app_id = $1 and n.id = reserved.id
  returning n.id, n.openid, n.platform_template_id as "templateId", n.data, n.page, n.user_id as "userId"`,
};

/** Writes what came of messages. $1 app  $2 account  $3 now  $4 results as JSON  $5 template  $6 day */
export const RECORD: Statement = {
  name: 'record-messages',
  text: `
  with results as materialized (
    select * from json_to_recordset($4::json) as r(id text, "messageId" text)
  ),
  ended as (
    update notifications n set status = 'sent', sent_at = $3, ended_at = $3, due_at = null, leased_until = null,
      reservation = null, platform_message_id = r."messageId", sequence = n.sequence + 1
    from results r where n.app_id = $1 and n.id = r.id
    returning n.id, n.user_id, n.openid, n.platform_template_id, n.sequence
  ),
  used as (
    update message_consents c set reserved = c.reserved - 1
    from ended where c.app_id = $1 and c.account_id = $2 and c.template_id = ended.platform_template_id
      and c.openid = ended.openid
    returning c.openid
  ),
  entries as (
    insert into message_consent_entries
      (app_id, id, account_id, template_id, openid, kind, reserved, reason, notification_id)
    select $1, 'mce_' || lpad(to_hex((extract(epoch from clock_timestamp()) * 1000)::bigint), 12, '0')
        || substr(md5(ended.id || 'used'), 1, 20),
      $2, platform_template_id, openid, 'used', -1, 'sent', ended.id
    from ended
  ),
  told as (
    insert into events (app_id, id, type, stream_type, stream_id, sequence, object_type, object_id, data)
    select $1, 'evt_' || substr(ended.id, 5), 'notification.sent', 'notification', ended.id, ended.sequence,
      'notification', ended.id,
      jsonb_build_object('notificationId', ended.id, 'userId', ended.user_id, 'template', $5::text, 'broadcastId', null,
        'platform', 'wechat', 'status', 'sent', 'reason', null, 'platformCode', null)
    from ended
  )
  insert into notification_counts as c (app_id, template_id, platform, day, status, count)
  select $1, $7, 'wechat', $6::date, 'sent', count(*) from ended having count(*) > 0
  on conflict (app_id, template_id, day, platform, status) do update set count = c.count + excluded.count`,
};
