import { statement } from '../database/database.js';
import { fromSql, REFUND_MOVES } from './moves.js';
import { refundColumns } from './rows.js';

/**
 * Whose money is given back: that of the attempt $3; without one that of the attempt that has paid the payment or, when
 * none has, of a success that nobody waited for. Beside a payment's own money such a success is only given back by name.
 */
const CHOSEN = `a.app_id = $1 and a.payment_id = $2 and a.kept is not null and a.id = coalesce($3::text, (
      select o.id from payment_attempts o where o.app_id = $1 and o.payment_id = $2 and o.kept is not null
      order by o.kept desc, o.amount_paid - o.amount_reserved desc, o.id limit 1))`;

/**
 * Reserves an amount, if that much is left; the conditional UPDATE decides among refunds that come at once. The caller
 * has locked the payment. $3 attempt?  $4 amount  $5 now
 */
export const RESERVE = statement(`
  update payment_attempts a set amount_reserved = a.amount_reserved + $4::bigint, updated_at = $5
  where ${CHOSEN} and $4::bigint between 1 and a.amount_paid - a.amount_reserved
  returning a.id, a.platform, a.merchant_account_id as "merchantAccountId"`);

/** What is left to give back; no row: nothing came. $3 attempt? */
export const LEFT = statement(`
  select (a.amount_paid - a.amount_reserved)::float8 as left from payment_attempts a where ${CHOSEN}`);

/** Reserves on one attempt, whoever keeps its money; says what is left. $3 amount  $4 now */
export const RESERVE_ON = statement(`
  update payment_attempts set amount_reserved = amount_reserved + $3::bigint, updated_at = $4
  where app_id = $1 and id = $2 and amount_paid - amount_reserved >= $3::bigint
  returning kept, (amount_paid - amount_reserved)::float8 as left`);

/** A refund of ours on that attempt, whose outcome is open. */
export const OPEN_REFUND_OF = statement(`
  select from refunds
  where app_id = $1 and payment_id = $2 and attempt_id = $3 and source <> 'platform'
    and status in ('requested', 'pending', 'action_required')
  limit 1`);

/**
 * Moves a refund that had ended without money to succeeded; its amount is reserved again. Its reference may be that of
 * a later refund by now. $3 platform's id?  $4 succeeded at  $5 now
 */
export const SETTLE_LATE = statement(`
  update refunds r set status = '${REFUND_MOVES.settledLate.to}', succeeded_at = $4, updated_at = $5,
    platform_refund_id = coalesce($3, r.platform_refund_id), failure_code = null, failure_detail = null,
    reference = case when exists (
      select from refunds o
      where o.app_id = $1 and o.reference = r.reference and o.id <> r.id and o.status not in ('failed', 'rejected'))
      then null else r.reference end
  where r.app_id = $1 and r.id = $2 and r.status in (${fromSql(REFUND_MOVES.settledLate)})
  returning r.id`);

export const INSERT_REFUND = statement(`
  insert into refunds as r
    (app_id, id, payment_id, attempt_id, number, platform, merchant_account_id, status, source, amount, currency, reason,
     reference, platform_refund_id, decide_before, check_at, submitted_at, created_at, updated_at)
  values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $18)
  on conflict do nothing
  returning ${refundColumns('r')}`);

export const FIND_REFUND = statement(`select ${refundColumns('r')} from refunds r where r.app_id = $1 and r.id = $2`);
export const FIND_REFUND_BY_NUMBER = statement(`
  select ${refundColumns('r')} from refunds r where r.app_id = $1 and r.number = $2`);
export const FIND_REFUND_BY_PLATFORM = statement(`
  select ${refundColumns('r')} from refunds r where r.app_id = $1 and r.platform = $2 and r.platform_refund_id = $3`);
export const FIND_REFUND_BY_REFERENCE = statement(`
  select ${refundColumns('r')} from refunds r
  where r.app_id = $1 and r.reference = $2 and r.status not in ('failed', 'rejected')`);
/** Refunds of one attempt that count against what it has, the oldest first. */
export const REFUNDS_OF_ATTEMPT = statement(`
  select ${refundColumns('r')} from refunds r
  where r.app_id = $1 and r.attempt_id = $2 and r.status not in ('failed', 'rejected') order by r.id`);
