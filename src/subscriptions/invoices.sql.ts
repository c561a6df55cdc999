import { statement } from '../database/database.js';
import { INVOICE_CHANGES, invoiceColumns, snake } from './rows.js';

/**
 * An open invoice with its number, which no other of the app has; none is left out. No row: the period has one already.
 *
 * $1 app  $2 id  $3 subscription  $4 user  $5 kind  $6 amount  $7 credit used  $8 lines  $9 from  $10 to  $11 grace until?
 * $12 notice at?  $13 collect from?  $14 collect until?  $15 next action?  $16 next at?  $17 business now  $18 now
 */
export const INSERT_INVOICE = statement(`
  with numbered as (
    insert into invoice_numbers as n (app_id, last)
    select $1, 1
    where $5::text <> 'period' or not exists (
      select from invoices where app_id = $1 and subscription_id = $3 and period_start = $9::timestamptz
        and kind = 'period' and status <> 'void')
    on conflict (app_id) do update set last = n.last + 1
    returning last
  )
  insert into invoices as i
    (app_id, id, subscription_id, user_id, number, kind, status, amount, currency, credit_used, lines, period_start,
     period_end, grace_until, notice_at, collect_from, collect_until, next_action, next_at, opened_at, created_at,
     updated_at)
  select $1, $2, $3, $4, last, $5, 'open', $6::bigint, 'CNY', $7::bigint, $8::jsonb, $9::timestamptz, $10::timestamptz,
    $11::timestamptz, $12::timestamptz, $13::timestamptz, $14::timestamptz, $15::text, $16::timestamptz, $17, $18, $18
  from numbered
  returning ${invoiceColumns('i')}`);

export const FIND_INVOICE = statement(
  `select ${invoiceColumns('i')} from invoices i where i.app_id = $1 and i.id = $2`,
);

/** That which a payment pays, or was to pay. */
export const FIND_PAID_INVOICE = statement(`
  select ${invoiceColumns('i')} from invoices i where i.app_id = $1 and i.payment_id = $2`);

/** The invoice of a subscription's period. $3 period start */
export const FIND_OF_PERIOD = statement(`
  select ${invoiceColumns('i')} from invoices i
  where i.app_id = $1 and i.subscription_id = $2 and i.period_start = $3 and i.kind = 'period' and i.status <> 'void'`);

/** The newest change that was paid. $3 not before */
export const LAST_CHANGE = statement(`
  select ${invoiceColumns('i')} from invoices i
  where i.app_id = $1 and i.subscription_id = $2 and i.kind = 'change' and i.status = 'paid' and i.period_start >= $3
  order by i.id desc limit 1`);

export const OPEN_OF_SUBSCRIPTION = statement(`
  select ${invoiceColumns('i')} from invoices i
  where i.app_id = $1 and i.subscription_id = $2 and i.status = 'open' order by i.id`);

/** $2 user?  $3 subscription?  $4 before (id)?  $5 status?  $6 at most */
export const LIST_INVOICES = statement(`
  select ${invoiceColumns('i')} from invoices i
  where i.app_id = $1 and ($2::text is null or i.user_id = $2) and ($3::text is null or i.subscription_id = $3)
    and ($4::text is null or i.id < $4) and ($5::text is null or i.status = $5)
  order by i.id desc limit $6`);

/** $3 from these statuses  $4 now  $5… the columns of INVOICE_CHANGES. */
export const SAVE_INVOICE = statement(`
  update invoices i set ${INVOICE_CHANGES.map((name, index) => `${snake(name)} = $${index + 5}`).join(', ')},
    updated_at = $4
  where i.app_id = $1 and i.id = $2 and i.status = any ($3::text[])
  returning ${invoiceColumns('i')}`);

/**
 * Takes due ones for as long as a step lasts; an array, as a plan that did not know how few they are would read all rows.
 *
 * $2 business now  $3 until then  $4 at most
 */
export const CLAIM_INVOICES = statement(`
  update invoices set next_at = $3
  where app_id = $1 and id = any (array(
    select id from invoices where app_id = $1 and next_at <= $2
    order by next_at, id limit $4 for update skip locked))
  returning id`);
