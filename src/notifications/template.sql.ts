import { statement } from '../database/database.js';

const COLUMNS = `app_id as "appId", id, key, name, time_zone as "timeZone", variables, platforms,
  created_at as "createdAt", updated_at as "updatedAt"`;

/** No key looks like an id. */
const BY_ID_OR_KEY = 'app_id = $1 and (id = $2 or key = $2)';

export const FIND = statement(`select ${COLUMNS} from message_templates where ${BY_ID_OR_KEY}`);
export const LOCK = statement(`select ${COLUMNS} from message_templates where ${BY_ID_OR_KEY} for update`);

export const LIST = statement(`
  select ${COLUMNS} from message_templates
  where app_id = $1 and ($2::text is null or id < $2) and ($3::text is null or platforms -> $3 is not null)
  order by id desc limit $4`);

export const SOME = statement(`
  select ${COLUMNS} from message_templates where app_id = $1 and id = any ($2::text[]) order by id`);

export const INSERT = statement(`
  insert into message_templates (app_id, id, key, name, time_zone, variables, platforms)
  values ($1, $2, $3, $4, $5, $6::jsonb, $7::jsonb)
  returning ${COLUMNS}`);

export const UPDATE = statement(`
  update message_templates
  set key = $3, name = $4, time_zone = $5, variables = $6::jsonb, platforms = $7::jsonb, updated_at = now()
  where app_id = $1 and id = $2
  returning ${COLUMNS}`);

export const REMOVE = statement('delete from message_templates where app_id = $1 and id = $2 returning id');

/** Which of the platforms' templates the app has mapped, the oldest mapping first. */
export const MAPPED = statement(`select id, key, platforms from message_templates where app_id = $1 order by id`);

/** Two imports at once would both find a template unmapped. */
export const TAKE_TURNS = statement(`select pg_advisory_xact_lock(hashtextextended('message_templates/' || $1, 0))`);

export const COUNTS = statement(`
  select to_char(day, 'YYYY-MM-DD') as day, platform, status, count::float8 as count
  from notification_counts
  where app_id = $1 and template_id = $2 and day between $3::date and $4::date
  order by day, platform, status`);
