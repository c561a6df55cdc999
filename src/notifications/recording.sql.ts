import { statement } from '../database/database.js';
import { EVENT_COLUMNS } from '../events/announce.js';
import { DELIVERED, SETTLE_HOURS } from './lanes.js';
import { fromSql, NOTIFICATION_MOVES, WAITING_SQL } from './moves.js';

const IS_FINAL = `(r.outcome <> 'later' or coalesce(n.reason = 'canceled', false))`;
/** The platform has pushed that it arrived before it answered, or instead of answering. */
const CAME = `case when r.outcome = 'unknown' and n.reason = '${DELIVERED}' then 'sent' else r.outcome end`;

const OF_CONSENT = (table: string, consent = 'h'): string =>
  `${table}.app_id = ${consent}."appId" and ${table}.account_id = ${consent}."accountId"
          and ${table}.template_id = ${consent}."platformTemplateId" and ${table}.openid = ${consent}.openid`;

/**
 * Writes what came of sends: the messages, what they reserved, the ledger of consents, events and counts, in one
 * statement. A result that comes after its lease has passed is still believed, and so is the platform's later word
 * (`isNews`). What becomes of a reservation: a `sent` uses it, `refused` voids the consent with all that was told of it
 * before the message was sent, `failed` and `later` return it, `unknown` keeps it. What the person accepted while it was on
 * its way remains, also where that was taken for the proof of the claim which let the message through. The consent of a
 * person who was erased meanwhile is gone; one that has come back since is another.
 *
 * $1 results as JSON, at most one per consent; see `Result`
 */
export const RECORD = statement(`
  with results as materialized (
    select * from jsonb_to_recordset($1::jsonb) as r(
      "appId" text, "accountId" text, id text, lease timestamptz, outcome text, reason text, "platformCode" text,
      "platformMessageId" text, "dueAt" timestamptz, tries int, at timestamptz, now timestamptz, "eventId" text,
      "entryId" text, openid text, "platformTemplateId" text, reservation text, "reportId" text, template text,
      "blockedUntil" timestamptz, "isLate" boolean, "isNews" boolean)
    where "appId" > '' and "accountId" > '' and id > '' and tries >= 0
  ),
  ended as materialized (
    update notifications n set
      status = case when r.outcome <> 'later' then ${CAME} when n.reason = 'canceled' then 'canceled' else 'queued' end,
      reason = case when ${CAME} = 'sent' then null when r.outcome <> 'later' then r.reason else n.reason end,
      platform_code = r."platformCode",
      platform_message_id = coalesce(r."platformMessageId", n.platform_message_id),
      due_at = case
        when ${IS_FINAL} then null when n.reason = 'paused' then 'infinity' else least(r."dueAt", n.expires_at)
      end,
      leased_until = null,
      tries = r.tries,
      reservation = case when ${CAME} = 'unknown' then n.reservation end,
      settle_at = case when ${CAME} = 'unknown' then r.at + interval '${SETTLE_HOURS} hours' end,
      sequence = n.sequence + ${IS_FINAL}::int,
      sent_at = case when ${CAME} = 'sent' then r.at else n.sent_at end,
      ended_at = case when ${IS_FINAL} then r.at end
    from results r left join notifications o
      on r."isLate" and o.app_id = r."appId" and o.id = r.id and o.status in ('unknown', 'sent')
    where n.app_id = r."appId" and n.id = r.id and (
      (n.leased_until = r.lease and n.status in (${WAITING_SQL}))
      or (n.status = 'unknown' and n.reason = 'lost' and n.reservation is not null and r.outcome in ('sent', 'refused', 'failed'))
      or (r."isNews" and n.status = any (case r.outcome
        when 'sent' then array[${fromSql(NOTIFICATION_MOVES.deliveryFound)}]
        when 'refused' then array[${fromSql(NOTIFICATION_MOVES.deliveryRefused)}]
        when 'failed' then array[${fromSql(NOTIFICATION_MOVES.deliveryFailed)}] end)))
    returning n.app_id, n.id, n.user_id, n.template_id as form_id, n.broadcast_id, n.platform, n.status, n.reason,
      n.platform_code, n.sequence, o.status as was, o.ended_at as was_at,
      case when r.outcome = 'unknown' then n.status else r.outcome end as came, r.at, r.now, n.openid, r.reservation,
      r.template, r."appId", r."accountId", r."platformTemplateId", r."eventId", r."entryId", r."reportId", r."blockedUntil"
  ),
  used as (
    update message_consents c set reserved = c.reserved - 1
    from ended e
    where e.came = 'sent' and e.reservation in ('grant', 'claim')
      and c.app_id = e."appId" and c.account_id = e."accountId" and c.template_id = e."platformTemplateId"
      and c.openid = e.openid
    returning e."appId", e."entryId", e."accountId", e."platformTemplateId", e.openid, e.came, e.id, e.now
  ),
  held as materialized (
    select e.*, c.granted as has_granted, c.claimed as has_claimed
    from ended e join message_consents c
      on c.app_id = e."appId" and c.account_id = e."accountId" and c.template_id = e."platformTemplateId"
        and c.openid = e.openid
    where e.came = 'refused' or (e.came in ('failed', 'later')
      and (e.reservation in ('grant', 'claim') or e."blockedUntil" is not null))
    order by c.app_id, c.account_id, c.template_id, c.openid for update of c
  ),
  reports as materialized (
    select r.id, r.status from held h join message_consent_reports r on r.app_id = h."appId" and r.id = h."reportId"
    for update of r
  ),
  refused as materialized (
    select h.*, coalesce(l.since, 'infinity') as since, w.granted as since_granted, v.voids > 0 as was_voided
    from held h
      cross join lateral (
        select max(e.created_at) as since from message_consent_entries e
        where ${OF_CONSENT('e')} and e.kind = 'reserved' and e.notification_id = h.id) l
      cross join lateral (
        select coalesce(sum(e.granted), 0)::int as granted from message_consent_entries e
        where ${OF_CONSENT('e')} and e.kind in ('granted', 'confirmed') and e.created_at > l.since) w
      cross join lateral (
        select count(*) as voids from message_consent_pushes p
        where ${OF_CONSENT('p')} and p.effect = 'void' and p.pushed_at > l.since) v
    where h.came = 'refused'
  ),
  doomed as materialized (
    select f."appId", f.id as of, r.id, r.mode = 'claim' and r.notification_id is null as is_counted
    from refused f cross join lateral (
      select r.* from message_consent_reports r
      where ${OF_CONSENT('r', 'f')} and r.status = 'open' and (r.reported_at <= f.since or r.notification_id = f.id)
      for update) r
  ),
  changes as materialized (
    select h.*,
      case
        when h.came = 'refused' then (
          select -greatest(0, f.has_granted - f.since_granted)
            + coalesce(f.reservation = 'claim' and r.status = 'matched' and not f.was_voided, false)::int
          from refused f where f.id = h.id and f."appId" = h."appId")
        when h.reservation = 'grant' or (h.reservation = 'claim' and r.status = 'matched') then 1
        else 0
      end as granted_by,
      case
        when h.came = 'refused' then -(
          select count(*) from doomed d where d."appId" = h."appId" and d.of = h.id and d.is_counted)::int
        when h.reservation = 'claim' and r.status = 'open' then 1
        else 0
      end as claimed_by,
      -coalesce(h.reservation in ('grant', 'claim'), false)::int as reserved_by
    from held h left join reports r on r.id = h."reportId"
  ),
  settled as (
    update message_consents c set
      granted = greatest(0, c.granted + x.granted_by), -- for the version from before the lock, see claiming
      claimed = c.claimed + x.claimed_by,
      reserved = c.reserved + x.reserved_by,
      subscribed = c.subscribed and x.came <> 'refused',
      blocked_until = coalesce(x."blockedUntil", c.blocked_until)
    from changes x
    where c.app_id = x."appId" and c.account_id = x."accountId" and c.template_id = x."platformTemplateId"
      and c.openid = x.openid
  ),
  freed as (
    update message_consent_reports r set notification_id = null, status = x.status
    from (
      select "appId", "reportId" as id, 'open' as status from changes where came <> 'refused' and reservation = 'claim'
      union all
      select "appId", id, 'dropped' from doomed
    ) x
    where r.app_id = x."appId" and r.id = x.id and r.status = 'open'
  ),
  noted as (
    insert into message_consent_entries
      (app_id, id, account_id, template_id, openid, kind, granted, claimed, reserved, reason, notification_id, created_at)
    select u."appId", u."entryId", u."accountId", u."platformTemplateId", u.openid, 'used', 0, 0, -1, u.came, u.id, u.now
    from used u
    union all
    select x."appId", x."entryId", x."accountId", x."platformTemplateId", x.openid,
      case when x.came = 'refused' then 'voided' else 'returned' end, x.granted_by, x.claimed_by, x.reserved_by,
      x.came, x.id, x.now
    from changes x where x.came = 'refused' or x.reserved_by <> 0
  ),
  told as (
    insert into events (${EVENT_COLUMNS})
    select e.app_id, e."eventId", 'notification.' || e.status, 'notification', e.id, e.sequence, 'notification', e.id,
      jsonb_build_object('notificationId', e.id, 'userId', e.user_id, 'template', e.template, 'broadcastId', e.broadcast_id,
        'platform', e.platform, 'status', e.status, 'reason', e.reason, 'platformCode', e.platform_code)
    from ended e where e.status <> 'queued'
  ),
  counted as (
    insert into notification_counts as c (app_id, template_id, platform, day, status, count)
    select app_id, form_id, platform, (at at time zone 'Asia/Shanghai')::date as day, status, sum(by)
    from (
      select app_id, form_id, platform, at, status, 1 as by from ended where status <> 'queued'
      union all
      select app_id, form_id, platform, was_at, was, -1 from ended where was is not null
    ) each group by 1, 2, 3, 4, 5 order by 1, 2, 4, 3, 5
    on conflict (app_id, template_id, day, platform, status) do update set count = c.count + excluded.count
  )
  select e.id, e.status, e.broadcast_id as "broadcastId" from ended e`);
