import { Injectable } from '@nestjs/common';
import { Database, type Tx } from '../database/database.js';
import { Announcer } from '../events/announce.js';
import { Relay } from '../events/relay.js';
import type { PlatformAccount, PlatformPerson } from '../platforms/platform.js';
import { CLAIM_UNIONID, MIGRATE, PROMOTE, RAISE_USER, SET_UNIONID } from './login.sql.js';

/** Leaves a transaction whose identity has the unionid already, or another user: its claim must not stay. */
class Overtaken extends Error {}

/** Keeps one person one user while the platforms' ids for them change or appear later. */
@Injectable()
export class Unions {
  constructor(
    private readonly db: Database,
    private readonly announcer: Announcer,
    private readonly relay: Relay,
  ) {}

  /** Gives an identity that is known under an earlier id its new one, so that the login finds it. */
  async beforeLogin({ appId, platform, platformAppId }: PlatformAccount, person: PlatformPerson): Promise<void> {
    const { openid, anonymousOpenid, alternateOpenid } = person;
    if (openid === undefined) return;
    const at = [appId, platform, platformAppId] as const;
    if (alternateOpenid !== undefined) {
      await this.db.run(MIGRATE, [...at, alternateOpenid, openid]).catch(unlessKnown);
    }
    if (anonymousOpenid !== undefined) {
      await this.db
        .transaction(async (tx) => {
          const [promoted] = await this.db.run<{ id: string; user_id: string }>(
            PROMOTE,
            [...at, anonymousOpenid, openid],
            tx,
          );
          if (promoted) await this.#announceLinked(tx, appId, platform, promoted.user_id, promoted.id);
        })
        .catch(unlessKnown);
    }
  }

  /** A unionid came with an identity that was known without it: it joins, or shows that two users are one person. */
  async appeared(
    { appId, platform }: PlatformAccount,
    { userId, identityId, unionid }: { userId: string; identityId: string; unionid: string },
  ): Promise<void> {
    const claim = async (tx: Tx): Promise<void> => {
      const [owner] = await this.db.run<{ user_id: string }>(CLAIM_UNIONID, [appId, platform, unionid, userId], tx);
      if ((await this.db.run(SET_UNIONID, [appId, identityId, unionid, userId], tx)).length === 0)
        throw new Overtaken();
      if (!owner || owner.user_id === userId) return;
      await this.#announceDuplicate(tx, appId, { userId, otherUserId: owner.user_id, platform });
    };
    await this.db.transaction(claim).catch((error: unknown) => {
      if (!(error instanceof Overtaken)) throw error;
    });
    this.relay.nudge();
  }

  async #announceDuplicate(
    tx: Tx,
    appId: string,
    data: { userId: string; otherUserId: string; platform: string },
  ): Promise<void> {
    const [user] = await this.db.run<{ sequence: number }>(RAISE_USER, [appId, data.userId], tx);
    if (!user) return;
    await this.announcer.announce(tx, {
      appId,
      type: 'user.duplicate_found',
      stream: { type: 'user', id: data.userId },
      sequence: user.sequence,
      data,
    });
  }

  async #announceLinked(tx: Tx, appId: string, platform: string, userId: string, identityId: string): Promise<void> {
    const [user] = await this.db.run<{ sequence: number }>(RAISE_USER, [appId, userId], tx);
    if (!user) return;
    await this.announcer.announce(tx, {
      appId,
      type: 'identity.linked',
      stream: { type: 'user', id: userId },
      sequence: user.sequence,
      object: { type: 'identity', id: identityId },
      data: { userId, platform, identityId },
    });
  }
}

const UNIQUE_VIOLATION = '23505';
/** Another login has just made the identity with the new id: the one with the earlier id stays what it is. */
function unlessKnown(error: unknown): void {
  if ((error as { code?: unknown }).code !== UNIQUE_VIOLATION) throw error;
}
