import { Injectable } from '@nestjs/common';
import { notFound, problem } from '../common/problems.js';
import { Sealer } from '../common/seal.js';
import { Database, statement, type Tx } from '../database/database.js';
import { Announcer } from '../events/announce.js';
import { Relay } from '../events/relay.js';
import { Audit } from '../tenancy/audit.js';
import type { RequestContext } from '../tenancy/caller.js';
import { Idempotency } from '../tenancy/idempotency.js';
import { lockUsers } from './locks.js';
import { RAISE_USER } from './login.sql.js';
import type { UserView } from './me.schemas.js';
import { UserRow } from './user.entity.js';
import { UserListeners } from '../tenancy/user-listeners.js';
import { phonePlace, Users } from './users.service.js';

const MOVE = ['identities', 'unionids', 'sessions'].map((table) =>
  statement(`update ${table} set user_id = $3 where app_id = $1 and user_id = $2`),
);
const BURY = statement(`
  update users set status = 'merged', merged_into = $3, nickname = null, avatar_url = null, phone = null,
    phone_hash = null, metadata = '{}'
  where app_id = $1 and id = $2`);
/** Tombstones never point to tombstones. */
const REDIRECT = statement(`update users set merged_into = $3 where app_id = $1 and merged_into = $2`);

/** Makes two users one, by the developer's decision. */
@Injectable()
export class Merging {
  constructor(
    private readonly db: Database,
    private readonly sealer: Sealer,
    private readonly users: Users,
    private readonly listeners: UserListeners,
    private readonly idempotency: Idempotency,
    private readonly audit: Audit,
    private readonly announcer: Announcer,
    private readonly relay: Relay,
  ) {}

  /** `from` becomes a tombstone; its identities, sessions and belongings go over to `into`. Gives `into`. */
  async merge(appId: string, from: string, into: string, context: RequestContext): Promise<UserView> {
    if (from === into) throw problem('merge_impossible', 'A user cannot be merged into itself.');
    const view = await this.idempotency
      .once(
        context.idempotency,
        async (tx) => {
          await this.#merge(tx, appId, from, into);
          await this.audit.record(tx, context, { appId, action: 'user.merge', target: from, fields: ['into'] });
          return { id: into, result: undefined };
        },
        async () => undefined,
      )
      .then(() => this.users.get({ appId, userId: into }));
    this.relay.nudge();
    return view;
  }

  async #merge(tx: Tx, appId: string, from: string, into: string): Promise<void> {
    await lockUsers(this.db, tx, appId, [from, into]);
    const source = await this.#active(tx, appId, from);
    const target = await this.#active(tx, appId, into);
    for (const move of MOVE) await this.db.run(move, [appId, from, into], tx);
    await this.#inherit(tx, source, target);
    const [raised] = await this.db.run<{ sequence: number }>(RAISE_USER, [appId, from], tx);
    await this.db.run(BURY, [appId, from, into], tx);
    await this.db.run(REDIRECT, [appId, from, into], tx);
    await this.listeners.onMerged(tx, { appId, userId: from }, { appId, userId: into });
    await this.announcer.announce(tx, {
      appId,
      type: 'user.merged',
      stream: { type: 'user', id: from },
      sequence: raised!.sequence,
      data: { userId: from, intoUserId: into },
    });
  }

  /** What the remaining user does not know yet; its own knowledge wins. */
  async #inherit(tx: Tx, source: UserRow, target: UserRow): Promise<void> {
    const { appId } = target;
    const takesPhone = target.phone === null && source.phone !== null;
    // A sealed value is bound to its row, so it is opened there and sealed here.
    const phone = takesPhone
      ? this.sealer.seal(this.sealer.open(source.phone!, phonePlace(appId, source.id)), phonePlace(appId, target.id))
      : target.phone;
    await tx.update(
      UserRow,
      { appId, id: target.id },
      {
        nickname: target.nickname ?? source.nickname,
        avatarUrl: target.avatarUrl ?? source.avatarUrl,
        phone,
        phoneHash: takesPhone ? source.phoneHash : target.phoneHash,
        metadata: { ...source.metadata, ...target.metadata },
        updatedAt: () => 'now()',
      },
    );
  }

  async #active(tx: Tx, appId: string, id: string): Promise<UserRow> {
    const row = await tx.findOneBy(UserRow, { appId, id });
    if (!row) throw notFound('user', id);
    if (row.status !== 'active') throw problem('merge_impossible', `User ${id} is ${row.status} already.`);
    return row;
  }
}
