import { statement } from '../database/database.js';
import { BUSINESS_NOW_SQL } from '../payments/merchant-lanes.js';
import { HOLD_USER } from '../tenancy/payers.js';
import { LIVE_STATUSES } from './moves.js';
import { snake, SUBSCRIPTION_CHANGES, subscriptionColumns } from './rows.js';

const LIVE_SQL = LIVE_STATUSES.map((status) => `'${status}'`).join(', ');

/** No row: the user is no longer there. The last value is the protocol time. */
export const INSERT_SUBSCRIPTION = statement(`
  insert into subscriptions as s
    (app_id, id, user_id, product_id, price_id, quantity, platform, platform_account_id, renewal, status, time_zone,
     anchor, period_number, current_period_start, current_period_end, trial_end, metadata, next_at, created_at, updated_at)
  select $1, $2, $3, $4, $5, $6, $7, $8, $9, 'incomplete', $10, $11, $12, $11, $13, $14, $15::jsonb, $16, $17, $17
  where exists (${HOLD_USER('$1', '$3')})
  returning ${subscriptionColumns('s')}`);

/** Whoever changes a subscription, its invoices or its mandates does this first. */
export const LOCK_SUBSCRIPTION = statement(`
  select ${subscriptionColumns('s')} from subscriptions s where s.app_id = $1 and s.id = $2 for update`);

export const FIND_SUBSCRIPTION = statement(`
  select ${subscriptionColumns('s')} from subscriptions s where s.app_id = $1 and s.id = $2`);

/** $2 user?  $3 before (id)?  $4 status?  $5 product?  $6 at most */
export const LIST_SUBSCRIPTIONS = statement(`
  select ${subscriptionColumns('s')} from subscriptions s
  where s.app_id = $1 and ($2::text is null or s.user_id = $2) and ($3::text is null or s.id < $3)
    and ($4::text is null or s.status = $4) and ($5::text is null or s.product_id = $5)
  order by s.id desc limit $6`);

/** Two subscriptions to one product do not become live at once. $1 app  $2 user  $3 product */
export const TAKE_PLACE = statement(`
  select pg_advisory_xact_lock(hashtextextended($1 || '/' || $2 || '/' || $3, 2))`);

/** Also one that is to change to the product: it must find the place free then. $2 user  $3 product  $4 not that one */
export const FIND_LIVE = statement(`
  select s.id from subscriptions s
  where s.app_id = $1 and s.user_id = $2 and s.id <> $4 and s.status in (${LIVE_SQL})
    and (s.product_id = $3 or exists (
      select from prices p where p.app_id = $1 and p.id = s.pending_change ->> 'priceId' and p.product_id = $3))`);

/** Whether the user has had a trial of the product, or paid for it, before. $2 user  $3 product */
export const HAS_TRIED = statement(`
  select 1 as tried from subscriptions
  where app_id = $1 and user_id = $2 and product_id = $3
    and (status in (${LIVE_SQL})
      or (status = 'canceled' and (periods_billed > 0 or (trial_end is not null and period_number < 0))))
  limit 1`);

/** Those of a user that can still cost money. */
export const OPEN_OF_USER = statement(`
  select ${subscriptionColumns('s')} from subscriptions s
  where s.app_id = $1 and s.user_id = $2 and s.status in ('incomplete', ${LIVE_SQL}) order by s.id`);

const casts: Readonly<Record<string, string>> = { pendingChange: '::jsonb' };

/** $3 from these statuses  $4 now  $5 raised by  $6… the columns of SUBSCRIPTION_CHANGES. */
export const SAVE_SUBSCRIPTION = statement(`
  update subscriptions s set ${SUBSCRIPTION_CHANGES.map(
    (name, index) => `${snake(name)} = $${index + 6}${casts[name] ?? ''}`,
  ).join(', ')}, sequence = s.sequence + $5, updated_at = $4
  where s.app_id = $1 and s.id = $2 and s.status = any ($3::text[])
  returning ${subscriptionColumns('s')}`);

/** For an event that comes with no change of the subscription's status. */
export const RAISE_SUBSCRIPTION = statement(`
  update subscriptions set sequence = sequence + 1, updated_at = $3 where app_id = $1 and id = $2 returning sequence`);

/**
 * Takes due ones for as long as a step lasts; an array, as a plan that did not know how few they are would read all rows.
 *
 * $2 business now  $3 until then  $4 at most
 */
export const CLAIM_SUBSCRIPTIONS = statement(`
  update subscriptions set next_at = $3
  where app_id = $1 and id = any (array(
    select id from subscriptions where app_id = $1 and next_at <= $2
    order by next_at, id limit $4 for update skip locked))
  returning id`);

/** Apps with something due, the most overdue first; each is asked for its earliest row, by index. $1 now  $2 at most */
export const BILLING_APPS = statement(`
  select p.id as "appId", p.id as lane
  from apps p cross join lateral (
    select least(
      (select s.next_at from subscriptions s where s.app_id = p.id and s.next_at <= ${BUSINESS_NOW_SQL}
        order by s.next_at limit 1),
      (select i.next_at from invoices i where i.app_id = p.id and i.next_at <= ${BUSINESS_NOW_SQL}
        order by i.next_at limit 1)) as at) first
  where first.at is not null
  order by first.at - p.clock_offset * interval '1 millisecond' limit $2`);

/** When an app has something to do next (business time), if ever. */
export const NEXT_BILLING = statement(`
  select least(
    (select min(next_at) from subscriptions where app_id = $1 and next_at is not null),
    (select min(next_at) from invoices where app_id = $1 and next_at is not null)) as at`);

/** An app as the transaction sees it: no other connection is asked meanwhile. */
export const APP_RECORD = statement(`
  select id, mode, clock_offset::float8 as "clockOffset" from apps where id = $1`);
