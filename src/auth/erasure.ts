import { Injectable } from '@nestjs/common';
import { notFound } from '../common/problems.js';
import { Clock } from '../common/clock.js';
import { Database, statement, type Tx } from '../database/database.js';
import { Announcer } from '../events/announce.js';
import { Relay } from '../events/relay.js';
import { Audit } from '../tenancy/audit.js';
import type { RequestContext } from '../tenancy/caller.js';
import { UserListeners, type UserRef } from './user-listener.js';

const ERASE = statement(`
  update users set status = 'erased', nickname = null, avatar_url = null, phone = null, phone_hash = null,
    metadata = '{}', updated_at = $3, sequence = sequence + 1
  where app_id = $1 and id = $2 and status = 'active'
  returning sequence`);
const KNOWN = statement(`select id from users where app_id = $1 and id = $2 and status = 'active'`);
const ERASED_TOO = [
  statement(`delete from identities where app_id = $1 and user_id = $2`),
  statement(`delete from unionids where app_id = $1 and user_id = $2`),
  statement(`delete from sessions where app_id = $1 and user_id = $2`),
];

/** The right to be forgotten (PIPL, article 47): ids stay, so that books and events remain consistent; the person goes. */
@Injectable()
export class Erasure {
  constructor(
    private readonly db: Database,
    private readonly clock: Clock,
    private readonly listeners: UserListeners,
    private readonly audit: Audit,
    private readonly announcer: Announcer,
    private readonly relay: Relay,
  ) {}

  /** First ends what the user holds at the platforms, then erases. Done again it changes nothing. */
  async erase(user: UserRef, context: RequestContext): Promise<void> {
    const { appId, userId } = user;
    if ((await this.db.run(KNOWN, [appId, userId])).length === 0) throw notFound('user', userId);
    await this.listeners.beforeErasure(user);
    await this.db.transaction((tx) => this.#erase(tx, user, context));
    this.relay.nudge();
  }

  async #erase(tx: Tx, user: UserRef, context: RequestContext): Promise<void> {
    const { appId, userId } = user;
    const [erased] = await this.db.run<{ sequence: number }>(ERASE, [appId, userId, this.clock.now()], tx);
    if (!erased) return;
    for (const removal of ERASED_TOO) await this.db.run(removal, [appId, userId], tx);
    await this.listeners.onErased(tx, user);
    await this.audit.record(tx, context, { appId, action: 'user.erase', target: userId });
    await this.announcer.announce(tx, {
      appId,
      type: 'user.erased',
      stream: { type: 'user', id: userId },
      sequence: erased.sequence,
      data: { userId },
    });
  }
}
