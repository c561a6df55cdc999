import { statement } from '../database/database.js';
import { ENDPOINT_COLUMNS } from './endpoint.js';

export const INSERT = statement(`
  insert into webhook_endpoints
    (app_id, id, url, description, events, ordered, signature, secret, public_key, headers, rate_limit, status)
  values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 'enabled')
  returning ${ENDPOINT_COLUMNS}`);
/** Two that are made at once take turns, so that neither slips past the bound. */
export const TAKE_TURNS = statement(`select pg_advisory_xact_lock(hashtextextended($1, 2))`);
export const COUNT = statement(`select count(*)::int as count from webhook_endpoints where app_id = $1`);
export const FIND = statement(`select ${ENDPOINT_COLUMNS} from webhook_endpoints where app_id = $1 and id = $2`);
export const LOCK = statement(`
  select ${ENDPOINT_COLUMNS} from webhook_endpoints where app_id = $1 and id = $2 for update`);
export const LIST = statement(`
  select ${ENDPOINT_COLUMNS} from webhook_endpoints
  where app_id = $1 and ($2::text is null or id < $2) order by id desc limit $3`);

/** A new address or an enabled endpoint begins with a closed circuit. $9 whether it does */
export const UPDATE = statement(`
  update webhook_endpoints set url = $3, description = $4, events = $5, rate_limit = $6, headers = $7, status = $8,
    disabled_reason = case when status = $8 then disabled_reason end,
    failures = case when $9::boolean then 0 else failures end,
    failing_since = case when $9 then null else failing_since end,
    pause_ms = case when $9 then 0 else pause_ms end,
    open_until = case when $9 then null else open_until end,
    updated_at = now()
  where app_id = $1 and id = $2
  returning ${ENDPOINT_COLUMNS}`);
export const ROTATE = statement(`
  update webhook_endpoints set secret = $3, public_key = $4, previous_secret = $5, previous_until = $6, updated_at = now()
  where app_id = $1 and id = $2
  returning ${ENDPOINT_COLUMNS}`);
export const REMOVE = statement(`delete from webhook_endpoints where app_id = $1 and id = $2 returning id`);

/** A second recovery joins the one that is running. $3 the event id to begin behind  $4 the last one  $5 since  $6 missing */
export const RECOVER = statement(`
  update webhook_endpoints set
    recover_after = least(recover_after, $3), recover_until = greatest(recover_until, $4),
    recover_since = case when recover_after is null then $5 else least(recover_since, $5) end,
    recover_missing = $6 or (recover_missing and recover_after is not null)
  where app_id = $1 and id = $2
  returning ${ENDPOINT_COLUMNS}`);

export const RAISE = statement(`
  update webhook_endpoints set sequence = sequence + 1 where app_id = $1 and id = $2 returning sequence`);

/** By ourselves. $3 the reason  $4 failing since before then */
export const DISABLE = statement(`
  update webhook_endpoints set status = 'disabled', disabled_reason = $3, sequence = sequence + 1, updated_at = now()
  where app_id = $1 and id = $2 and status <> 'disabled' and ($3 = 'gone' or failing_since <= $4)
  returning sequence`);
