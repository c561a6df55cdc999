import { statement } from '../database/database.js';

/**
 * What one source gives: its rows become exactly the features of `$5` (`{feature: value}`). $2 user  $3 source type
 * $4 source id  $6 starts at  $7 expires at?  $8 grace until?  $9 usage start  $10 now
 */
export const SET_ENTITLEMENTS = statement(`
  with given as (select key as feature, value from jsonb_each($5::jsonb)),
    gone as (
      delete from entitlements e
      where e.app_id = $1 and e.user_id = $2 and e.source_type = $3 and e.source_id = $4
        and e.feature not in (select feature from given))
  insert into entitlements as e (app_id, user_id, feature, source_type, source_id, value, starts_at, expires_at,
    grace_until, usage_start, created_at, updated_at)
  select $1, $2, feature, $3, $4, value, $6::timestamptz, $7::timestamptz, $8::timestamptz, $9::timestamptz, $10::timestamptz, $10::timestamptz
  from given
  on conflict (app_id, user_id, feature, source_type, source_id) do update
    set value = excluded.value, starts_at = least(e.starts_at, excluded.starts_at), expires_at = excluded.expires_at,
      grace_until = excluded.grace_until, usage_start = excluded.usage_start, updated_at = excluded.updated_at
  returning feature`);

/** What a source gives ends. $2 source type  $3 source id  $4 when (business time)  $5 now */
export const END_ENTITLEMENTS = statement(`
  update entitlements set expires_at = least(expires_at, $4), grace_until = null, updated_at = $5
  where app_id = $1 and source_type = $2 and source_id = $3
    and (expires_at is null or expires_at > $4 or grace_until > $4)
  returning user_id as "userId"`);

/** Business time until which access lasts; `infinity` for ever. */
const ACCESS_UNTIL = `case when e.expires_at is null then 'infinity' else greatest(e.expires_at, e.grace_until) end`;

/** Of each feature the best that the user has: the highest value, of equal ones the one that lasts longest. $3 now */
export const READ_ENTITLEMENTS = statement(`
  select distinct on (e.feature) e.feature, e.value, e.expires_at as "expiresAt", e.grace_until as "graceUntil",
    e.source_type as "sourceType", e.source_id as "sourceId", e.usage_start as "usageStart",
    coalesce(t.used, 0)::float8 as used
  from entitlements e left join usage_totals t
    on t.app_id = e.app_id and t.user_id = e.user_id and t.feature = e.feature and t.period_start = e.usage_start
  where e.app_id = $1 and e.user_id = $2 and ($4::text is null or e.feature = $4)
    and e.starts_at <= $3 and ${ACCESS_UNTIL} > $3 and e.value <> 'false'::jsonb
  order by e.feature, e.value desc, ${ACCESS_UNTIL} desc`);

/** $6 used at  $7 now */
export const ADD_USAGE_EVENT = statement(`
  insert into usage_events (app_id, event_id, user_id, feature, quantity, used_at, created_at)
  values ($1, $2, $3, $4, $5, $6, $7)
  on conflict (app_id, event_id) do nothing
  returning event_id`);

export const FIND_USAGE_EVENT = statement(`
  select user_id as "userId", feature, quantity::float8 as quantity from usage_events where app_id = $1 and event_id = $2`);

/** Nothing when it would be more than `$6`, unless that is null. $4 period start  $5 quantity */
export const COUNT_USAGE = statement(`
  insert into usage_totals as t (app_id, user_id, feature, period_start, used)
  select $1, $2, $3, $4, $5::bigint where $6::bigint is null or $5::bigint <= $6::bigint
  on conflict (app_id, user_id, feature, period_start) do update set used = t.used + $5::bigint
    where $6::bigint is null or t.used + $5::bigint <= $6::bigint
  returning used::float8 as used`);
