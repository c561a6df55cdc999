import type { Invariant } from '../common/invariant.js';

const ours = (table: string): string => `($1::text is null or ${table}.app_id = $1)`;
/** A consent has no id of its own. */
const NAMED = `c.app_id, c.account_id || '/' || c.template_id || '/' || c.openid as id`;
const ofConsent = (table: string): string =>
  `${table}.app_id = c.app_id and ${table}.account_id = c.account_id and ${table}.template_id = c.template_id
          and ${table}.openid = c.openid`;

/** What the rows of consents promise. That no count is negative the database itself enforces. */
export const CONSENT_INVARIANTS: readonly Invariant[] = [
  {
    name: 'the counts of a consent are the sums of its entries',
    sql: `select ${NAMED} from message_consents c
      cross join lateral (
        select coalesce(sum(e.granted), 0) as granted, coalesce(sum(e.claimed), 0) as claimed,
          coalesce(sum(e.reserved), 0) as reserved
        from message_consent_entries e where ${ofConsent('e')}) sums
      where ${ours('c')} and (c.granted <> sums.granted or c.claimed <> sums.claimed or c.reserved <> sums.reserved)`,
  },
  {
    name: 'every entry is of a consent',
    sql: `select e.app_id, e.id from message_consent_entries e
      where ${ours('e')} and not exists (select from message_consents c where ${ofConsent('e')})`,
  },
  {
    name: 'what is claimed of a consent is what open reports claim that no message has used',
    sql: `select ${NAMED} from message_consents c
      where ${ours('c')} and c.claimed <> (
        select count(*) from message_consent_reports r
        where ${ofConsent('r')} and r.status = 'open' and r.mode = 'claim' and r.notification_id is null)`,
  },
  {
    name: 'a consent has at most one claim at a time, which has an end',
    sql: `select ${NAMED} from message_consent_reports c
      where ${ours('c')} and c.status = 'open' and c.mode = 'claim'
      group by c.app_id, c.account_id, c.template_id, c.openid
      having count(*) > 1 or bool_or(c.drop_at is null)`,
  },
  {
    name: 'what is reserved of a consent is what its messages hold',
    // Only what holds something is read: no index leads from a consent to all of its messages.
    sql: `select ${NAMED} from message_consents c
        left join (
          select n.app_id, n.account_id, n.platform_template_id as template_id, n.openid, count(*) as messages
          from notifications n where ${ours('n')} and n.reservation in ('grant', 'claim') group by 1, 2, 3, 4
        ) held on ${ofConsent('held')}
      where ${ours('c')} and c.reserved <> coalesce(held.messages, 0)`,
  },
  {
    name: 'a push and a report that are matched know of each other once',
    sql: `select p.app_id, p.account_id || '/' || min(p.identity) as id from message_consent_pushes p
      where ${ours('p')} and p.report_id is not null
      group by p.app_id, p.account_id, p.report_id
      having count(*) > 1`,
  },
];
