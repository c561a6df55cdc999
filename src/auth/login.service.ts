import { Injectable } from '@nestjs/common';
import { Clock } from '../common/clock.js';
import { type Id, newId } from '../common/ids.js';
import { problem } from '../common/problems.js';
import { Sealer } from '../common/seal.js';
import { Database, type Tx } from '../database/database.js';
import { Relay } from '../events/relay.js';
import { PlatformError } from '../platforms/errors.js';
import type { PlatformAccount, PlatformPerson } from '../platforms/platform.js';
import { Platforms } from '../platforms/registry.js';
import type { AppCaller, RequestContext } from '../tenancy/caller.js';
import { Idempotency, shownAgain } from '../tenancy/idempotency.js';
import { PlatformAccounts } from '../tenancy/platform-accounts.service.js';
import { RateLimits } from '../tenancy/rate-limits.js';
import type { Login, LoginResult, Tokens } from './auth.schemas.js';
import { sealedSessionKey } from './identities.js';
import { LOGIN, type LoginRow } from './login.sql.js';
import { type RefreshToken, RefreshTokens } from './refresh-tokens.js';
import { SESSION_MS, Sessions } from './sessions.js';
import { Unions } from './unions.js';

/** A new person whom several requests bring at once is made by one; the others find them at the next try. */
const TRIES = 5;
const FOREIGN_KEY_VIOLATION = '23503';

/** From a client's code to a session. */
@Injectable()
export class Logins {
  constructor(
    private readonly db: Database,
    private readonly clock: Clock,
    private readonly sealer: Sealer,
    private readonly accounts: PlatformAccounts,
    private readonly platforms: Platforms,
    private readonly unions: Unions,
    private readonly refreshTokens: RefreshTokens,
    private readonly sessions: Sessions,
    private readonly idempotency: Idempotency,
    private readonly limits: RateLimits,
    private readonly relay: Relay,
  ) {}

  async login({ app }: AppCaller, body: Login, context: RequestContext): Promise<LoginResult> {
    await this.limits.take('loginByAddress', context.ip);
    const key = context.idempotency;
    const earlier = key && (await this.idempotency.reserve(key));
    // What was shown is kept sealed as it was, tokens and all: nothing in the database could build it anew.
    if (earlier) return JSON.parse(shownAgain(earlier)) as LoginResult;
    try {
      const account = await this.accounts.resolve(app, body.platform, body.platformAppId);
      return await this.#enter(account, await this.#exchange(account, body, context), context);
    } catch (error) {
      if (key) await this.idempotency.forget(key);
      throw error;
    }
  }

  /** Asks the platform who came; addresses that bring too many refused codes are slowed down. */
  async #exchange(account: PlatformAccount, body: Login, { ip }: RequestContext): Promise<PlatformPerson> {
    await this.limits.check('refusedCodes', ip);
    const { code, anonymousCode } = body;
    try {
      return await this.platforms.login(account.platform).exchange(account, {
        ...(code === undefined ? {} : { code }),
        ...(anonymousCode === undefined ? {} : { anonymousCode }),
      });
    } catch (error) {
      if (error instanceof PlatformError && error.problem === 'login_code_invalid') {
        await this.limits.take('refusedCodes', ip);
      }
      throw error;
    }
  }

  async #enter(account: PlatformAccount, person: PlatformPerson, context: RequestContext): Promise<LoginResult> {
    await this.unions.beforeLogin(account, person);
    const token = await this.refreshTokens.issue(account.appId, newId('session'));
    const session = { token, tokensFor: await this.sessions.issuer(token) };
    const key = context.idempotency;
    const { row, result } = key
      ? await this.db.transaction(async (tx) => {
          const entered = await this.#open(account, person, session, context, tx);
          await this.idempotency.complete(key, token.sessionId, JSON.stringify(entered.result), tx);
          return entered;
        })
      : await this.#open(account, person, session, context);
    if (row.is_new) this.relay.nudge();
    if (person.unionid !== undefined && row.unionid !== person.unionid) {
      await this.unions.appeared(account, {
        userId: row.user_id,
        identityId: row.identity_id,
        unionid: person.unionid,
      });
    }
    return result;
  }

  async #open(
    account: PlatformAccount,
    person: PlatformPerson,
    { token, tokensFor }: { token: RefreshToken; tokensFor: (userId: string) => Tokens },
    context: RequestContext,
    tx?: Tx,
  ) {
    const row = await this.#record(account, person, token, context, tx);
    return { row, result: toResult(tokensFor(row.user_id), row, account, person) };
  }

  async #record(
    account: PlatformAccount,
    person: PlatformPerson,
    token: RefreshToken,
    context: RequestContext,
    tx?: Tx,
  ): Promise<LoginRow> {
    for (let attempt = 1; attempt <= TRIES; attempt++) {
      const values = this.#values(account, person, token, context);
      // A failed statement ends a transaction, so a loser's foreign key is met with a savepoint there.
      const run = tx
        ? tx.transaction((inner) => this.db.run<LoginRow>(LOGIN, values, inner))
        : this.db.run<LoginRow>(LOGIN, values);
      const [row] = await run.catch((error: unknown) => {
        if ((error as { code?: unknown }).code === FOREIGN_KEY_VIOLATION) return [];
        throw error;
      });
      if (row) return row;
    }
    throw problem('unavailable', 'This person is logging in too often at once. Try again.', { retryAfter: 1 });
  }

  #values(account: PlatformAccount, person: PlatformPerson, token: RefreshToken, { ip, userAgent }: RequestContext) {
    const { appId, id, platform, platformAppId } = account;
    const openid = person.openid ?? person.anonymousOpenid;
    if (openid === undefined) throw new Error(`${platform} gave a person without an id`);
    const now = this.clock.now();
    const userId: Id<'user'> = newId('user');
    return [
      appId,
      platform,
      platformAppId,
      openid,
      person.unionid ?? null,
      sealedSessionKey(this.sealer, account, openid, person.sessionKey),
      userId,
      newId('identity'),
      token.sessionId,
      newId('event'),
      token.hash,
      now,
      id,
      person.openid === undefined,
      person.anonymousOpenid ?? null,
      person.alternateOpenid ?? null,
      new Date(now.getTime() + SESSION_MS),
      ip,
      userAgent ?? null,
    ] as const;
  }
}

const toResult = (
  tokens: Tokens,
  row: LoginRow,
  { platform, platformAppId }: PlatformAccount,
  { openid, anonymousOpenid, unionid }: PlatformPerson,
): LoginResult => ({
  ...tokens,
  user: { id: row.user_id, isNew: row.is_new, nickname: row.nickname, avatarUrl: row.avatar_url },
  identity: {
    id: row.identity_id,
    platform,
    platformAppId,
    openid: openid ?? anonymousOpenid ?? '',
    ...(unionid === undefined ? {} : { unionid }),
    anonymous: openid === undefined,
  },
});
