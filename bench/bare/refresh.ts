import type { IncomingMessage } from 'node:http';
import { ACCESS_TOKEN_SECONDS, issueAccessToken } from './access-tokens.js';
import type { Run, Statement } from './database.js';
import { readFields, Refusal } from './http.js';
import { newRefreshToken, readRefreshToken } from './refresh-tokens.js';

const ROTATE: Statement = {
  name: 'rotate',
  text: `
  update sessions set
    token_hash = $4, previous_hash = $3, successor_key = null, refreshed_at = now(),
    expires_at = now() + interval '60 days'
  where app_id = $1 and id = $2 and token_hash = $3 and revoked_at is null and expires_at > now()
  returning user_id`,
};

/** A token that was replaced comes again: somebody has stolen it, so the session ends. */
const REVOKE: Statement = {
  name: 'revoke',
  text: `
  update sessions set revoked_at = now(), revoked_reason = 'refresh_token_reused'
  where app_id = $1 and id = $2 and revoked_at is null`,
};

/** `POST /v1/auth/refresh` */
export const refreshRoute =
  (run: Run) =>
  async (request: IncomingMessage): Promise<object> => {
    const { refreshToken } = await readFields(request, ['refreshToken']);
    const old = readRefreshToken(refreshToken ?? '');
    const { appId, sessionId } = old;
    const next = newRefreshToken(appId, sessionId);
    const [session] = await run<{ user_id: string }>(ROTATE, [appId, sessionId, old.hash, next.hash]);
    if (!session) {
      await run(REVOKE, [appId, sessionId]);
      throw new Refusal(401, 'refresh_token_reused');
    }
    return {
      accessToken: issueAccessToken(appId, session.user_id, sessionId),
      expiresIn: ACCESS_TOKEN_SECONDS,
      refreshToken: next.text,
    };
  };
