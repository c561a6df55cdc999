import { Injectable } from '@nestjs/common';
import { newId } from '../common/ids.js';
import { notFound, problem } from '../common/problems.js';
import { Sealer, type SealedPlace } from '../common/seal.js';
import { Clock } from '../common/clock.js';
import { Database, statement, type Tx } from '../database/database.js';
import { Announcer } from '../events/announce.js';
import type { EventType } from '../events/event-types.js';
import { Relay } from '../events/relay.js';
import type { PlatformAccount, PlatformCode } from '../platforms/platform.js';
import { Platforms } from '../platforms/registry.js';
import type { RequestContext, UserCaller } from '../tenancy/caller.js';
import { Idempotency } from '../tenancy/idempotency.js';
import { PlatformAccounts } from '../tenancy/platform-accounts.service.js';
import type { IdentityView } from './auth.schemas.js';
import { IdentityRow } from './identity.entity.js';
import { lockUsers } from './locks.js';
import { CLAIM_UNIONID, LINK, RAISE_USER } from './login.sql.js';
import type { ExportedIdentity, LinkIdentity } from './me.schemas.js';
import { Sessions } from './sessions.js';
import type { UserRef } from '../tenancy/user-listeners.js';

const SESSIONS_OF = statement(`
  select id from sessions where app_id = $1 and identity_id = $2 and revoked_at is null`);
/** Frees a unionid when no identity of the user has it any more. */
const FREE_UNIONID = statement(`
  delete from unionids where app_id = $1 and platform = $2 and unionid = $3 and user_id = $4
    and not exists (
      select from identities where app_id = $1 and platform = $2 and unionid = $3 and user_id = $4)`);

/** The mini-programs that a user comes from. */
@Injectable()
export class Identities {
  constructor(
    private readonly db: Database,
    private readonly clock: Clock,
    private readonly sealer: Sealer,
    private readonly accounts: PlatformAccounts,
    private readonly platforms: Platforms,
    private readonly sessions: Sessions,
    private readonly idempotency: Idempotency,
    private readonly announcer: Announcer,
    private readonly relay: Relay,
  ) {}

  async list(user: UserRef): Promise<IdentityView[]> {
    return (await this.#all(user)).map(toView);
  }

  /** For the person's own copy: also the ids by which platforms knew them before. */
  async export(user: UserRef): Promise<ExportedIdentity[]> {
    return (await this.#all(user)).map((row) => ({
      ...toView(row),
      alternateOpenid: row.alternateOpenid,
      anonymousOpenid: row.anonymousOpenid,
      createdAt: row.createdAt.toISOString(),
      lastLoginAt: row.lastLoginAt.toISOString(),
    }));
  }

  /**
   * The identity by which this caller would use an account: the one of the session when it fits, else the user's there.
   * Throws `identity_not_found` when the user has never come from that mini-program.
   */
  async at({ app, userId, identityId }: UserCaller, account: PlatformAccount): Promise<IdentityRow> {
    const rows = await this.db.dataSource.manager.findBy(IdentityRow, {
      appId: app.id,
      userId,
      platform: account.platform,
      platformAppId: account.platformAppId,
    });
    const row = rows.find(({ id }) => id === identityId) ?? rows[0];
    if (!row) throw problem('identity_not_found', `This user has not logged in at ${account.platformAppId}.`);
    return row;
  }

  /** The session key of the identity's latest login; undefined where the platform has none. */
  sessionKey(row: IdentityRow): string | undefined {
    return row.sessionKey === null ? undefined : this.sealer.open(row.sessionKey, sessionKeyPlace(row));
  }

  /** Adds a mini-program to the user by a login code from there. */
  async link(caller: UserCaller, body: LinkIdentity, { idempotency: key }: RequestContext): Promise<IdentityView> {
    const earlier = key && (await this.idempotency.reserve(key));
    if (earlier) return this.get(caller, earlier.resourceId);
    try {
      const account = await this.accounts.resolve(caller.app, body.platform, body.platformAppId);
      const { openid, unionid, sessionKey } = await this.platforms
        .login(body.platform)
        .exchange(account, { code: body.code });
      if (openid === undefined)
        throw problem('identity_not_found', 'Only a person who is logged in there can be linked.');
      const id = await this.db.transaction(async (tx) => {
        const linked = await this.#link(tx, caller, account, { openid, unionid, sessionKey });
        if (key) await this.idempotency.complete(key, linked, undefined, tx);
        return linked;
      });
      this.relay.nudge();
      return await this.get(caller, id);
    } catch (error) {
      if (key) await this.idempotency.forget(key);
      throw error;
    }
  }

  /** Takes a mini-program away from the user and ends the sessions that came from it. Never the last one. */
  async unlink({ app, userId }: UserCaller, id: string, { idempotency }: RequestContext): Promise<void> {
    const user = { appId: app.id, userId };
    await this.idempotency.once(
      idempotency,
      async (tx) => {
        await lockUsers(this.db, tx, app.id, [userId]);
        const rows = await tx.findBy(IdentityRow, user);
        const row = rows.find((one) => one.id === id);
        if (!row) throw notFound('identity', id);
        if (rows.length === 1) throw problem('last_identity', 'This is the only way this user can log in.');
        await tx.delete(IdentityRow, { appId: app.id, id });
        if (row.unionid !== null) await this.db.run(FREE_UNIONID, [app.id, row.platform, row.unionid, userId], tx);
        await this.#announce(tx, 'identity.unlinked', user, await this.#raise(tx, user), row);
        for (const session of await this.db.run<{ id: string }>(SESSIONS_OF, [app.id, id], tx)) {
          await this.sessions.endIn(tx, app.id, session.id, userId, 'identity_unlinked');
        }
        return { id, result: undefined };
      },
      async () => undefined,
    );
    this.relay.nudge();
  }

  async get({ app, userId }: UserCaller, id: string): Promise<IdentityView> {
    const row = await this.db.dataSource.manager.findOneBy(IdentityRow, { appId: app.id, userId, id });
    if (!row) throw notFound('identity', id);
    return toView(row);
  }

  #all({ appId, userId }: UserRef): Promise<IdentityRow[]> {
    return this.db.dataSource.manager.find(IdentityRow, { where: { appId, userId }, order: { id: 'ASC' } });
  }

  async #link(
    tx: Tx,
    { app, userId }: UserCaller,
    account: PlatformAccount,
    person: { openid: string; unionid: string | undefined; sessionKey: string | undefined },
  ): Promise<string> {
    const { openid, unionid, sessionKey } = person;
    const { platform, platformAppId } = account;
    const user = { appId: app.id, userId };
    if (unionid !== undefined) {
      const [owner] = await this.db.run<{ user_id: string }>(CLAIM_UNIONID, [app.id, platform, unionid, userId], tx);
      if (owner?.user_id !== userId) throw taken();
    }
    const fresh = newId('identity');
    const [linked] = await this.db.run<{ id: string }>(
      LINK,
      [
        app.id,
        fresh,
        userId,
        account.id,
        platform,
        platformAppId,
        openid,
        unionid ?? null,
        sealedSessionKey(this.sealer, account, openid, sessionKey),
        this.clock.now(),
      ],
      tx,
    );
    if (!linked) throw taken();
    if (linked.id === fresh) {
      await this.#announce(tx, 'identity.linked', user, await this.#raise(tx, user), { id: fresh, platform });
    }
    return linked.id;
  }

  async #raise(tx: Tx, { appId, userId }: UserRef): Promise<number> {
    const [user] = await this.db.run<{ sequence: number }>(RAISE_USER, [appId, userId], tx);
    if (!user) throw problem('user_gone', 'This user is merged or erased.');
    return user.sequence;
  }

  #announce(
    tx: Tx,
    type: EventType,
    { appId, userId }: UserRef,
    sequence: number,
    { id, platform }: Pick<IdentityRow, 'id' | 'platform'>,
  ) {
    return this.announcer.announce(tx, {
      appId,
      type,
      stream: { type: 'user', id: userId },
      sequence,
      object: { type: 'identity', id },
      data: { userId, platform, identityId: id },
    });
  }
}

const taken = () => problem('identity_taken', 'This person is another user of the app; the server can merge the two.');

/** Seals a session key for the identity that has, or will have, this openid. */
export const sealedSessionKey = (
  sealer: Sealer,
  { appId, platform, platformAppId }: { appId: string; platform: PlatformCode; platformAppId: string },
  openid: string,
  sessionKey: string | undefined,
): string | null =>
  sessionKey === undefined
    ? null
    : sealer.seal(sessionKey, sessionKeyPlace({ appId, platform, platformAppId, openid }));

/** By the natural key: a login seals before it knows whether the identity exists. */
export const sessionKeyPlace = (
  row: Pick<IdentityRow, 'appId' | 'platform' | 'platformAppId' | 'openid'>,
): SealedPlace => ({
  app: row.appId,
  table: 'identities',
  row: `${row.platform}/${row.platformAppId}/${row.openid}`,
  column: 'session_key',
});

const toView = (row: IdentityRow): IdentityView => ({
  id: row.id,
  platform: row.platform,
  platformAppId: row.platformAppId,
  openid: row.openid,
  ...(row.unionid === null ? {} : { unionid: row.unionid }),
  anonymous: row.anonymous,
});
