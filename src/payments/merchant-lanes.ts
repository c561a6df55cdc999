import { statement, type Statement } from '../database/database.js';

/** Tables whose rows wait for a question to their platform; a merchant account is their lane. */
type LaneTable = 'payment_attempts' | 'refunds';

/** Business time of the app `p` at the protocol time $1. */
export const BUSINESS_NOW_SQL = `$1::timestamptz + p.clock_offset * interval '1 millisecond'`;

/**
 * Merchant accounts with due rows, the most overdue first. Each is asked for its earliest row, by index: however many rows
 * of one account are due, those of another are seen. $1 now  $2 most lanes
 */
export const dueLanes = (table: LaneTable): Statement =>
  statement(`
    select m.app_id as "appId", m.id as lane
    from apps p join merchant_accounts m on m.app_id = p.id
      cross join lateral (
        select t.check_at from ${table} t
        where t.app_id = m.app_id and t.merchant_account_id = m.id and t.check_at <= ${BUSINESS_NOW_SQL}
        order by t.check_at limit 1) first
    order by first.check_at - p.clock_offset * interval '1 millisecond' limit $2`);

/** Takes due rows of a lane for as long as a question lasts. $2 lane  $3 business now  $4 until then  $5 at most */
export const claimDue = (table: LaneTable, columns: (alias: string) => string): Statement =>
  statement(`
    update ${table} t set check_at = $4
    where t.app_id = $1 and t.id in (
      select id from ${table}
      where app_id = $1 and merchant_account_id = $2 and check_at <= $3
      order by check_at, id limit $5 for update skip locked)
    returning ${columns('t')}`);

/** When a lane has its next row (business time), if any. $2 lane */
export const nextDue = (table: LaneTable): Statement =>
  statement(`
    select min(check_at) as at from ${table}
    where app_id = $1 and merchant_account_id = $2 and check_at is not null`);

/** Waits for all, also when one fails: nothing goes on after its lane has ended. Throws the first failure. */
export async function finishAll(work: readonly Promise<void>[]): Promise<void> {
  const failed = (await Promise.allSettled(work)).find(({ status }) => status === 'rejected');
  if (failed?.status === 'rejected') throw failed.reason;
}
