import { statement, type Statement } from '../database/database.js';
import { EVENT_COLUMNS } from '../events/announce.js';
import { DELIVERED, SETTLE_HOURS } from './lanes.js';
import { IN_FLIGHT } from './message-window.js';
import { afterQuietSql } from './quiet-hours.js';

/**
 * Accounts with due messages, the most overdue first, one step per account in the index of what waits: the cost follows
 * what is due, not what exists. What this finds may be on its way already. $1 now  $2 at most
 */
export const DUE = statement(`
  with recursive first as (
    (select app_id, account_id from notifications where due_at is not null order by app_id, account_id limit 1)
    union all
    select n.app_id, n.account_id
    from first cross join lateral (
      select app_id, account_id from notifications
      where due_at is not null and (app_id, account_id) > (first.app_id, first.account_id)
      order by app_id, account_id limit 1
    ) n
  )
  select f.app_id as "appId", f.account_id as lane
  from first f join apps p on p.id = f.app_id
    left join message_accounts m on m.app_id = f.app_id and m.account_id = f.account_id
    cross join lateral (
      select min(d.at) as at from (values (0::smallint), (1::smallint), (2::smallint)) of (priority)
        cross join lateral (
          select n.due_at - p.clock_offset * interval '1 millisecond' as at from notifications n
          where n.app_id = f.app_id and n.account_id = f.account_id and n.priority = of.priority
            and n.due_at <= $1::timestamptz + p.clock_offset * interval '1 millisecond'
            and (n.leased_until is null or n.leased_until <= $1)
          order by n.due_at limit 1) d
    ) due
  where due.at is not null and (m.paused_until is null or m.paused_until <= $1)
  order by due.at limit $2`);

/** What the lane has to know of its account; no row: nobody has set anything. */
export const ACCOUNT = statement(`
  select rate_limit as "rateLimit", paused_until as "pausedUntil" from message_accounts
  where app_id = $1 and account_id = $2`);

/**
 * A person gets one message at a time, the most urgent first. Of `n`; $3 business now  $4 now. With `offset` it is looked up
 * per row by the person: as a join, which statistics of a short queue suggest, it reads the whole queue for each.
 */
const IS_NEXT_OF_PERSON = `not exists (
  select from notifications o
  where o.app_id = $1 and o.account_id = $2 and o.openid = n.openid and (o.due_at is not null or o.settle_at is not null)
    and coalesce(o.due_at, 'infinity') <= $3 and o.id <> n.id
    and (o.leased_until > $4 or (o.priority, o.due_at, o.id) < (n.priority, n.due_at, n.id)) offset 0)`;

const FREE = `(n.leased_until is null or n.leased_until <= $4)`;
const isOver = (row: string): string => `${row}.verdict in ('unknown', 'sent', 'expired', 'refused')`;
const isSent = (row: string): string => `${row}.verdict in ('grant', 'claim', 'subscription')`;
const COUNTED = `(k.verdict in ('grant', 'claim') or (k.verdict = 'sent' and k.reservation in ('grant', 'claim') and k.openid is not null))`;

/**
 * Takes due messages and what they need of their consents, in one step: what this gives is handed to the platform next.
 * Messages whose lease has passed without a result are not given: nobody knows whether they were sent, unless the platform
 * has pushed that they were. Those without
 * consent are refused, or go on to their next account; those in quiet hours wait. A claim that was reported while its
 * consent's lock was waited for is counted in the consent and not to be seen among the reports: its message stays for the
 * next round (`again`).
 *
 * `greatest`: of a row that was changed while its lock was waited for, Postgres also tries the constraints on the version
 * from before, which may have had nothing to take.
 *
 * Rows are looked up one by one, by keys (`lateral … limit 1`, `coalesce`): a queue is short whenever its statistics are
 * gathered, and as a join the whole of it is read. What is updated takes the whole key from its row for that: of an app with
 * one message, so the statistics, all messages are as quickly read as one (0030).
 *
 * `most` stands in the text: of a limit that is a parameter Postgres expects so much that it plans this anew each time,
 * which takes as long as to run it.
 *
 * $1 app  $2 account  $3 business now  $4 now  $5 lease  $6 at most (up to `most`)  $7 ids of entries  $8 ids of events
 * (as many)
 */
const claiming = (most: number): Statement =>
  statement(`
  with candidates as materialized (
    select d.id from (values (0::smallint), (1::smallint), (2::smallint)) p (priority)
      cross join lateral (
        select n.id, n.priority, n.due_at from notifications n
        where n.app_id = $1 and n.account_id = $2 and n.priority = p.priority and n.due_at <= $3 and ${FREE}
          and ${IS_NEXT_OF_PERSON}
        order by n.due_at limit ${most}
      ) d
    order by d.priority, d.due_at limit $6
  ),
  locked as materialized (
    select n.app_id, n.id, n.openid, n.platform_template_id, n.routes, n.reservation,
      case
        when n.leased_until is not null then case when n.reason = '${DELIVERED}' then 'sent' else 'unknown' end
        when n.expires_at <= $3 then 'expired'
        when n.quiet_hours is not null and ${afterQuietSql('$3::timestamptz', 'n.quiet_hours')} > $3 then 'quiet'
      end as verdict
    from candidates cross join lateral (
      select n.* from notifications n
      where n.app_id = $1 and n.id = candidates.id and coalesce(n.due_at, 'infinity') <= $3 and ${FREE}
      limit 1 for update skip locked) n
    where not exists (
      select from message_accounts a where a.app_id = $1 and a.account_id = $2 and a.paused_until > $4)
  ),
  consents as materialized (
    select c.template_id, c.openid, c.subscribed, c.granted, c.claimed, c.blocked_until
    from (select platform_template_id, openid from locked where verdict is null order by 1, 2) l
      cross join lateral (
        select c.* from message_consents c
        where c.app_id = $1 and c.account_id = $2 and c.template_id = l.platform_template_id and c.openid = l.openid
        limit 1 for update) c
  ),
  claims as materialized (
    select c.template_id, c.openid, r.id
    from consents c cross join lateral (
      select o.id from message_consent_reports o
      where o.app_id = $1 and o.account_id = $2 and o.template_id = c.template_id and o.openid = c.openid
        and o.status = 'open' and o.mode = 'claim' and o.notification_id is null
      order by o.reported_at, o.id limit 1 for update) r
    where not c.subscribed and c.granted = 0 and c.claimed > 0
  ),
  chosen as materialized (
    select l.app_id, l.id, l.openid, l.platform_template_id, l.routes, l.reservation, c.blocked_until, w.id as report_id,
      row_number() over ()::int as at,
      case
        when l.verdict is not null then l.verdict
        when c.blocked_until > $4 then 'blocked'
        when c.subscribed then 'subscription'
        when c.granted > 0 then 'grant'
        when w.id is not null then 'claim'
        when c.claimed > 0 then 'again'
        when jsonb_array_length(l.routes) > 0 then 'elsewhere'
        else 'refused'
      end as verdict
    from locked l left join consents c on c.template_id = l.platform_template_id and c.openid = l.openid
      left join claims w on w.template_id = l.platform_template_id and w.openid = l.openid
  ),
  reserved as (
    update message_consents c set
      granted = greatest(0, c.granted - (k.verdict = 'grant')::int),
      claimed = greatest(0, c.claimed - (k.verdict = 'claim')::int),
      reserved = c.reserved + case k.verdict when 'sent' then -1 else 1 end
    from chosen k
    where c.app_id = $1 and c.account_id = $2 and c.template_id = k.platform_template_id and c.openid = k.openid
      and ${COUNTED}
  ),
  consumed as (
    update message_consent_reports r set notification_id = k.id
    from chosen k
    where k.verdict = 'claim' and r.app_id = $1 and r.id = k.report_id
    returning r.id, r.notification_id
  ),
  noted as (
    insert into message_consent_entries
      (app_id, id, account_id, template_id, openid, kind, granted, claimed, reserved, reason, notification_id, created_at)
    select $1, ($7::text[])[k.at], $2, k.platform_template_id, k.openid,
      case k.verdict when 'sent' then 'used' else 'reserved' end, -(k.verdict = 'grant')::int, -(k.verdict = 'claim')::int,
      case k.verdict when 'sent' then -1 else 1 end, case k.verdict when 'sent' then 'sent' else 'sending' end, k.id, $4
    from chosen k where ${COUNTED}
  ),
  moved as (
    update notifications n set
      status = case when ${isOver('k')} then k.verdict else n.status end,
      reason = case k.verdict
        when 'unknown' then 'lost' when 'refused' then 'no_consent' when 'expired' then null when 'sent' then null else n.reason
      end,
      due_at = case
        when ${isOver('k')} then null
        when k.verdict = 'quiet' then least(${afterQuietSql('$3::timestamptz', 'n.quiet_hours')}, n.expires_at)
        when k.verdict = 'blocked' then least($3::timestamptz + (k.blocked_until - $4::timestamptz), n.expires_at)
        else n.due_at
      end,
      leased_until = case when ${isSent('k')} then $5::timestamptz end,
      reservation = case
        when ${isSent('k')} then k.verdict
        when k.verdict = 'unknown' then n.reservation
      end,
      settle_at = case
        when k.verdict = 'unknown' then $3::timestamptz + interval '${SETTLE_HOURS} hours'
      end,
      account_id = case when k.verdict = 'elsewhere' then k.routes->0->>'accountId' else n.account_id end,
      platform = case when k.verdict = 'elsewhere' then k.routes->0->>'platform' else n.platform end,
      openid = case when k.verdict = 'elsewhere' then k.routes->0->>'openid' else n.openid end,
      platform_template_id =
        case when k.verdict = 'elsewhere' then k.routes->0->>'templateId' else n.platform_template_id end,
      routes = case when k.verdict = 'elsewhere' then k.routes - 0 else n.routes end,
      sequence = n.sequence + (${isOver('k')})::int,
      sent_at = case when k.verdict = 'sent' then $3::timestamptz else n.sent_at end,
      ended_at = case when ${isOver('k')} then $3::timestamptz end
    from chosen k
    where n.app_id = k.app_id and n.id = k.id and k.at > 0 and k.verdict <> 'again'
    returning n.*, k.verdict, k.at
  ),
  told as (
    insert into events (${EVENT_COLUMNS})
    select $1, ($8::text[])[m.at], 'notification.' || m.status, 'notification', m.id, m.sequence, 'notification', m.id,
      jsonb_build_object('notificationId', m.id, 'userId', m.user_id, 'template', t.key, 'broadcastId', m.broadcast_id,
        'platform', m.platform, 'status', m.status, 'reason', m.reason, 'platformCode', null)
    from moved m join message_templates t on t.app_id = $1 and t.id = m.template_id
    where ${isOver('m')}
  ),
  counted as (
    insert into notification_counts as c (app_id, template_id, platform, day, status, count)
    select $1, m.template_id, m.platform, ($3::timestamptz at time zone 'Asia/Shanghai')::date, m.status, count(*)
    from moved m where ${isOver('m')} group by m.template_id, m.platform, m.status order by 2, 3, 5
    on conflict (app_id, template_id, day, platform, status) do update set count = c.count + excluded.count
  )
  select m.verdict, m.id, m.account_id as "accountId", m.platform, m.openid, m.template_id as "templateId",
    m.platform_template_id as "platformTemplateId", m.data, m.page, m.broadcast_id as "broadcastId", m.tries,
    m.priority, m.send_at as "sendAt", r.id as "reportId"
  from moved m left join consumed r on r.notification_id = m.id
  order by m.priority, m.due_at`);

/** A few sizes, so that hardly more are looked for than are taken. */
const CLAIMS = [8, 16, 40, IN_FLIGHT].map((most) => ({ most, claim: claiming(most) }));

/** The claim of up to `count` messages, which are no more than IN_FLIGHT. */
export const claimOf = (count: number): Statement => CLAIMS.find(({ most }) => most >= count)!.claim;

/** When the account's next message that nobody has on its way may go out (business time). $3 business now  $4 now */
export const NEXT = statement(`
  select min(d.due_at) as at from (values (0::smallint), (1::smallint), (2::smallint)) p (priority)
    cross join lateral (
      select n.due_at from notifications n
      where n.app_id = $1 and n.account_id = $2 and n.priority = p.priority and n.due_at < 'infinity' and ${FREE}
        and (n.due_at > $3 or ${IS_NEXT_OF_PERSON})
      order by n.due_at limit 1) d`);
