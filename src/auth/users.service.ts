import { createHmac } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { LessThan } from 'typeorm';
import { fromCursor, type Page, toPage } from '../common/pagination.js';
import { notFound, problem } from '../common/problems.js';
import { Sealer, type SealedPlace } from '../common/seal.js';
import { Database, statement, type Tx } from '../database/database.js';
import { Announcer } from '../events/announce.js';
import { Relay } from '../events/relay.js';
import type { RequestContext } from '../tenancy/caller.js';
import { Idempotency, type IdempotencyKey } from '../tenancy/idempotency.js';
import { ServerKeys } from '../tenancy/server-keys.js';
import { RAISE_USER } from './login.sql.js';
import type { UpdateUser, UserQuery, UserView } from './me.schemas.js';
import { UserRow } from './user.entity.js';
import type { UserRef } from '../tenancy/user-listeners.js';

/** Follows a tombstone to the user who took over. */
const GET = statement(`
  select app_id as "appId", id, status, nickname, avatar_url as "avatarUrl", phone, metadata,
    created_at as "createdAt", updated_at as "updatedAt"
  from users
  where app_id = $1 and id = (select coalesce(merged_into, id) from users where app_id = $1 and id = $2)`);

type ViewedRow = Pick<
  UserRow,
  'appId' | 'id' | 'status' | 'nickname' | 'avatarUrl' | 'phone' | 'metadata' | 'createdAt' | 'updatedAt'
>;

/** What of a user can be changed; `phone` only by a platform's word. */
export type UserChanges = UpdateUser & { phone?: string };

/** People of an app, as the developer and they themselves see them. */
@Injectable()
export class Users {
  constructor(
    private readonly db: Database,
    private readonly sealer: Sealer,
    private readonly keys: ServerKeys,
    private readonly idempotency: Idempotency,
    private readonly announcer: Announcer,
    private readonly relay: Relay,
  ) {}

  /** The user; for one that was merged, the user who took over. Throws `user_not_found`. */
  async get({ appId, userId }: UserRef): Promise<UserView> {
    const [row] = await this.db.run<ViewedRow>(GET, [appId, userId]);
    if (!row) throw notFound('user', userId);
    return this.#view(row);
  }

  /** Newest first, without those who were merged. */
  async list(appId: string, { limit, cursor, phone }: UserQuery): Promise<Page<UserView>> {
    const users = this.db.dataSource.manager
      .createQueryBuilder(UserRow, 'u')
      .where('u.app_id = :appId and u.merged_into is null', { appId })
      .orderBy('u.id', 'DESC')
      .take(limit + 1);
    if (phone !== undefined) users.andWhere('u.phone_hash = :hash', { hash: await this.#phoneHash(appId, phone) });
    if (cursor !== undefined) users.andWhere({ id: LessThan(fromCursor(cursor, /^usr_[0-9a-f]{32}$/)) });
    return toPage(
      await users.getMany(),
      limit,
      ({ id }) => id,
      (row) => this.#view(row),
    );
  }

  /** Changes what is given and announces the names of the fields, never their values. */
  async update(user: UserRef, changes: UserChanges, { idempotency }: RequestContext): Promise<UserView> {
    if (Object.keys(changes).length === 0) return this.get(user);
    const columns = await this.#columns(user, changes);
    const view = await this.idempotency.once(
      idempotency,
      async (tx) => ({ id: user.userId, result: await this.#change(tx, user, columns, changes) }),
      () => this.get(user),
    );
    this.relay.nudge();
    return view;
  }

  /** Like `update`, of what a platform was asked for after the caller had reserved `key`. */
  async record(user: UserRef, changes: UserChanges, key: IdempotencyKey | undefined): Promise<UserView> {
    if (Object.keys(changes).length === 0) {
      if (key) await this.idempotency.complete(key, user.userId, undefined);
      return this.get(user);
    }
    const columns = await this.#columns(user, changes);
    const view = await this.db.transaction(async (tx) => {
      const changed = await this.#change(tx, user, columns, changes);
      if (key) await this.idempotency.complete(key, user.userId, undefined, tx);
      return changed;
    });
    this.relay.nudge();
    return view;
  }

  async #change(tx: Tx, user: UserRef, columns: Partial<UserRow>, changes: UserChanges): Promise<UserView> {
    const { appId, userId } = user;
    const sequence = await this.#raise(tx, user);
    await tx.update(UserRow, { appId, id: userId }, columns);
    await this.announcer.announce(tx, {
      appId,
      type: 'user.updated',
      stream: { type: 'user', id: userId },
      sequence,
      data: { userId, fields: Object.keys(changes).join(',') },
    });
    return this.#view(await tx.findOneByOrFail(UserRow, { appId, id: userId }));
  }

  async #columns({ appId, userId }: UserRef, { phone, ...plain }: UserChanges): Promise<Partial<UserRow>> {
    const columns: Partial<UserRow> = Object.fromEntries(
      Object.entries(plain).filter(([, value]) => value !== undefined),
    );
    if (phone === undefined) return columns;
    return {
      ...columns,
      phone: this.sealer.seal(phone, phonePlace(appId, userId)),
      phoneHash: await this.#phoneHash(appId, phone),
    };
  }

  async #raise(tx: Tx, { appId, userId }: UserRef): Promise<number> {
    const [user] = await this.db.run<{ sequence: number }>(RAISE_USER, [appId, userId], tx);
    if (user) return user.sequence;
    // By `tx`: who holds a connection must not wait for another one.
    if (!(await tx.existsBy(UserRow, { appId, id: userId }))) throw notFound('user', userId);
    throw problem('user_gone', 'This user is merged or erased.');
  }

  /** Per app, so that equal numbers of two apps do not look equal. */
  async #phoneHash(appId: string, phone: string): Promise<Buffer> {
    return createHmac('sha256', await this.keys.get('phone_lookup'))
      .update(`${appId}\n${phone}`)
      .digest();
  }

  #view(row: ViewedRow): UserView {
    return {
      id: row.id,
      status: row.status === 'erased' ? 'erased' : 'active',
      nickname: row.nickname,
      avatarUrl: row.avatarUrl,
      phone: row.phone === null ? null : this.sealer.open(row.phone, phonePlace(row.appId, row.id)),
      metadata: row.metadata,
      createdAt: row.createdAt.toISOString(),
      updatedAt: row.updatedAt.toISOString(),
    };
  }
}

export const phonePlace = (app: string, row: string): SealedPlace => ({ app, table: 'users', row, column: 'phone' });
