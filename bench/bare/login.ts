import type { IncomingMessage } from 'node:http';
import { ACCESS_TOKEN_SECONDS, issueAccessToken } from './access-tokens.js';
import type { Run, Statement } from './database.js';
import { addressOf, readFields, Refusal } from './http.js';
import { newId } from './ids.js';
import { newRefreshToken } from './refresh-tokens.js';
import { seal } from './seal.js';
import type { Settings } from './settings.js';
import { codeExchange } from './wechat.js';

/** The whole login in one statement. No row: somebody else has made this person meanwhile. */
const LOGIN: Statement = {
  name: 'login',
  text: `
  with known as (
    update identities set last_login_at = now(), account_id = $4, session_key = $7, session_key_at = now()
    where app_id = $1 and platform = $2 and platform_app_id = $3 and openid = $5
    returning id, user_id
  ),
  claimed as (
    insert into unionids (app_id, platform, unionid, user_id)
    select $1, $2, $6, $8 where $6::text is not null and not exists (select from known)
    on conflict (app_id, platform, unionid) do update set user_id = unionids.user_id
    returning user_id
  ),
  fresh as (
    insert into identities
      (app_id, id, user_id, account_id, platform, platform_app_id, openid, unionid, session_key, session_key_at)
    select $1, $9, coalesce((select user_id from claimed), $8), $4, $2, $3, $5, $6, $7, now()
    where not exists (select from known)
    on conflict (app_id, platform, platform_app_id, openid) do nothing
    returning id, user_id
  ),
  person as (
    insert into users (app_id, id) select $1, $8 from fresh where user_id = $8 returning id
  ),
  told as (
    insert into events (app_id, id, type, stream_type, stream_id, sequence, object_type, object_id, data)
    select $1, $11, 'user.created', 'user', id, 1, 'user', id,
      jsonb_build_object('userId', id, 'platform', $2, 'identityId', $9) from person
  ),
  here as (
    select id, user_id, false as is_new from known union all select id, user_id, user_id = $8 from fresh
  ),
  opened as (
    insert into sessions (app_id, id, user_id, identity_id, token_hash, expires_at, ip, user_agent)
    select $1, $10, user_id, id, $12, now() + interval '60 days', $13, $14 from here
  )
  select here.id as identity_id, here.user_id, here.is_new, users.nickname, users.avatar_url
  from here left join users on users.app_id = $1 and users.id = here.user_id`,
};

interface Row {
  [column: string]: unknown;
  identity_id: string;
  user_id: string;
  is_new: boolean;
  nickname: string | null;
  avatar_url: string | null;
}

const TRIES = 3;
const PLATFORM = 'wechat';

/** `POST /v1/auth/login` */
export function loginRoute(settings: Settings, run: Run) {
  const { appId, accountId, platformAppId } = settings;
  const exchange = codeExchange(settings);
  return async (request: IncomingMessage): Promise<object> => {
    if (request.headers['x-app-id'] !== appId) throw new Refusal(404, 'app_not_found');
    const { platform, code } = await readFields(request, ['platform', 'platformAppId', 'code']);
    if (platform !== PLATFORM || !code) throw new Refusal(400, 'validation_failed');
    const { openid, sessionKey, unionid } = await exchange(code);
    const sealedKey = seal(sessionKey, `${appId}\nidentities\n${PLATFORM}/${platformAppId}/${openid}\nsession_key`);
    const token = newRefreshToken(appId, newId('ses'));
    for (let attempt = 1; attempt <= TRIES; attempt++) {
      const [row] = await run<Row>(LOGIN, [
        ...[appId, PLATFORM, platformAppId, accountId, openid, unionid ?? null, sealedKey],
        ...[newId('usr'), newId('idn'), token.sessionId, newId('evt'), token.hash],
        ...[addressOf(request), request.headers['user-agent'] ?? null],
      ]);
      if (!row) continue;
      return {
        accessToken: issueAccessToken(appId, row.user_id, token.sessionId),
        expiresIn: ACCESS_TOKEN_SECONDS,
        refreshToken: token.text,
        user: { id: row.user_id, isNew: row.is_new, nickname: row.nickname, avatarUrl: row.avatar_url },
        identity: { id: row.identity_id, platform, platformAppId, openid, unionid, anonymous: false },
      };
    }
    throw new Refusal(503, 'unavailable');
  };
}
