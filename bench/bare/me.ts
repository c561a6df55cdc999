import type { IncomingMessage } from 'node:http';
import { readAccessToken } from './access-tokens.js';
import type { Run, Statement } from './database.js';
import { Refusal } from './http.js';

/** The session and its user in one question. */
const HOLDER: Statement = {
  name: 'holder',
  text: `
  select u.id, u.status, u.nickname, u.avatar_url, u.phone, u.metadata, u.created_at, u.updated_at
  from sessions s join users u on u.app_id = s.app_id and u.id = s.user_id
  where s.app_id = $1 and s.id = $2 and s.revoked_at is null and s.expires_at > now()`,
};

interface Row {
  [column: string]: unknown;
  id: string;
  status: string;
  nickname: string | null;
  avatar_url: string | null;
  phone: string | null;
  metadata: Record<string, string>;
  created_at: Date;
  updated_at: Date;
}

/** `GET /v1/me` */
export const meRoute =
  (run: Run) =>
  async (request: IncomingMessage): Promise<object> => {
    const [scheme, token] = request.headers.authorization?.split(' ') ?? [];
    if (scheme?.toLowerCase() !== 'bearer' || !token) throw new Refusal(401, 'unauthenticated');
    const { aud, sid } = readAccessToken(token);
    const [user] = await run<Row>(HOLDER, [aud, sid]);
    if (!user) throw new Refusal(401, 'session_revoked');
    const { id, status, nickname, avatar_url: avatarUrl, phone, metadata, created_at, updated_at } = user;
    const [createdAt, updatedAt] = [created_at.toISOString(), updated_at.toISOString()];
    return { id, status, nickname, avatarUrl, phone, metadata, createdAt, updatedAt };
  };
