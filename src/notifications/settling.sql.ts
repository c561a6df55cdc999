import { statement } from '../database/database.js';

/** Apps with reservations that nobody has heard of for a day. $1 now  $2 at most */
export const SETTLE_DUE = statement(`
  select p.id as "appId", p.id as lane from apps p
    cross join lateral (
      select n.settle_at from notifications n
      where n.app_id = p.id and n.settle_at <= $1::timestamptz + p.clock_offset * interval '1 millisecond'
      order by n.settle_at limit 1) first
  order by first.settle_at - p.clock_offset * interval '1 millisecond' limit $2`);

/**
 * Counts the reservations of unknown outcomes as used; what became of the messages stays unknown. One message per consent
 * at a time. $1 app  $2 business now  $3 now  $4 at most  $5 ids of entries (as many)
 */
export const SETTLE = statement(`
  with due as materialized (
    select n.id, n.account_id, n.platform_template_id, n.openid, n.reservation from notifications n
    where n.app_id = $1 and n.settle_at <= $2 order by n.settle_at limit $4 for update skip locked
  ),
  chosen as materialized (
    select distinct on (account_id, platform_template_id, openid) d.*
    from due d order by account_id, platform_template_id, openid, id
  ),
  numbered as materialized (select c.*, row_number() over ()::int as at from chosen c),
  settled as (
    update notifications n set settle_at = null, reservation = null
    from numbered k where n.app_id = $1 and n.id = k.id
    returning n.id
  ),
  held as materialized (
    select c.template_id, c.account_id, c.openid, k.id, k.at
    from numbered k join message_consents c
      on c.app_id = $1 and c.account_id = k.account_id and c.template_id = k.platform_template_id and c.openid = k.openid
    where (select count(*) from settled) > 0 and k.reservation in ('grant', 'claim')
    order by c.account_id, c.template_id, c.openid for update of c
  ),
  used as (
    update message_consents c set reserved = c.reserved - 1
    from held h
    where c.app_id = $1 and c.account_id = h.account_id and c.template_id = h.template_id and c.openid = h.openid
  ),
  noted as (
    insert into message_consent_entries
      (app_id, id, account_id, template_id, openid, kind, granted, claimed, reserved, reason, notification_id, created_at)
    select $1, ($5::text[])[h.at], h.account_id, h.template_id, h.openid, 'used', 0, 0, -1, 'unknown', h.id, $3
    from held h
  )
  select id from settled`);

/** When the next one is due (business time). */
export const SETTLE_NEXT = statement(`
  select min(settle_at) as at from notifications where app_id = $1 and settle_at is not null`);
