import { Injectable } from '@nestjs/common';
import { Clock } from '../common/clock.js';
import { problem } from '../common/problems.js';
import { Platforms } from '../platforms/registry.js';
import type { RequestContext, UserCaller } from '../tenancy/caller.js';
import { Idempotency } from '../tenancy/idempotency.js';
import { PlatformAccounts } from '../tenancy/platform-accounts.service.js';
import { Identities } from './identities.js';
import type { SetPhone, SetProfile, UserExport, UserView } from './me.schemas.js';
import { Sessions } from './sessions.js';
import { Unions } from './unions.js';
import { UserListeners } from '../tenancy/user-listeners.js';
import { type UserChanges, Users } from './users.service.js';

/** What a user tells about themselves, where a platform has to vouch for it. */
@Injectable()
export class Me {
  constructor(
    private readonly users: Users,
    private readonly identities: Identities,
    private readonly sessions: Sessions,
    private readonly accounts: PlatformAccounts,
    private readonly platforms: Platforms,
    private readonly unions: Unions,
    private readonly listeners: UserListeners,
    private readonly idempotency: Idempotency,
    private readonly clock: Clock,
  ) {}

  /** Stores the phone number that the platform vouches for. */
  setPhone(caller: UserCaller, body: SetPhone, context: RequestContext): Promise<UserView> {
    return this.#vouched(caller, context, async () => {
      const account = await this.accounts.resolve(caller.app, body.platform, body.platformAppId);
      const identity = await this.identities.at(caller, account);
      const sessionKey = this.identities.sessionKey(identity);
      const { code, encryptedData, iv } = body;
      const proof =
        code === undefined ? { encryptedData: encryptedData!, ...(iv === undefined ? {} : { iv }) } : { code };
      const { number } = await this.platforms.phone(body.platform).phone(account, proof, {
        openid: identity.openid,
        ...(sessionKey === undefined ? {} : { sessionKey }),
      });
      return { phone: number };
    });
  }

  /** Stores nickname and avatar from the client's signed data; a unionid in it joins the identity to its owner. */
  setProfile(caller: UserCaller, body: SetProfile, context: RequestContext): Promise<UserView> {
    return this.#vouched(caller, context, async () => {
      const account = await this.accounts.resolve(caller.app, body.platform, body.platformAppId);
      const identity = await this.identities.at(caller, account);
      const sessionKey = this.identities.sessionKey(identity);
      if (sessionKey === undefined) throw problem('identity_not_found', 'Log in there again: no session key is known.');
      const { rawData, signature, encryptedData, iv } = body;
      const encrypted =
        encryptedData === undefined ? {} : { encrypted: { encryptedData, ...(iv === undefined ? {} : { iv }) } };
      const { nickname, avatarUrl, unionid } = this.platforms
        .profile(body.platform)
        .profile(account, { rawData, signature, ...encrypted }, sessionKey);
      if (unionid !== undefined && unionid !== identity.unionid) {
        await this.unions.appeared(account, { userId: caller.userId, identityId: identity.id, unionid });
      }
      return { ...(nickname ? { nickname } : {}), ...(avatarUrl ? { avatarUrl } : {}) };
    });
  }

  /** Everything that is kept about the user, each domain's part under its name. */
  async export(caller: UserCaller): Promise<UserExport> {
    const user = { appId: caller.app.id, userId: caller.userId };
    return {
      exportedAt: this.clock.now().toISOString(),
      user: await this.users.get(user),
      identities: await this.identities.export(user),
      sessions: await this.sessions.export(caller),
      ...(await this.listeners.export(user)),
    };
  }

  /** Asks first and stores then; a repeat with the same key asks nobody, as codes are good for one use. */
  async #vouched(
    { app, userId }: UserCaller,
    { idempotency: key }: RequestContext,
    ask: () => Promise<UserChanges>,
  ): Promise<UserView> {
    const user = { appId: app.id, userId };
    if (key && (await this.idempotency.reserve(key))) return this.users.get(user);
    try {
      return await this.users.record(user, await ask(), key);
    } catch (error) {
      if (key) await this.idempotency.forget(key);
      throw error;
    }
  }
}
