import { statement } from '../database/database.js';
import { EVENT_COLUMNS } from '../events/announce.js';
import { KEY_COLUMNS } from '../tenancy/idempotency.js';
import { HOLD_USER } from '../tenancy/payers.js';
import { ATTEMPT_MOVES, fromSql, PAYMENT_MOVES } from './moves.js';
import { attemptColumns, OPEN_SQL, paymentColumns } from './rows.js';

/** What a user's front end may have open at the same time. */
export const MOST_OPEN_OF_USER = 5;

/**
 * A payment, its first attempt if there is one, and its event, in one round trip; gives its id. No row: the reference is
 * taken, a user has too many open ones already, or the user is no longer there.
 *
 * $1 app  $2 id  $3 user  $4 status  $5 amount  $6 currency  $7 subject  $8 reference?  $9 content hash  $10 source
 * $11 price?  $12 quantity?  $13 metadata  $14 options  $15 expires at  $16 now  $17 event id  $18 most open?
 * $19 is heard  $20 attempt id?  $21 number  $22 platform  $23 program  $24 merchant account  $25 payer  $26 settings
 * $27 check at  $28 mandate?  $29 caller?  $30 idempotency key?  $31 route  $32 hash of the body
 */
export const CREATE = statement(`
  with payment as (
    insert into payments as p
      (app_id, id, user_id, status, amount, currency, subject, reference, content_hash, source, price_id, quantity,
       metadata, platform_options, expires_at, is_heard, created_at, updated_at)
    select $1, $2, $3, $4, $5::bigint, $6, $7, $8, $9, $10, $11, $12::integer, $13::jsonb, $14::jsonb, $15, $19, $16,
      $16
    where exists (${HOLD_USER('$1', '$3')}) and ($18::integer is null or $18 > (
      select count(*) from payments o
      where o.app_id = $1 and o.user_id = $3 and o.source = 'user' and o.status in ('created', 'pending')
        and o.closing_since is null))
    on conflict (app_id, reference) where reference is not null and status not in ('failed', 'closed') do nothing
    returning p.id
  ),
  attempt as (
    insert into payment_attempts as a
      (app_id, id, payment_id, number, platform, platform_account_id, merchant_account_id, payer, status, amount,
       currency, settings, expires_at, check_at, mandate, created_at, updated_at)
    select $1, $20, $2, $21, $22, $23, $24, $25, 'created', $5::bigint, $6, $26::jsonb, $15, $27, $28::jsonb, $16, $16
    from payment where $20::text is not null
  ),
  told as (
    insert into events (${EVENT_COLUMNS})
    select $1, $17, 'payment.created', 'payment', $2, 1, 'payment', $2,
      jsonb_build_object('paymentId', $2::text, 'userId', $3::text, 'amount', $5::bigint, 'currency', $6::text,
        'reference', $8::text, 'status', $4::text)
    from payment
  ),
  keyed as (
    insert into idempotency_keys (${KEY_COLUMNS})
    select $1, $29, $30, $31, $32::bytea, $2 from payment where $30::text is not null
  )
  select id from payment`);

/** Two requests of one user take turns, so that neither slips past the bound. */
export const TAKE_TURNS = statement(`select pg_advisory_xact_lock(hashtextextended($1 || '/' || $2, 1))`);

export const FIND = statement(`select ${paymentColumns('p')} from payments p where p.app_id = $1 and p.id = $2`);
export const FIND_BY_REFERENCE = statement(`
  select ${paymentColumns('p')} from payments p
  where p.app_id = $1 and p.reference = $2 and p.status not in ('failed', 'closed')`);
/** Whether money for that reference may still come, of a payment that an upper domain has made. */
export const IS_COLLECTING = statement(`
  select from payments
  where app_id = $1 and reference = $2 and is_heard and status not in ('failed', 'closed') and status <> 'succeeded'`);
export const ATTEMPTS_OF = statement(`
  select ${attemptColumns('a')} from payment_attempts a
  where a.app_id = $1 and a.payment_id = any ($2::text[]) order by a.id`);

/** Another attempt on a payment that the transaction has locked. */
export const ADD_ATTEMPT = statement(`
  insert into payment_attempts as a
    (app_id, id, payment_id, number, platform, platform_account_id, merchant_account_id, payer, status, amount, currency,
     settings, expires_at, check_at, mandate, created_at, updated_at)
  select $1, $2, $3, $4, $5, $6, $7, $8, 'created', p.amount, p.currency, $9::jsonb, p.expires_at, $10, $11::jsonb, $12, $12
  from payments p where p.app_id = $1 and p.id = $3
  returning ${attemptColumns('a')}`);

export const MARK_PENDING = statement(`
  update payments p set status = '${PAYMENT_MOVES.attempted.to}', sequence = sequence + 1, updated_at = $3
  where p.app_id = $1 and p.id = $2 and p.status in (${fromSql(PAYMENT_MOVES.attempted)})
  returning ${paymentColumns('p')}`);

const IS_WANTED = `(p.status in (${fromSql(PAYMENT_MOVES.settled)}) and p.closing_since is null)`;

/** The platform has the order; says whether its payment still wants to be paid. $3 handle  $4 its end?  $5 check at  $6 now */
export const SUBMITTED = statement(`
  update payment_attempts a
  set status = case when a.status in (${fromSql(ATTEMPT_MOVES.submitted)}) then '${ATTEMPT_MOVES.submitted.to}' else a.status end,
    handle = $3, handle_expires_at = $4, submitted_at = coalesce(a.submitted_at, $6), checks = 0,
    check_at = case when ${IS_WANTED} then $5 else least(a.check_at, $5) end, updated_at = $6
  from payments p
  where a.app_id = $1 and a.id = $2 and a.status in (${OPEN_SQL}) and p.app_id = $1 and p.id = a.payment_id
  returning a.status, ${IS_WANTED} as "isWanted"`);

/** Sent, and nobody knows what became of it. $3 check at  $4 now */
export const LOST = statement(`
  update payment_attempts set status = '${ATTEMPT_MOVES.lost.to}', submitted_at = coalesce(submitted_at, $4),
    check_at = $3, checks = 0, updated_at = $4
  where app_id = $1 and id = $2 and status in (${fromSql(ATTEMPT_MOVES.lost)})`);

/** Asked, and still open. $3 check at  $4 whether the platform knows it  $5 now */
export const ASK_AGAIN = statement(`
  update payment_attempts
  set status = case when $4 and status in (${fromSql(ATTEMPT_MOVES.submitted)}) then '${ATTEMPT_MOVES.submitted.to}' else status end,
    check_at = $3, checks = checks + 1, updated_at = $5
  where app_id = $1 and id = $2 and (status in (${OPEN_SQL}) or check_at is not null)`);

/** From now on nobody may begin to pay, and every attempt is asked about at once. $3 reason  $4 now  $5 business now */
export const BEGIN_CLOSING = statement(`
  with payment as (
    update payments set closing_since = $4, close_reason = $3, updated_at = $4
    where app_id = $1 and id = $2 and status in (${fromSql(PAYMENT_MOVES.closed)}) and closing_since is null
    returning id
  )
  update payment_attempts set check_at = $5, checks = 0
  where app_id = $1 and payment_id in (select id from payment) and status in (${OPEN_SQL})`);
