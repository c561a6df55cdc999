import type { Invariant } from '../common/invariant.js';

const ours = (table: string): string => `($1::text is null or ${table}.app_id = $1)`;

/** Whether the app still has every event of the payment: old ones are forgotten after EVENT_RETENTION_DAYS. */
const hasAllEvents = (payment: string): string =>
  `${payment}.created_at > (
        select o.created_at from events o where o.app_id = ${payment}.app_id order by o.id limit 1)`;

export const PAYMENT_INVARIANTS: readonly Invariant[] = [
  {
    name: 'a payment is succeeded exactly when one attempt of its amount is kept',
    sql: `select p.app_id, p.id from payments p
      left join payment_attempts a on a.app_id = p.app_id and a.payment_id = p.id and a.kept
      where ${ours('p')}
        and ((p.status = 'succeeded') <> coalesce(a.status = 'succeeded', false)
          or (p.status = 'succeeded' and (a.amount_paid <> p.amount or p.amount_paid <> p.amount)))`,
  },
  {
    name: 'every attempt that brought money is in the books once, and no other is',
    sql: `select a.app_id, a.id from payment_attempts a
      left join transfers t on t.app_id = a.app_id and t.cause_id = a.id
      where ${ours('a')}
      group by a.app_id, a.id, a.status, a.kept, a.amount
      having count(t.id) <> (a.status = 'succeeded')::int
        or bool_or(t.id is not null and (t.amount <> a.amount
          or t.credit_account <> case when a.kept then 'sales' else 'unexpected' end))`,
  },
  {
    name: 'money that nobody waited for is being given back in full',
    sql: `select a.app_id, a.id from payment_attempts a
      where ${ours('a')} and a.status = 'succeeded' and not a.kept
        and not exists (
          select from refunds r where r.app_id = a.app_id and r.attempt_id = a.id and r.source = 'automatic'
            and r.amount = a.amount)`,
  },
  {
    name: 'what is reserved and refunded of an attempt is what its refunds say, and never more than was paid',
    sql: `select a.app_id, a.id from payment_attempts a
      left join refunds r on r.app_id = a.app_id and r.attempt_id = a.id
      where ${ours('a')}
      group by a.app_id, a.id, a.amount_paid, a.amount_reserved, a.amount_refunded
      having a.amount_reserved <> coalesce(sum(r.amount) filter (where r.status not in ('failed', 'rejected')), 0)
        or a.amount_refunded <> coalesce(sum(r.amount) filter (where r.status = 'succeeded'), 0)
        or a.amount_reserved > a.amount_paid`,
  },
  {
    name: 'what a payment gave back is what the attempt that it kept gave back',
    sql: `select p.app_id, p.id from payments p
      left join payment_attempts a on a.app_id = p.app_id and a.payment_id = p.id and a.kept
      where ${ours('p')} and p.amount_refunded <> coalesce(a.amount_refunded, 0)`,
  },
  {
    name: 'every refund that succeeded is in the books once, and no other is',
    sql: `select r.app_id, r.id from refunds r
      join payment_attempts a on a.app_id = r.app_id and a.id = r.attempt_id
      left join transfers t on t.app_id = r.app_id and t.cause_id = r.id
      where ${ours('r')}
      group by r.app_id, r.id, r.status, r.amount, a.kept
      having count(t.id) <> (r.status = 'succeeded')::int
        or bool_or(t.id is not null and (t.amount <> r.amount
          or t.debit_account <> case when a.kept then 'refunds' else 'unexpected' end))`,
  },
  {
    name: 'the events of a payment count from 1 (or the oldest that is kept) without gaps, up to its sequence',
    sql: `select p.app_id, p.id from payments p
      left join events e on e.app_id = p.app_id and e.stream_type = 'payment' and e.stream_id = p.id
      where ${ours('p')}
      group by p.app_id, p.id, p.sequence
      having coalesce(min(e.sequence) > 1 or count(e.id) = 0, true) and ${hasAllEvents('p')}
        or max(e.sequence) <> p.sequence or count(e.id) <> max(e.sequence) - min(e.sequence) + 1
        or count(distinct e.sequence) <> count(e.id)`,
  },
  {
    name: 'the status of a payment was announced once, and no other end was',
    sql: `select p.app_id, p.id from payments p
      join events e on e.app_id = p.app_id and e.stream_type = 'payment' and e.stream_id = p.id
      where ${ours('p')} and ${hasAllEvents('p')}
      group by p.app_id, p.id, p.status
      having count(*) filter (where e.type = 'payment.created') <> 1
        or count(*) filter (where e.type = 'payment.succeeded') <> (p.status = 'succeeded')::int
        or count(*) filter (where e.type = 'payment.closed') <> (p.status = 'closed')::int
        or count(*) filter (where e.type = 'payment.failed') <> (p.status = 'failed')::int`,
  },
  {
    name: 'the status of a refund was announced once, and no other end was, unless it succeeded after all',
    sql: `select r.app_id, r.id from refunds r
      join events e on e.app_id = r.app_id and e.stream_type = 'payment' and e.stream_id = r.payment_id and e.object_id = r.id
      where ${ours('r')} and ${hasAllEvents('r')}
      group by r.app_id, r.id, r.status
      having count(*) filter (where e.type = 'refund.created') <> 1
        or count(*) filter (where e.type = 'refund.succeeded') <> (r.status = 'succeeded')::int
        or (r.status <> 'succeeded' and (count(*) filter (where e.type = 'refund.failed') <> (r.status = 'failed')::int
          or count(*) filter (where e.type = 'refund.rejected') <> (r.status = 'rejected')::int))`,
  },
  {
    name: 'a payment has failed exactly when it is a debit that ended without money, and says why',
    sql: `select p.app_id, p.id from payments p
      left join payment_attempts a on a.app_id = p.app_id and a.payment_id = p.id and a.mandate ->> 'kind' = 'debit'
      where ${ours('p')} and ((p.status = 'failed') <> (p.failure_code is not null)
        or (p.status = 'failed' and a.id is null)
        or (a.id is not null and case p.status
          when 'pending' then a.status not in ('created', 'pending', 'unknown')
          when 'succeeded' then a.kept is not true
          when 'failed' then a.kept is true or a.status in ('created', 'pending', 'unknown')
          else true end))`,
  },
  {
    name: 'a debit is the only attempt of its payment, and somebody hears how it ends',
    sql: `select p.app_id, p.id from payments p
      join payment_attempts a on a.app_id = p.app_id and a.payment_id = p.id
      where ${ours('p')}
      group by p.app_id, p.id, p.is_heard
      having bool_or(a.mandate ->> 'kind' = 'debit') and (count(*) > 1 or not p.is_heard)`,
  },
  {
    name: 'whatever is open has a next time at which somebody looks, and what was paid has none',
    sql: `select a.app_id, a.id from payment_attempts a
      where ${ours('a')} and case when a.check_at is null then a.status in ('created', 'pending', 'unknown')
        else a.status = 'succeeded' end
      union all
      select r.app_id, r.id from refunds r
      where ${ours('r')} and (r.status in ('requested', 'pending', 'action_required')) <> (r.check_at is not null)`,
  },
  {
    name: 'a payment that is being closed waits for an attempt',
    sql: `select p.app_id, p.id from payments p
      where ${ours('p')} and p.status in ('created', 'pending') and p.closing_since is not null
        and not exists (
          select from payment_attempts a where a.app_id = p.app_id and a.payment_id = p.id
            and a.status in ('created', 'pending', 'unknown'))`,
  },
];
