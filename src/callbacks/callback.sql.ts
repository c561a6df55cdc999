import { statement } from '../database/database.js';

/** Keeps a callback, or counts a repeat. $9 now */
export const KEEP = statement(`
  insert into callbacks as c
    (app_id, id, account_id, platform, deduplication_key, type, status, sealed, received_at, updated_at)
  values ($1, $2, $3, $4, $5, $6, 'ignored', $7, $8, $8)
  on conflict (app_id, account_id, deduplication_key) do update set repeats = c.repeats + 1, updated_at = $8
  returning id, status, (xmax = 0) as "isNew"`);

/** Where the statement of an upper domain has what a callback's row needs: parameters (`$3`) or columns. */
interface KeptAt {
  readonly app: string;
  readonly id: string;
  readonly account: string;
  readonly platform: string;
  readonly deduplicationKey: string;
  readonly type: string;
  readonly sealed: string;
  readonly receivedAt: string;
}

/**
 * Keeps a callback as settled: a part of the one statement in which a handler does what the callback says (`atOnce`).
 * `objectId` is what it is about, a column in `from`; where `from` is empty nothing is kept.
 */
export const keepSettled = (at: KeptAt, objectId: string, from: string): string => `
    insert into callbacks
      (app_id, id, account_id, platform, deduplication_key, type, status, object_id, sealed, received_at, updated_at)
    select ${at.app}, ${at.id}, ${at.account}, ${at.platform}, ${at.deduplicationKey}, ${at.type}, 'settled', ${objectId},
      ${at.sealed}, ${at.receivedAt}, ${at.receivedAt} from ${from}
    on conflict (app_id, account_id, deduplication_key) do update
      set status = excluded.status, problem = null, object_id = excluded.object_id, repeats = callbacks.repeats + 1,
        updated_at = excluded.updated_at`;

/** $3 status  $4 problem?  $5 object?  $6 now */
export const CONCLUDE = statement(`
  update callbacks set status = $3, problem = $4, object_id = coalesce($5, object_id), updated_at = $6
  where app_id = $1 and id = $2`);

const COLUMNS = `id, account_id as "accountId", platform, type, status, problem, object_id as "objectId", repeats,
  received_at as "receivedAt", updated_at as "updatedAt"`;

export interface CallbackRow extends Record<string, unknown> {
  id: string;
  accountId: string;
  platform: string;
  type: string;
  status: 'settled' | 'parked' | 'ignored';
  problem: string | null;
  objectId: string | null;
  repeats: number;
  receivedAt: Date;
  updatedAt: Date;
  sealed: string | null;
}

export const LIST = statement(`
  select ${COLUMNS} from callbacks
  where app_id = $1 and ($2::text is null or id < $2) and ($3::text is null or status = $3)
    and ($4::text is null or account_id = $4) and ($5::text is null or object_id = $5)
  order by id desc limit $6`);
export const FIND = statement(`select ${COLUMNS}, sealed from callbacks where app_id = $1 and id = $2`);
export const LOCK = statement(`select ${COLUMNS}, sealed from callbacks where app_id = $1 and id = $2 for update`);

/** $2 objects */
export const FORGET = statement(`
  update callbacks set sealed = null where app_id = $1 and sealed is not null and object_id = any ($2::text[])`);
