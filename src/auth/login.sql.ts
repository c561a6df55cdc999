import { statement } from '../database/database.js';
import { EVENT_COLUMNS } from '../events/announce.js';

/**
 * A whole login in one statement and one round trip: finds or makes the identity, its user and the session, and
 * announces what is new. Gives no row when another login of the same new person came first; run it again then.
 *
 * `unionids` decides races of a person who comes through two mini-programs at once: its `do update` waits for the other
 * login and gives the owner that won. A loser that had already claimed for a user it then did not make fails on the
 * foreign key (23503) as a whole, and is run again likewise.
 */
export const LOGIN = statement(`
  with known as (
    update identities set
      last_login_at = $12, account_id = $13,
      session_key = coalesce($6, session_key),
      session_key_at = case when $6::text is null then session_key_at else $12 end
    where app_id = $1 and platform = $2 and platform_app_id = $3 and openid = $4
    returning id, user_id, unionid
  ),
  claimed as (
    insert into unionids (app_id, platform, unionid, user_id)
    select $1, $2, $5, $7 where $5::text is not null and not exists (select from known)
    on conflict (app_id, platform, unionid) do update set user_id = unionids.user_id
    returning user_id
  ),
  fresh as (
    insert into identities
      (app_id, id, user_id, account_id, platform, platform_app_id, openid, unionid, session_key, session_key_at,
       anonymous, anonymous_openid, alternate_openid, created_at, last_login_at)
    select $1, $8, coalesce((select user_id from claimed), $7), $13, $2, $3, $4, $5, $6,
      case when $6::text is null then null else $12::timestamptz end, $14::boolean, $15, $16, $12, $12
    where not exists (select from known)
    on conflict (app_id, platform, platform_app_id, openid) do nothing
    returning id, user_id, unionid
  ),
  person as (
    insert into users (app_id, id, created_at, updated_at)
    select $1, $7, $12, $12 from fresh where user_id = $7
    returning id, sequence
  ),
  joined as (
    update users set sequence = users.sequence + 1
    from fresh where users.app_id = $1 and users.id = fresh.user_id and fresh.user_id <> $7
    returning users.id, users.sequence
  ),
  told as (
    insert into events (${EVENT_COLUMNS})
    select $1, $10, 'user.created', 'user', id, sequence, 'user', id,
      jsonb_build_object('userId', id, 'platform', $2, 'identityId', $8) from person
    union all
    select $1, $10, 'identity.linked', 'user', id, sequence, 'identity', $8,
      jsonb_build_object('userId', id, 'platform', $2, 'identityId', $8) from joined
  ),
  here as (
    select id, user_id, unionid, false as is_new from known
    union all
    select id, user_id, unionid, user_id = $7 from fresh
  ),
  opened as (
    insert into sessions
      (app_id, id, user_id, identity_id, token_hash, created_at, refreshed_at, expires_at, ip, user_agent)
    select $1, $9, user_id, id, $11::bytea, $12, $12, $17::timestamptz, $18, $19 from here
  )
  select here.id as identity_id, here.user_id, here.unionid, here.is_new, users.nickname, users.avatar_url
  from here left join users on users.app_id = $1 and users.id = here.user_id`);

export interface LoginRow {
  [column: string]: unknown;
  identity_id: string;
  user_id: string;
  /** What was stored before this login. */
  unionid: string | null;
  is_new: boolean;
  nickname: string | null;
  avatar_url: string | null;
}

/** Douyin: the visitor who was anonymous until now becomes the real person and keeps the user. */
export const PROMOTE = statement(`
  update identities set openid = $5, anonymous = false, anonymous_openid = $4, session_key = null
  where app_id = $1 and platform = $2 and platform_app_id = $3 and openid = $4 and anonymous
    and not exists (
      select from identities real
      where real.app_id = $1 and real.platform = $2 and real.platform_app_id = $3 and real.openid = $5)
  returning id, user_id`);

/** Alipay: an account that moves from user ids to open ids gets both for a while; the identity takes the new one. */
export const MIGRATE = statement(`
  update identities set openid = $5, alternate_openid = $4
  where app_id = $1 and platform = $2 and platform_app_id = $3 and openid = $4
    and not exists (
      select from identities known
      where known.app_id = $1 and known.platform = $2 and known.platform_app_id = $3 and known.openid = $5)`);

/** A unionid that appears, or changes, on an identity that was known without it. Gives the user who owns it. */
export const CLAIM_UNIONID = statement(`
  insert into unionids (app_id, platform, unionid, user_id) values ($1, $2, $3, $4)
  on conflict (app_id, platform, unionid) do update set user_id = unionids.user_id
  returning user_id`);
export const SET_UNIONID = statement(`
  update identities set unionid = $3
  where app_id = $1 and id = $2 and user_id = $4 and unionid is distinct from $3 returning id`);

/** Adds an identity to a user, or renews the session key of one that the user has. No row: it is another user's. */
export const LINK = statement(`
  insert into identities as mine
    (app_id, id, user_id, account_id, platform, platform_app_id, openid, unionid, session_key, session_key_at,
     created_at, last_login_at)
  values ($1, $2, $3, $4, $5, $6, $7, $8, $9, case when $9::text is null then null else $10::timestamptz end, $10, $10)
  on conflict (app_id, platform, platform_app_id, openid) do update set
    account_id = excluded.account_id,
    unionid = coalesce(excluded.unionid, mine.unionid),
    session_key = coalesce(excluded.session_key, mine.session_key),
    session_key_at = coalesce(excluded.session_key_at, mine.session_key_at)
    where mine.user_id = excluded.user_id
  returning id`);

/** Raises the stream's sequence; the caller announces with what it gives. No row: the user is not active. */
export const RAISE_USER = statement(`
  update users set sequence = sequence + 1, updated_at = now()
  where app_id = $1 and id = $2 and status = 'active' returning sequence`);
