import { keepSettled } from '../callbacks/callback.sql.js';
import { statement } from '../database/database.js';
import { EVENT_COLUMNS } from '../events/announce.js';
import { ATTEMPT_MOVES, fromSql, PAYMENT_MOVES } from './moves.js';
import { attemptColumns, OPEN_SQL, paymentColumns } from './rows.js';

const CALLBACK = {
  app: '$1',
  id: '$15',
  account: '$16',
  platform: '$3',
  deduplicationKey: '$17',
  type: '$18',
  sealed: '$19',
  receivedAt: '$20',
};

/**
 * A whole settlement in one statement and one round trip: the attempt and its payment move, the books and the event are
 * written, what else is open is due to be closed, and the callback that told it (if one did) is kept. Gives no row when
 * anything is not as usual: the facts differ, it was settled before, or nobody waits for the money any more; nothing is
 * changed then, and `Settlement` looks closer.
 *
 * The payment is locked first, as everywhere: of two successes that come at once the second waits here and, when it goes
 * on, finds the payment's new status.
 *
 * $1 app  $2 number  $3 platform  $4 transaction  $5 amount  $6 currency  $7 merchant id?  $8 program's id?  $9 payer?
 * $10 paid at  $11 now  $12 transfer id  $13 event id  $14 business now
 * $15 callback id?  $16 account  $17 deduplication key  $18 type  $19 sealed  $20 received at
 * $21 whether the caller lets listeners act: without them a payment that is heard is left alone
 */
export const SETTLE = statement(`
  with target as materialized (
    select a.id as attempt_id, p.id as payment_id
    from payment_attempts a
      join payments p on p.app_id = $1 and p.id = a.payment_id
      join merchant_accounts m on m.app_id = $1 and m.id = a.merchant_account_id
      join platform_accounts g on g.app_id = $1 and g.id = a.platform_account_id
    where a.app_id = $1 and a.number = $2 and a.platform = $3 and a.amount = $5::bigint and a.currency = $6
      and a.status in (${fromSql(ATTEMPT_MOVES.settled)})
      and ($7::text is null or m.merchant_id = $7) and ($8::text is null or g.platform_app_id = $8)
      and ($9::text is null or a.payer in ($9, 'erased'))
      and ($16::text is null or $16 in (a.merchant_account_id, a.platform_account_id))
      and p.status in (${fromSql(PAYMENT_MOVES.settled)}) and ($21::boolean or not p.is_heard)
    for update of p
  ),
  attempt as (
    update payment_attempts a set status = '${ATTEMPT_MOVES.settled.to}', kept = true, amount_paid = a.amount,
      platform_transaction_id = $4, paid_at = $10, check_at = null, updated_at = $11
    from target
    where a.app_id = $1 and a.id = target.attempt_id and a.status in (${fromSql(ATTEMPT_MOVES.settled)})
    returning a.id, a.payment_id, a.platform, a.platform_account_id, a.merchant_account_id
  ),
  payment as (
    update payments p set status = '${PAYMENT_MOVES.settled.to}', amount_paid = p.amount, paid_at = $10,
      closing_since = null, close_reason = null, sequence = p.sequence + 1, updated_at = $11
    from attempt
    where p.app_id = $1 and p.id = attempt.payment_id and p.status in (${fromSql(PAYMENT_MOVES.settled)})
    returning p.id, p.user_id, p.amount, p.currency, p.reference, p.price_id, p.quantity, p.is_heard, p.sequence
  ),
  others as (
    update payment_attempts o set check_at = $14
    from attempt
    where o.app_id = $1 and o.payment_id = attempt.payment_id and o.id <> attempt.id and o.status in (${OPEN_SQL})
    returning o.merchant_account_id
  ),
  booked as (
    insert into transfers
      (app_id, id, debit_account, credit_account, amount, currency, source_type, source_id, cause_id, created_at)
    select $1, $12, 'clearing:' || attempt.platform || ':' || attempt.merchant_account_id, 'sales', payment.amount,
      payment.currency, 'payment', payment.id, attempt.id, $11
    from payment, attempt
  ),
  told as (
    insert into events (${EVENT_COLUMNS})
    select $1, $13, 'payment.succeeded', 'payment', payment.id, payment.sequence, 'payment', payment.id,
      jsonb_build_object('paymentId', payment.id, 'userId', payment.user_id, 'amount', payment.amount,
        'currency', payment.currency, 'reference', payment.reference, 'status', 'succeeded',
        'attemptId', attempt.id, 'platform', attempt.platform, 'platformTransactionId', $4::text)
    from payment, attempt
  ),
  kept as (${keepSettled(CALLBACK, 'payment.id', 'payment where $15::text is not null')}
  )
  select payment.id, payment.user_id as "userId", payment.amount::float8 as amount, payment.reference,
    payment.price_id as "priceId", payment.quantity, payment.is_heard as "isHeard", attempt.id as "attemptId",
    attempt.platform, attempt.platform_account_id as "platformAccountId",
    array(select merchant_account_id from others) as "othersAt"
  from payment, attempt`);

/** Locks the payment of an attempt: whoever changes an attempt, a payment or a refund does this first. */
export const LOCK_PAYMENT_OF = statement(`
  select ${paymentColumns('p')} from payments p
  where p.app_id = $1 and p.id = (select payment_id from payment_attempts where app_id = $1 and number = $2)
  for update`);

/** Locks a payment. */
export const LOCK_PAYMENT = statement(`
  select ${paymentColumns('p')} from payments p where p.app_id = $1 and p.id = $2 for update`);

/** An attempt by number, with what its accounts are called at the platform. */
export const FIND_ATTEMPT = statement(`
  select ${attemptColumns('a')}, m.merchant_id as "merchantId", g.platform_app_id as "platformAppId"
  from payment_attempts a
    join merchant_accounts m on m.app_id = $1 and m.id = a.merchant_account_id
    join platform_accounts g on g.app_id = $1 and g.id = a.platform_account_id
  where a.app_id = $1 and a.number = $2`);

/** A success for which nobody waits: kept apart, and all of it reserved for its refund. */
export const TAKE_UNEXPECTED = statement(`
  update payment_attempts set status = 'succeeded', kept = false, amount_paid = amount, amount_reserved = amount,
    platform_transaction_id = $3, paid_at = $4, check_at = null, updated_at = $5
  where app_id = $1 and id = $2
    and status in (${fromSql(ATTEMPT_MOVES.settled)}, ${fromSql(ATTEMPT_MOVES.settledLate)})
  returning id`);

/** Makes a closed or refused attempt open again, because its money came; the settlement follows in the transaction. */
export const REOPEN = statement(`
  update payment_attempts set status = 'unknown', failure_code = null
  where app_id = $1 and id = $2 and status in (${fromSql(ATTEMPT_MOVES.settledLate)})`);

/** One that had ended was in doubt, and was not paid after all. */
export const CLEAR_DOUBT = statement(`
  update payment_attempts set check_at = null
  where app_id = $1 and id = $2 and status in (${fromSql(ATTEMPT_MOVES.settledLate)}) and check_at is not null`);

/** Moves an attempt that will bring no money. $3 to, $4 from, $5 failure code, $6 now */
export const END_ATTEMPT = statement(`
  update payment_attempts set status = $3, failure_code = $5, check_at = null, updated_at = $6
  where app_id = $1 and id = $2 and status = any ($4::text[])
  returning payment_id`);

/** Ends a payment that is being closed once no attempt can bring money. $3 now */
export const CLOSE_PAYMENT = statement(`
  update payments p set status = '${PAYMENT_MOVES.closed.to}', sequence = sequence + 1, updated_at = $3
  where p.app_id = $1 and p.id = $2 and p.status in (${fromSql(PAYMENT_MOVES.closed)}) and p.closing_since is not null
    and not exists (
      select from payment_attempts a where a.app_id = $1 and a.payment_id = p.id and a.status in (${OPEN_SQL}))
  returning ${paymentColumns('p')}`);

/** Ends a payment whose debit has brought no money. $3 failure code  $4 now */
export const FAIL_PAYMENT = statement(`
  update payments p set status = '${PAYMENT_MOVES.refused.to}', failure_code = $3, sequence = sequence + 1, updated_at = $4
  where p.app_id = $1 and p.id = $2 and p.status in (${fromSql(PAYMENT_MOVES.refused)})
  returning ${paymentColumns('p')}`);

/** Raises the stream's sequence for an event that comes with no change of the payment's status. */
export const RAISE_PAYMENT = statement(`
  update payments set sequence = sequence + 1, updated_at = $3 where app_id = $1 and id = $2 returning sequence`);

/** Moves a refund. $3 to, $4 from, $5 platform's id?, $6 failure code?, $7 detail?, $8 succeeded at?, $9 check at?, $10 now */
export const MOVE_REFUND = statement(`
  update refunds set status = $3, platform_refund_id = coalesce($5, platform_refund_id),
    failure_code = coalesce($6, failure_code), failure_detail = coalesce($7, failure_detail),
    succeeded_at = coalesce($8, succeeded_at), check_at = $9, checks = 0, updated_at = $10
  where app_id = $1 and id = $2 and status = any ($4::text[])
  returning id`);

/** What a successful refund changes besides itself: the attempt's sums, and those of the payment if it kept the money. */
export const COUNT_REFUND = statement(`
  with attempt as (
    update payment_attempts set amount_refunded = amount_refunded + $3::bigint, updated_at = $4
    where app_id = $1 and id = $2
    returning payment_id, kept
  )
  update payments p set amount_refunded = p.amount_refunded + case when attempt.kept then $3::bigint else 0 end
  from attempt where p.app_id = $1 and p.id = attempt.payment_id
  returning attempt.kept, p.amount_paid::float8 as "amountPaid", p.amount_refunded::float8 as "amountRefunded"`);

/** What a refund that will not happen gives free again. */
export const FREE_RESERVED = statement(`
  update payment_attempts set amount_reserved = amount_reserved - $3::bigint, updated_at = $4
  where app_id = $1 and id = $2`);

export const BOOK = statement(`
  insert into transfers
    (app_id, id, debit_account, credit_account, amount, currency, source_type, source_id, cause_id, created_at)
  values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`);
