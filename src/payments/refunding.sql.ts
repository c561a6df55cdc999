import { statement } from '../database/database.js';
import { refundColumns } from './rows.js';

/**
 * Reserves an amount of what the payment kept, if that much is left; the conditional UPDATE decides among refunds that
 * come at once. The caller has locked the payment. $3 amount, or null for all that is left  $4 now
 */
export const RESERVE = statement(`
  update payment_attempts a
  set amount_reserved = a.amount_reserved + coalesce($3::bigint, a.amount_paid - a.amount_reserved), updated_at = $4
  where a.app_id = $1 and a.payment_id = $2 and a.kept
    and coalesce($3::bigint, a.amount_paid - a.amount_reserved) between 1 and a.amount_paid - a.amount_reserved
  returning a.id, a.platform, a.merchant_account_id as "merchantAccountId",
    coalesce($3::bigint, 0)::float8 as asked, a.amount_reserved::float8 as reserved`);

/** What of a payment is left, to tell who asked for too much. */
export const LEFT = statement(`
  select (amount_paid - amount_reserved)::float8 as left from payment_attempts
  where app_id = $1 and payment_id = $2 and kept`);

/** Reserves on one attempt, whoever keeps its money. $3 amount  $4 now */
export const RESERVE_ON = statement(`
  update payment_attempts set amount_reserved = amount_reserved + $3::bigint, updated_at = $4
  where app_id = $1 and id = $2 and amount_paid - amount_reserved >= $3::bigint
  returning id`);

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
