import { statement } from '../database/database.js';
import { DELIVERY_COLUMNS, deliverySql, wantsSql } from './event-subscription.js';
import { deliveryIdSql } from './delivery-id.js';

/**
 * Endpoints with due deliveries, from the index of what is pending, one step per endpoint: the cost follows what waits,
 * not what exists. Those of endpoints that are gone or disabled are due as well: to be ended. $1 now  $2 at most
 */
export const DUE = statement(`
  with recursive first as (
    (select app_id, endpoint_id, next_attempt_at from webhook_deliveries
      where status = 'pending' order by app_id, endpoint_id, next_attempt_at, position limit 1)
    union all
    select d.app_id, d.endpoint_id, d.next_attempt_at
    from first cross join lateral (
      select app_id, endpoint_id, next_attempt_at from webhook_deliveries
      where status = 'pending' and (app_id, endpoint_id) > (first.app_id, first.endpoint_id)
      order by app_id, endpoint_id, next_attempt_at, position limit 1
    ) d
  ),
  due as (
    select first.app_id, first.endpoint_id, first.next_attempt_at
    from first left join webhook_endpoints e on e.app_id = first.app_id and e.id = first.endpoint_id
    where e.id is null or e.status = 'disabled'
      or (e.status = 'enabled' and first.next_attempt_at <= $1 and (e.open_until is null or e.open_until <= $1))
    union
    select app_id, id, recover_since from webhook_endpoints where recover_after is not null and status <> 'disabled'
  )
  select app_id as "appId", endpoint_id as lane from due order by next_attempt_at limit $2`);

/** Only while the endpoint may be called: it may have been paused, or its circuit opened, since the run began. */
const MAY_CALL = `exists (
  select from webhook_endpoints e where e.app_id = $1 and e.id = $2 and e.status = 'enabled'
    and ($6::boolean or (e.pause_ms = 0 and (e.open_until is null or e.open_until <= $3))))`;
const TAKEN = `
  update webhook_deliveries d set leased_until = $4
  from chosen left join events v on v.app_id = $1 and v.id = chosen.event_id
  where d.app_id = $1 and d.id = chosen.id and d.status = 'pending' and (d.leased_until is null or d.leased_until <= $3)
  returning d.id, d.event_id as "eventId", d.event_type as type, d.tries, d.attempts, d.position::float8 as position,
    d.stream_type as "streamType", d.stream_id as "streamId", v.created_at as "happenedAt", v.data`;

/** Leases due deliveries. $1 app  $2 endpoint  $3 now  $4 lease  $5 at most  $6 whether this is a probe */
export const CLAIM = statement(`
  with chosen as (
    select id, event_id from webhook_deliveries
    where app_id = $1 and endpoint_id = $2 and status = 'pending' and next_attempt_at <= $3
      and (leased_until is null or leased_until <= $3) and ${MAY_CALL}
    order by next_attempt_at, position limit $5 for update skip locked
  ) ${TAKEN}`);

/**
 * Leases due deliveries of an ordered endpoint: of each stream only the oldest that is not delivered. Walks the streams
 * in their order, behind the one where the last claim ended, so that no stream waits for others that are busy.
 * As `CLAIM`, and $7 type and $8 id of the stream to begin behind.
 */
export const CLAIM_ORDERED = statement(`
  with recursive heads as (
    (select id, event_id, stream_type, stream_id, next_attempt_at, leased_until from webhook_deliveries
      where app_id = $1 and endpoint_id = $2 and status = 'pending' and ordered
        and (stream_type, stream_id) > ($7, $8)
      order by stream_type, stream_id, position limit 1)
    union all
    select d.* from heads cross join lateral (
      select id, event_id, stream_type, stream_id, next_attempt_at, leased_until from webhook_deliveries
      where app_id = $1 and endpoint_id = $2 and status = 'pending' and ordered
        and (stream_type, stream_id) > (heads.stream_type, heads.stream_id)
      order by stream_type, stream_id, position limit 1
    ) d
  ),
  chosen as (
    select id, event_id from heads
    where next_attempt_at <= $3 and (leased_until is null or leased_until <= $3) and ${MAY_CALL}
    limit $5
  ) ${TAKEN}`);

/** When the next delivery is due that nobody has on its way. $3 now */
export const NEXT = statement(`
  select next_attempt_at as at from webhook_deliveries
  where app_id = $1 and endpoint_id = $2 and status = 'pending' and (leased_until is null or leased_until <= $3)
  order by next_attempt_at, position limit 1`);
export const NEXT_ORDERED = statement(`
  with recursive heads as (
    (select stream_type, stream_id, next_attempt_at, leased_until from webhook_deliveries
      where app_id = $1 and endpoint_id = $2 and status = 'pending' and ordered
      order by stream_type, stream_id, position limit 1)
    union all
    select d.* from heads cross join lateral (
      select stream_type, stream_id, next_attempt_at, leased_until from webhook_deliveries
      where app_id = $1 and endpoint_id = $2 and status = 'pending' and ordered
        and (stream_type, stream_id) > (heads.stream_type, heads.stream_id)
      order by stream_type, stream_id, position limit 1
    ) d
  )
  select min(next_attempt_at) as at from heads where leased_until is null or leased_until <= $3`);

/** Gives leases back unused, unless they have ended and others have them now. $2 deliveries  $3 until when each goes */
export const RELEASE = statement(`
  update webhook_deliveries d set leased_until = null
  from unnest($2::text[], $3::timestamptz[]) r(id, until)
  where d.app_id = $1 and d.id = r.id and d.leased_until = r.until`);

/** One process at a time tries an endpoint whose circuit is open. $3 now  $4 until when nobody else does */
export const TAKE_PROBE = statement(`
  update webhook_endpoints set open_until = $4
  where app_id = $1 and id = $2 and status = 'enabled' and pause_ms > 0 and (open_until is null or open_until <= $3)
  returning id`);
export const GIVE_PROBE_BACK = statement(`
  update webhook_endpoints set open_until = null where app_id = $1 and id = $2 and open_until = $3`);

/** Ends what waits of an endpoint that is disabled or gone. $3 status  $4 why  $5 now  $6 at most */
export const END_PENDING = statement(`
  update webhook_deliveries set status = $3, last_error = $4, finished_at = $5, leased_until = null
  where app_id = $1 and id in (
    select id from webhook_deliveries where app_id = $1 and endpoint_id = $2 and status = 'pending'
    order by next_attempt_at, position limit $6 for update skip locked)
  and not exists (select from webhook_endpoints e where e.app_id = $1 and e.id = $2 and e.status <> 'disabled')
  returning id`);

/**
 * One step of a recovery: goes through the events since then, makes what is dead due again and, if asked, makes what is
 * missing. Locks deliveries before the endpoint, as `RECORD` does. $3 now  $4 events at most. Gives how many it went
 * through; no row when another recovery was asked for meanwhile.
 */
export const RECOVER_STEP = statement(`
  with e as (
    select * from webhook_endpoints where app_id = $1 and id = $2 and recover_after is not null
  ),
  batch as materialized (
    select v.* from e join events v on v.app_id = $1 and v.id > e.recover_after and v.id < e.recover_until
    order by v.id limit $4
  ),
  again as (
    update webhook_deliveries d set status = 'pending', tries = 0, next_attempt_at = $3, finished_at = null
    from batch
    where d.app_id = $1 and d.id = ${deliveryIdSql('batch.id', '$2')}
      and (d.status in ('dead', 'canceled') or (d.status = 'pending' and d.next_attempt_at > $3))
    returning d.id
  ),
  missing as (
    insert into webhook_deliveries (${DELIVERY_COLUMNS})
    select ${deliverySql('e', 'batch', '$3')}
    from batch, e where e.recover_missing and batch.position is not null and ${wantsSql('e', 'batch')}
    on conflict (app_id, id) do nothing
    returning id
  ),
  done as (select (select count(*) from again) + (select count(*) from missing) as count)
  update webhook_endpoints w
  set recover_after = case when (select count(*) from batch) < $4 then null else (select max(id) from batch) end
  from e, done where w.app_id = $1 and w.id = e.id and w.recover_after = e.recover_after and done.count >= 0
  returning (select count(*)::int from batch) as size`);

/**
 * Writes what came of attempts, and then what they say about their endpoints, in one statement. $1 results as JSON  $2 now
 * $3 failures in a row that open the circuit. Gives the endpoints as they stand then, unless they are gone.
 */
export const RECORD = statement(`
  with results as materialized (
    select * from json_to_recordset($1::json) as r(
      "appId" text, "deliveryId" text, "endpointId" text, at timestamptz, "durationMs" int, outcome text, status int,
      error text, answer text, "nextAt" timestamptz, "holdUntil" timestamptz, "isProbe" boolean, "isGone" boolean)
  ),
  ended as (
    update webhook_deliveries d set
      attempts = d.attempts + 1,
      tries = d.tries + 1,
      status = case when d.status = 'pending' then r.outcome else d.status end,
      next_attempt_at = coalesce(r."nextAt", d.next_attempt_at),
      finished_at = case when d.status = 'pending' and r.outcome <> 'pending' then $2 else d.finished_at end,
      leased_until = null,
      last_status = r.status,
      last_error = r.error
    from results r where d.app_id = r."appId" and d.id = r."deliveryId"
    returning d.app_id, d.id, d.attempts
  ),
  logged as (
    insert into webhook_attempts (app_id, delivery_id, number, at, duration_ms, status, error, answer)
    select ended.app_id, ended.id, ended.attempts, r.at, r."durationMs", r.status, r.error, r.answer
    from ended join results r on r."appId" = ended.app_id and r."deliveryId" = ended.id
    on conflict do nothing
  ),
  tally as (
    select "appId" as app_id, "endpointId" as id, count(*) filter (where outcome = 'succeeded') as successes,
      count(*) filter (where outcome <> 'succeeded') as failures, coalesce(bool_or("isProbe"), false) as probed,
      max("holdUntil") as hold_until, coalesce(bool_or("isGone"), false) as gone
    from results group by 1, 2
  ),
  pauses as (
    select t.*, case
        when t.successes > 0 then 0
        when t.probed then least(60000, greatest(e.pause_ms * 2, 1000))
        when e.pause_ms = 0 and e.failures + t.failures >= $3 then 1000
        else e.pause_ms
      end as pause_ms,
      t.probed or (e.pause_ms = 0 and e.failures + t.failures >= $3) as opens
    from tally t join webhook_endpoints e on e.app_id = t.app_id and e.id = t.id
    where (t.failures > 0 or e.failures > 0 or e.failing_since is not null or e.pause_ms > 0)
      and (select count(*) from ended) >= 0
  ),
  changed as (
    update webhook_endpoints e set
      failures = case when p.successes > 0 then 0 else e.failures + p.failures end,
      failing_since = case when p.successes > 0 then null else coalesce(e.failing_since, $2) end,
      pause_ms = p.pause_ms,
      open_until = case
        when p.successes > 0 then p.hold_until
        when p.opens then greatest(p.hold_until, $2::timestamptz + p.pause_ms * interval '1 millisecond')
        else greatest(e.open_until, p.hold_until)
      end
    from pauses p where e.app_id = p.app_id and e.id = p.id
    returning e as endpoint
  )
  select e.app_id as "appId", e.id, e.status, e.failures, e.failing_since as "failingSince", e.updated_at as "updatedAt",
    (c.endpoint).id is not null as changed, t.gone,
    e.status = 'enabled' and e.pause_ms = 0 and (e.open_until is null or e.open_until <= $2) and not t.gone as "mayCall"
  from tally t
  join webhook_endpoints before on before.app_id = t.app_id and before.id = t.id
  left join changed c on (c.endpoint).app_id = t.app_id and (c.endpoint).id = t.id
  cross join lateral (select (coalesce(c.endpoint, before)).*) e`);
