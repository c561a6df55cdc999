import type { Invariant } from '../common/invariant.js';

const ours = (table: string): string => `($1::text is null or ${table}.app_id = $1)`;

/** Whether the app still has every event of the row: old ones are forgotten after EVENT_RETENTION_DAYS. */
const hasAllEvents = (row: string): string =>
  `${row}.created_at > (select o.created_at from events o where o.app_id = ${row}.app_id order by o.id limit 1)`;

export const SUBSCRIPTION_INVARIANTS: readonly Invariant[] = [
  {
    name: 'the lines of an invoice add up to its amount, unless they give something back',
    sql: `select i.app_id, i.id from invoices i
      cross join lateral (select coalesce(sum((l ->> 'amount')::bigint), 0) as total from jsonb_array_elements(i.lines) l) s
      where ${ours('i')} and i.amount <> greatest(s.total, 0)`,
  },
  {
    name: 'a paid invoice was paid by a payment of its amount, or there was nothing to pay',
    sql: `select i.app_id, i.id from invoices i
      left join payments p on p.app_id = i.app_id and p.id = i.payment_id
      where ${ours('i')} and i.status = 'paid'
        and case when i.amount = 0 then i.payment_id is not null
          else p.status is distinct from 'succeeded' or p.amount <> i.amount or p.reference <> i.id end`,
  },
  {
    name: 'nothing was paid for an invoice that is not paid',
    sql: `select i.app_id, i.id from invoices i
      join payments p on p.app_id = i.app_id and p.reference = i.id and p.is_heard
      where ${ours('i')} and i.status <> 'paid' and p.status = 'succeeded'`,
  },
  {
    name: 'the periods of a subscription that are billed do not overlap',
    sql: `select i.app_id, i.id from invoices i
      join invoices o on o.app_id = i.app_id and o.subscription_id = i.subscription_id and o.id <> i.id
        and o.kind = 'period' and o.status = 'paid'
        and o.period_start <= i.period_start and o.period_end > i.period_start
      where ${ours('i')} and i.kind = 'period' and i.status = 'paid' and i.period_end > i.period_start
        and not exists (
          select from invoices c where c.app_id = i.app_id and c.subscription_id = i.subscription_id
            and c.kind = 'change' and c.status = 'paid' and c.period_start between o.period_start and i.period_start)`,
  },
  {
    name: 'the numbers of invoices count from 1 without gaps',
    sql: `select i.app_id, max(i.id) as id from invoices i
      left join invoice_numbers n on n.app_id = i.app_id
      where ${ours('i')} and i.number is not null
      group by i.app_id, n.last
      having count(*) <> max(i.number) or min(i.number) <> 1 or n.last is distinct from max(i.number)`,
  },
  {
    name: 'the current period of an active subscription is paid',
    sql: `select s.app_id, s.id from subscriptions s
      where ${ours('s')} and s.status = 'active' and not exists (
        select from invoices i where i.app_id = s.app_id and i.subscription_id = s.id and i.status = 'paid'
          and i.period_end = s.current_period_end)`,
  },
  {
    name: 'whatever is to be done about a subscription has a time, and what is over has none',
    sql: `select s.app_id, s.id from subscriptions s
      where ${ours('s')} and case
        when s.status in ('incomplete', 'trialing', 'active') then s.next_at is null
        when s.status in ('canceled', 'incomplete_expired') then s.next_at is not null or
          (s.status = 'canceled') <> (s.ended_at is not null)
        else false end`,
  },
  {
    name: 'a subscription that is past due or unpaid has the open invoice of its period',
    sql: `select s.app_id, s.id from subscriptions s
      where ${ours('s')} and s.status in ('past_due', 'unpaid') and not exists (
        select from invoices i where i.app_id = s.app_id and i.subscription_id = s.id and i.kind = 'period'
          and i.status = 'open' and i.period_start = s.current_period_start
          and (s.status = 'unpaid' or i.next_at is not null))`,
  },
  {
    name: 'nothing more is collected for a subscription that is over',
    sql: `select i.app_id, i.id from invoices i
      join subscriptions s on s.app_id = i.app_id and s.id = i.subscription_id
      where ${ours('i')} and s.status in ('canceled', 'incomplete_expired') and i.status = 'open'
        and (i.next_at is not null or not exists (
          select from payments p where p.app_id = i.app_id and p.id = i.payment_id and p.status in ('created', 'pending')))
      union all
      select m.app_id, m.id from mandates m
      join subscriptions s on s.app_id = m.app_id and s.id = m.subscription_id
      where ${ours('m')} and s.status in ('canceled', 'incomplete_expired') and m.status = 'active'
        and m.termination_reason is null`,
  },
  {
    name: 'an entitlement of a subscription ends with what is paid, or with its grace',
    sql: `select e.app_id, e.source_id as id from entitlements e
      join subscriptions s on s.app_id = e.app_id and s.id = e.source_id
      where ${ours('e')} and e.source_type = 'subscription'
        and (e.expires_at is null or (s.status in ('trialing', 'active') and e.expires_at < s.current_period_end)
          or (s.status = 'canceled' and greatest(e.expires_at, e.grace_until) > greatest(s.ended_at, e.starts_at)))`,
  },
  {
    name: 'the events of a subscription count from 1 (or the oldest that is kept) without gaps, up to its sequence',
    sql: `select s.app_id, s.id from subscriptions s
      left join events e on e.app_id = s.app_id and e.stream_type = 'subscription' and e.stream_id = s.id
      where ${ours('s')}
      group by s.app_id, s.id, s.sequence
      having coalesce(min(e.sequence) > 1 or count(e.id) = 0, true) and ${hasAllEvents('s')}
        or max(e.sequence) <> s.sequence or count(e.id) <> max(e.sequence) - min(e.sequence) + 1
        or count(distinct e.sequence) <> count(e.id)`,
  },
  {
    name: 'the end of an invoice was announced once, and no other end was, unless it was paid after all',
    sql: `select i.app_id, i.id from invoices i
      join events e on e.app_id = i.app_id and e.stream_type = 'subscription' and e.stream_id = i.subscription_id
        and e.object_id = i.id
      where ${ours('i')} and ${hasAllEvents('i')}
      group by i.app_id, i.id, i.status
      having count(*) filter (where e.type = 'invoice.created') <> 1
        or count(*) filter (where e.type = 'invoice.paid') <> (i.status = 'paid')::int
        or (i.status <> 'paid' and (count(*) filter (where e.type = 'invoice.voided') <> (i.status = 'void')::int
          or count(*) filter (where e.type = 'invoice.uncollectible') <> (i.status = 'uncollectible')::int))`,
  },
];
