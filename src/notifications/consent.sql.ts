import { statement } from '../database/database.js';
import type { ConsentKind } from '../platforms/message-platform.js';

/** A consent as it is locked. */
export interface ConsentRow extends Record<string, unknown> {
  templateId: string;
  openid: string;
  kind: ConsentKind;
  granted: number;
  claimed: number;
  reserved: number;
  subscribed: boolean;
}

const COUNTS = 'c.template_id as "templateId", c.openid, c.kind, c.granted, c.claimed, c.reserved, c.subscribed';
const OF_CONSENT = (table: string, consent: string): string =>
  `${table}.app_id = $1 and ${table}.account_id = $2 and ${table}.template_id = ${consent}.template_id
      and ${table}.openid = ${consent}.openid`;

/** What the platform calls templates that messages of the app use. $2 platform  $3 its id of the program  $4 ids */
export const TEMPLATES = statement(`
  select t.key, m.kind, m.template_id as "templateId"
  from message_templates t cross join lateral (
    select t.platforms -> $2 ->> 'kind' as kind,
      coalesce(t.platforms -> $2 -> 'accounts' -> $3 ->> 'templateId', t.platforms -> $2 ->> 'templateId') as template_id
  ) m
  where t.app_id = $1 and m.template_id = any ($4::text[])
  order by t.id`);

/**
 * Locks consents, made if they are not there, in the order in which everybody locks them, and writes down the answers.
 * Each at most once. $2 account  $3 now  $4 templates  $5 openids  $6 kinds  $7 answers
 */
export const TAKE = statement(`
  insert into message_consents as c (app_id, account_id, answered_at, template_id, openid, kind, answer)
  select $1, $2, $3, t.template_id, t.openid, t.kind, t.answer
  from unnest($4::text[], $5::text[], $6::text[], $7::text[]) t (template_id, openid, kind, answer)
  order by t.template_id, t.openid
  on conflict (app_id, account_id, template_id, openid) do update
    set kind = excluded.kind, answer = excluded.answer, answered_at = excluded.answered_at
  returning ${COUNTS}`);

/**
 * What was told of one person's consents lately. $3 openid  $4 templates  $5 the last report counts if before that
 * $6 pushes since then may be what the report tells of  $7 a push since then: pushes grant
 */
export const LOOK = statement(`
  select t.template_id as "templateId",
    exists (
      select from message_accounts a where a.app_id = $1 and a.account_id = $2 and a.last_push_at > $7) as "isPushed",
    exists (
      select from message_consent_reports r
      where ${OF_CONSENT('r', 't')} and r.status = 'open' and r.reported_at > $5) as "isRepeat",
    exists (
      select from message_consent_reports r
      where ${OF_CONSENT('r', 't')} and r.status = 'open' and r.mode = 'claim') as "hasClaim",
    (select p.identity from message_consent_pushes p
      where ${OF_CONSENT('p', 't')} and p.effect = 'grant' and p.report_id is null and p.pushed_at > $6
      order by p.pushed_at limit 1) as "pushIdentity"
  from (select id as template_id, $3::text as openid from unnest($4::text[]) id) t`);

/**
 * Writes down reports that count, and the pushes that told of the same. $3 openid  $4 now  $5 templates  $6 ids  $7 modes
 * $8 statuses  $9 when they are dropped?  $10 identities of pushes?
 */
export const REPORT = statement(`
  with told as (
    select * from unnest($5::text[], $6::text[], $7::text[], $8::text[], $9::timestamptz[], $10::text[])
      t (template_id, id, mode, status, drop_at, identity)
  ),
  matched as (
    update message_consent_pushes p set report_id = t.id
    from told t where p.app_id = $1 and p.account_id = $2 and p.identity = t.identity
  )
  insert into message_consent_reports
    (app_id, id, account_id, template_id, openid, mode, status, reported_at, drop_at)
  select $1, t.id, $2, t.template_id, $3, t.mode, t.status, $4, t.drop_at from told t`);

/**
 * Moves consents that are locked, each at most once, with an entry for each. $3 now  $4 templates  $5 openids  $6 entry ids
 * $7 kinds of entries  $8 granted  $9 claimed  $10 subscribed: 1, 0 or null  $11 reasons  $12 notifications?
 */
export const MOVE = statement(`
  with moves as (
    select * from unnest($4::text[], $5::text[], $6::text[], $7::text[], $8::integer[], $9::integer[], $10::integer[],
      $11::text[], $12::text[])
      m (template_id, openid, id, kind, granted, claimed, subscribed, reason, notification_id)
  ),
  moved as (
    update message_consents c
    set granted = c.granted + m.granted, claimed = c.claimed + m.claimed,
      subscribed = coalesce(m.subscribed = 1, c.subscribed)
    from moves m where ${OF_CONSENT('c', 'm')}
    returning ${COUNTS}
  ),
  entered as (
    insert into message_consent_entries
      (app_id, id, account_id, template_id, openid, kind, granted, claimed, reason, notification_id, created_at)
    select $1, m.id, $2, m.template_id, m.openid, m.kind, m.granted, m.claimed, m.reason, m.notification_id, $3
    from moves m
  )
  select * from moved`);

/**
 * Notes a push once. No row: it was there. $3 identity  $4 template  $5 openid  $6 effect  $7 report?  $8 when it happened
 * $9 when it came
 */
export const KEEP_PUSH = statement(`
  insert into message_consent_pushes
    (app_id, account_id, identity, template_id, openid, effect, report_id, happened_at, pushed_at)
  values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
  on conflict (app_id, account_id, identity) do nothing
  returning identity`);

/** What happened after a moment, though its push came before: acceptances, and takings back. $3 template  $4 openid  $5 moment */
export const LATER_PUSHES = statement(`
  select count(*) filter (where effect = 'grant')::integer as grants,
    count(*) filter (where effect = 'void')::integer as voids
  from message_consent_pushes
  where app_id = $1 and account_id = $2 and template_id = $3 and openid = $4 and effect <> 'none' and happened_at > $5`);

/** Whether a push is known. $3 identity */
export const FIND_PUSH = statement(`
  select from message_consent_pushes where app_id = $1 and account_id = $2 and identity = $3`);

/**
 * The report of what a push tells: the oldest that waits, reported not long before the push came ($5), or about when it
 * happened ($6 to $7), however late the push. Then also a claim that was dropped after it had let a message through: what
 * the push grants is spent.
 */
export const FIND_REPORT = statement(`
  select id, mode, notification_id as "notificationId"
  from message_consent_reports
  where app_id = $1 and account_id = $2 and template_id = $3 and openid = $4
    and (status = 'open' or (status = 'dropped' and notification_id is not null))
    and ((status = 'open' and reported_at > $5) or reported_at between $6 and $7)
  order by status = 'dropped', reported_at, id limit 1`);

export interface ReportRow extends Record<string, unknown> {
  id: string;
  mode: 'grant' | 'claim';
  notificationId: string | null;
}

/** $2 report */
export const MATCH = statement(`
  update message_consent_reports set status = 'matched', drop_at = null where app_id = $1 and id = $2`);

/** No push will prove these any more. $3 template  $4 openid */
export const DROP_ALL = statement(`
  update message_consent_reports set status = 'dropped', notification_id = null
  where app_id = $1 and account_id = $2 and template_id = $3 and openid = $4 and status = 'open'`);

/** Marks an account as one whose pushes arrive; only now and then, because all pushes would wait for the one row. */
export const PUSHED = statement(`
  insert into message_accounts as a (app_id, account_id, last_push_at)
  select $1, $2, $3
  where not exists (
    select from message_accounts where app_id = $1 and account_id = $2 and last_push_at > $3::timestamptz - interval '10 minutes')
  on conflict (app_id, account_id) do update set last_push_at = greatest(a.last_push_at, excluded.last_push_at)`);
