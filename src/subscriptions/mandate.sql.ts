import { statement } from '../database/database.js';
import { BUSINESS_NOW_SQL } from '../payments/merchant-lanes.js';
import { mandateColumns } from './mandate-rows.js';

export const FIND_MANDATE = statement(`
  select ${mandateColumns('m')} from mandates m where m.app_id = $1 and m.id = $2`);

/** By our number, or the platform's id of the contract. $2 platform  $3 number?  $4 contract id? */
export const FIND_TOLD = statement(`
  select ${mandateColumns('m')} from mandates m
  where m.app_id = $1 and m.platform = $2 and (m.number = $3 or ($3::text is null and m.contract_id = $4))`);

/** $2 user?  $3 before (id)?  $4 at most */
export const LIST_MANDATES = statement(`
  select ${mandateColumns('m')} from mandates m
  where m.app_id = $1 and ($2::text is null or m.user_id = $2) and ($3::text is null or m.id < $3)
  order by m.id desc limit $4`);

/** Those that the user still has to sign, or has signed. */
export const LIVE_MANDATES_OF_USER = statement(`
  select ${mandateColumns('m')} from mandates m
  where m.app_id = $1 and m.user_id = $2 and m.status in ('pending', 'active')`);

export const INSERT_MANDATE = statement(`
  insert into mandates as m (app_id, id, user_id, subscription_id, platform, platform_account_id, merchant_account_id,
    number, payer, status, terms, expires_at, check_at, created_at, updated_at)
  values ($1, $2, $3, $4, $5, $6, $7, $8, $9, 'pending', $10, $11, $12, $13, $13)
  returning ${mandateColumns('m')}`);

/**
 * Also one that had lapsed: the platform's word counts. One that we want ended is looked at soon, another when it ends.
 * $3 contract id  $4 signed at  $5 ends at?  $6 now  $7 business now
 */
export const SIGN_MANDATE = statement(`
  update mandates m set status = 'active', contract_id = $3, signed_at = $4, ends_at = $5, checks = 0, updated_at = $6,
    check_at = case when m.termination_reason is null then $5 else $7::timestamptz end
  where m.app_id = $1 and m.id = $2 and m.status in ('pending', 'lapsed')
  returning ${mandateColumns('m')}`);

/** $3 status  $4 ended at  $5 by  $6 now */
export const END_MANDATE = statement(`
  update mandates m set status = $3, ended_at = $4, ended_by = $5, check_at = null, updated_at = $6
  where m.app_id = $1 and m.id = $2 and m.status in ('pending', 'active')
  returning ${mandateColumns('m')}`);

/** $3 now */
export const LAPSE_MANDATE = statement(`
  update mandates m set status = 'lapsed', check_at = null, updated_at = $3
  where m.app_id = $1 and m.id = $2 and m.status = 'pending'
  returning ${mandateColumns('m')}`);

/** From now on it is not debited, and the platform is told. $3 reason  $4 business now  $5 now */
export const WANT_ENDED = statement(`
  update mandates m set termination_reason = coalesce(m.termination_reason, $3), check_at = $4, checks = 0,
    updated_at = $5
  where m.app_id = $1 and m.id = $2 and m.status in ('pending', 'active')
  returning ${mandateColumns('m')}`);

/** $3 next check (business time)? */
export const CHECK_MANDATE_AGAIN = statement(`
  update mandates set check_at = $3, checks = checks + 1
  where app_id = $1 and id = $2 and status in ('pending', 'active')`);

/** Apps with mandates that are due, the most overdue first; a lane is an app. $1 now  $2 at most */
export const DUE_APPS = statement(`
  select p.id as "appId", p.id as lane
  from apps p cross join lateral (
    select m.check_at from mandates m where m.app_id = p.id and m.check_at <= ${BUSINESS_NOW_SQL}
    order by m.check_at limit 1) first
  order by first.check_at - p.clock_offset * interval '1 millisecond' limit $2`);

/** Takes due mandates for as long as a question lasts. $2 business now  $3 until then  $4 at most */
export const CLAIM_MANDATES = statement(`
  update mandates m set check_at = $3
  where m.app_id = $1 and m.id = any (array(
    select id from mandates where app_id = $1 and check_at <= $2 order by check_at, id limit $4 for update skip locked))
  returning ${mandateColumns('m')}`);

export const NEXT_MANDATE = statement(`
  select min(check_at) as at from mandates where app_id = $1 and check_at is not null`);
