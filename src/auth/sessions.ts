import { Injectable } from '@nestjs/common';
import { Clock } from '../common/clock.js';
import { notFound, problem } from '../common/problems.js';
import { Database, statement, type Tx } from '../database/database.js';
import { Announcer } from '../events/announce.js';
import { Relay } from '../events/relay.js';
import type { RequestContext, UserCaller } from '../tenancy/caller.js';
import { Idempotency, type IdempotencyKey } from '../tenancy/idempotency.js';
import { ACCESS_TOKEN_SECONDS, AccessTokens } from './access-tokens.js';
import type { Tokens } from './auth.schemas.js';
import { RAISE_USER } from './login.sql.js';
import type { ExportedSession, SessionView } from './me.schemas.js';
import { type RefreshToken, RefreshTokens } from './refresh-tokens.js';

/** A session that is not refreshed for this long ends. */
export const SESSION_MS = 60 * 24 * 3_600_000;
/** Mini-programs lose answers on bad networks: this long, a repeat with the same key gets the same tokens. */
const MERCY_MS = 60_000;

export type RevokeReason = 'logout' | 'revoked' | 'refresh_token_reused' | 'identity_unlinked' | 'user_erased';

const ROTATE = statement(`
  update sessions set token_hash = $4, previous_hash = $3, successor_key = $5, refreshed_at = $6, expires_at = $7
  where app_id = $1 and id = $2 and token_hash = $3 and revoked_at is null and expires_at > $6
  returning user_id`);
const INSPECT = statement(`
  select user_id, token_hash, previous_hash, successor_key, refreshed_at, expires_at, revoked_at
  from sessions where app_id = $1 and id = $2`);
const CHECK = statement(`
  select user_id, identity_id from sessions
  where app_id = $1 and id = $2 and revoked_at is null and expires_at > $3`);
const REVOKE = statement(`
  update sessions set revoked_at = $4, revoked_reason = $5, previous_hash = null, successor_key = null
  where app_id = $1 and id = $2 and ($3::text is null or user_id = $3) and revoked_at is null
  returning id, user_id`);
const LIVE = statement(`
  select id, identity_id, created_at, refreshed_at, expires_at, ip, user_agent from sessions
  where app_id = $1 and user_id = $2 and revoked_at is null and expires_at > $3
  order by refreshed_at desc limit 100`);
const EVERY = statement(`
  select id, identity_id, created_at, refreshed_at, expires_at, ip, user_agent, revoked_at, revoked_reason
  from sessions where app_id = $1 and user_id = $2 order by created_at desc, id desc`);
/** In one order, so that two who end the same sessions wait for each other only one way. */
const OTHERS = statement(`
  select id from sessions
  where app_id = $1 and user_id = $2 and id <> $3 and revoked_at is null and expires_at > $4
  order by id for no key update`);

interface Row {
  [column: string]: unknown;
  user_id: string;
  token_hash: Buffer;
  previous_hash: Buffer | null;
  successor_key: Buffer | null;
  refreshed_at: Date;
  expires_at: Date;
  revoked_at: Date | null;
}

/** A login and its chain of refresh tokens, each good for one use. */
@Injectable()
export class Sessions {
  constructor(
    private readonly db: Database,
    private readonly clock: Clock,
    private readonly refreshTokens: RefreshTokens,
    private readonly accessTokens: AccessTokens,
    private readonly idempotency: Idempotency,
    private readonly announcer: Announcer,
    private readonly relay: Relay,
  ) {}

  /** Exchanges a refresh token for its successor. Reuse ends the session. */
  async refresh(text: string, idempotency: IdempotencyKey | undefined): Promise<Tokens> {
    const token = await this.refreshTokens.read(text);
    if (!token) throw unknownToken();
    const next = await this.refreshTokens.successor(token, idempotency?.key);
    const now = this.clock.now();
    const expiresAt = new Date(now.getTime() + SESSION_MS);
    const key = idempotency ? Buffer.from(idempotency.key) : null;
    const [rotated] = await this.db.run<{ user_id: string }>(ROTATE, [
      token.appId,
      token.sessionId,
      token.hash,
      next.hash,
      key,
      now,
      expiresAt,
    ]);
    const userId = rotated?.user_id ?? (await this.#mercy(token, next, key));
    if (!rotated && idempotency) idempotency.replayed = true;
    return (await this.issuer(next))(userId);
  }

  /** Makes the pair of tokens that a client gets, once it is known whose session it is; asks nobody for anything then. */
  async issuer({ appId, sessionId, text }: RefreshToken): Promise<(userId: string) => Tokens> {
    const sign = await this.accessTokens.signer();
    return (userId) => ({
      accessToken: sign({ appId, userId, sessionId }),
      expiresIn: ACCESS_TOKEN_SECONDS,
      refreshToken: text,
    });
  }

  /** Who holds a session that lives; undefined when it has ended. */
  async holder(appId: string, id: string): Promise<{ userId: string; identityId: string } | undefined> {
    const [row] = await this.db.run<{ user_id: string; identity_id: string }>(CHECK, [appId, id, this.clock.now()]);
    return row && { userId: row.user_id, identityId: row.identity_id };
  }

  async list({ app, userId, sessionId }: UserCaller): Promise<{ data: SessionView[]; nextCursor: null }> {
    const rows = await this.db.run<ListRow>(LIVE, [app.id, userId, this.clock.now()]);
    return { data: rows.map((row) => toView(row, sessionId)), nextCursor: null };
  }

  /** For the person's own copy: also the sessions that have ended. */
  async export({ app, userId, sessionId }: UserCaller): Promise<ExportedSession[]> {
    const rows = await this.db.run<ListRow & { revoked_at: Date | null; revoked_reason: string | null }>(EVERY, [
      app.id,
      userId,
    ]);
    return rows.map((row) => ({
      ...toView(row, sessionId),
      revokedAt: row.revoked_at?.toISOString() ?? null,
      revokedReason: row.revoked_reason,
    }));
  }

  async logout({ app, sessionId }: UserCaller): Promise<void> {
    await this.#end(app.id, sessionId, null, 'logout');
  }

  /** Ends one of the user's own sessions. Throws `session_not_found`. */
  async revoke({ app, userId }: UserCaller, id: string, { idempotency }: RequestContext): Promise<void> {
    await this.idempotency.once(
      idempotency,
      async (tx) => {
        if (!(await this.endIn(tx, app.id, id, userId, 'revoked'))) throw notFound('session', id);
        return { id, result: undefined };
      },
      async () => undefined,
    );
    this.relay.nudge();
  }

  /** Ends every session of the user but the one that asks. */
  async revokeOthers({ app, userId, sessionId }: UserCaller, { idempotency }: RequestContext): Promise<void> {
    await this.idempotency.once(
      idempotency,
      async (tx) => {
        const others = await this.db.run<{ id: string }>(OTHERS, [app.id, userId, sessionId, this.clock.now()], tx);
        for (const { id } of others) await this.endIn(tx, app.id, id, userId, 'revoked');
        return { id: sessionId, result: undefined };
      },
      async () => undefined,
    );
    this.relay.nudge();
  }

  /** Ends a session within `tx` and announces it. False when it had ended already. */
  async endIn(tx: Tx, appId: string, id: string, userId: string | null, reason: RevokeReason): Promise<boolean> {
    const [ended] = await this.db.run<{ user_id: string }>(REVOKE, [appId, id, userId, this.clock.now(), reason], tx);
    if (!ended) return false;
    const [user] = await this.db.run<{ sequence: number }>(RAISE_USER, [appId, ended.user_id], tx);
    if (user) {
      await this.announcer.announce(tx, {
        appId,
        type: 'session.revoked',
        stream: { type: 'user', id: ended.user_id },
        sequence: user.sequence,
        object: { type: 'session', id },
        data: { userId: ended.user_id, sessionId: id, reason },
      });
    }
    return true;
  }

  async #end(appId: string, id: string, userId: string | null, reason: RevokeReason): Promise<boolean> {
    const ended = await this.db.transaction((tx) => this.endIn(tx, appId, id, userId, reason));
    if (ended) this.relay.nudge();
    return ended;
  }

  /** Why a token could not be rotated: a repeat to be forgiven, or a reuse that ends the session. */
  async #mercy(token: RefreshToken, next: RefreshToken, key: Buffer | null): Promise<string> {
    const [session] = await this.db.run<Row>(INSPECT, [token.appId, token.sessionId]);
    const now = this.clock.now().getTime();
    if (!session || session.expires_at.getTime() <= now) throw unknownToken();
    if (session.revoked_at) throw problem('session_revoked', 'This session has ended. Log in again.');
    const repeated =
      key !== null &&
      session.successor_key?.equals(key) &&
      session.previous_hash?.equals(token.hash) &&
      session.token_hash.equals(next.hash);
    if (repeated && now - session.refreshed_at.getTime() < MERCY_MS) return session.user_id;
    await this.#end(token.appId, token.sessionId, null, 'refresh_token_reused');
    throw problem('refresh_token_reused', 'This refresh token was used before; its session has ended. Log in again.');
  }
}

const unknownToken = () =>
  problem('refresh_token_invalid', 'This refresh token is unknown or has expired. Log in again.');

interface ListRow {
  [column: string]: unknown;
  id: string;
  identity_id: string;
  created_at: Date;
  refreshed_at: Date;
  expires_at: Date;
  ip: string | null;
  user_agent: string | null;
}

const toView = (row: ListRow, current: string): SessionView => ({
  id: row.id,
  identityId: row.identity_id,
  current: row.id === current,
  ip: row.ip,
  userAgent: row.user_agent,
  createdAt: row.created_at.toISOString(),
  refreshedAt: row.refreshed_at.toISOString(),
  expiresAt: row.expires_at.toISOString(),
});
