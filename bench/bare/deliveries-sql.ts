import type { Statement } from './database.js';

/** Leases due deliveries. $1 app  $2 endpoint  $3 now  $4 lease  $5 at most */
export const CLAIM: Statement = {
  name: 'claim',
  text: `
  with chosen as (
    select id, event_id from webhook_deliveries
    where app_id = $1 and endpoint_id = $2 and status = 'pending' and next_attempt_at <= $3
      and (leased_until is null or leased_until <= $3)
    order by next_attempt_at, position limit $5 for update skip locked
  )
  update webhook_deliveries d set leased_until = $4
  from chosen join events v on v.app_id = $1 and v.id = chosen.event_id
  where d.app_id = $1 and d.id = chosen.id
  returning d.id, d.event_id as "eventId", v.type, v.created_at as "happenedAt", v.data`,
};

/** Writes what came of attempts. $1 app  $2 results as JSON  $3 now  $4 when failures are due again */
export const RECORD: Statement = {
  name: 'record',
  text: `
  with results as materialized (
    select * from json_to_recordset($2::json) as r(
      id text, at timestamptz, "durationMs" int, status int, error text, answer text, succeeded boolean)
  ),
  ended as (
    update webhook_deliveries d set
      attempts = d.attempts + 1,
      tries = d.tries + 1,
      status = case when r.succeeded then 'succeeded' else 'pending' end,
      next_attempt_at = case when r.succeeded then d.next_attempt_at else $4 end,
      finished_at = case when r.succeeded then $3::timestamptz end,
      leased_until = null,
      last_status = r.status,
      last_error = r.error
    from results r where d.app_id = $1 and d.id = r.id
    returning d.id, d.attempts
  )
  insert into webhook_attempts (app_id, delivery_id, number, at, duration_ms, status, error, answer)
  select $1, ended.id, ended.attempts, r.at, r."durationMs", r.status, r.error, r.answer
  from ended join results r on r.id = ended.id`,
};

/** $1 app  $2 ids */
export const ENDPOINTS: Statement = {
  name: 'endpoints',
  text: 'select id, url, secret from webhook_endpoints where app_id = $1 and id = any ($2::text[])',
};
