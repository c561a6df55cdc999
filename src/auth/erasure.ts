import { Injectable } from '@nestjs/common';
import { notFound, problem } from '../common/problems.js';
import { Clock } from '../common/clock.js';
import { Database, statement, type Tx } from '../database/database.js';
import { Announcer } from '../events/announce.js';
import { Relay } from '../events/relay.js';
import { Audit } from '../tenancy/audit.js';
import type { RequestContext } from '../tenancy/caller.js';
import { Idempotency } from '../tenancy/idempotency.js';
import { lockUsers } from './locks.js';
import { UserListeners, type UserRef } from '../tenancy/user-listeners.js';

const ERASE = statement(`
  update users set status = 'erased', nickname = null, avatar_url = null, phone = null, phone_hash = null,
    metadata = '{}', updated_at = $3, sequence = sequence + 1
  where app_id = $1 and id = $2 and status = 'active'
  returning sequence`);
const STATUS = statement(`select status from users where app_id = $1 and id = $2`);
/** The answers of logins that can still be replayed hold who logged in. */
const FORGET_ANSWERS = statement(`
  update idempotency_keys set sealed = null
  where app_id = $1 and created_at > now() - interval '10 minutes'
    and resource_id in (select id from sessions where app_id = $1 and user_id = $2)`);
const ERASED_TOO = [
  FORGET_ANSWERS,
  ...['unionids', 'identities', 'sessions'].map((table) =>
    statement(`delete from ${table} where app_id = $1 and user_id = $2`),
  ),
];

/** The right to be forgotten (PIPL, article 47): ids stay, so that books and events remain consistent; the person goes. */
@Injectable()
export class Erasure {
  constructor(
    private readonly db: Database,
    private readonly clock: Clock,
    private readonly listeners: UserListeners,
    private readonly idempotency: Idempotency,
    private readonly audit: Audit,
    private readonly announcer: Announcer,
    private readonly relay: Relay,
  ) {}

  /**
   * First ends what the user holds at the platforms, then erases. Throws `user_not_found`, and `user_gone` for a user who
   * was erased or merged before.
   */
  async erase(user: UserRef, context: RequestContext): Promise<void> {
    const { appId, userId } = user;
    const [known] = await this.db.run<{ status: string }>(STATUS, [appId, userId]);
    if (!known) throw notFound('user', userId);
    if (known.status === 'active') await this.listeners.beforeErasure(user);
    await this.idempotency.once(
      context.idempotency,
      async (tx) => {
        await this.#erase(tx, user, context);
        return { id: userId, result: undefined };
      },
      async () => undefined,
    );
    this.relay.nudge();
  }

  async #erase(tx: Tx, user: UserRef, context: RequestContext): Promise<void> {
    const { appId, userId } = user;
    await lockUsers(this.db, tx, appId, [userId]);
    // The upper domains first: what they hold of the person is found by the identities.
    await this.listeners.onErased(tx, user);
    const [erased] = await this.db.run<{ sequence: number }>(ERASE, [appId, userId, this.clock.now()], tx);
    if (!erased) throw problem('user_gone', 'This user is merged or erased already.');
    for (const removal of ERASED_TOO) await this.db.run(removal, [appId, userId], tx);
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
