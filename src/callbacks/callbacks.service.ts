import { Injectable } from '@nestjs/common';
import { fromCursor, type Page, toPage } from '../common/pagination.js';
import { notFound, problem } from '../common/problems.js';
import { Database, type Tx } from '../database/database.js';
import { Relay } from '../events/relay.js';
import { CallbackRefused } from '../platforms/callback.js';
import type { RequestContext, ServerCaller } from '../tenancy/caller.js';
import { Idempotency } from '../tenancy/idempotency.js';
import { CallbackAccounts } from './callback-accounts.js';
import { CallbackBytes } from './callback-bytes.js';
import { type CallbackRow, FIND, FORGET, LIST, LOCK } from './callback.sql.js';
import type { CallbackDetail, CallbackQuery, CallbackView } from './callbacks.schemas.js';
import { Conclusions } from './conclusions.js';

/** What platforms have told, for the developer to look at and, where it did not fit, to do again. */
@Injectable()
export class Callbacks {
  constructor(
    private readonly db: Database,
    private readonly accounts: CallbackAccounts,
    private readonly bytes: CallbackBytes,
    private readonly conclusions: Conclusions,
    private readonly idempotency: Idempotency,
    private readonly relay: Relay,
  ) {}

  async list(
    appId: string,
    { limit, cursor, status, accountId, objectId }: CallbackQuery,
  ): Promise<Page<CallbackView>> {
    const before = cursor === undefined ? null : fromCursor(cursor, /^cbk_[0-9a-f]{32}$/);
    const values = [appId, before, status ?? null, accountId ?? null, objectId ?? null, limit + 1];
    return toPage(await this.db.run<CallbackRow>(LIST, values), limit, ({ id }) => id, toView);
  }

  async get(appId: string, id: string): Promise<CallbackDetail> {
    const row = await this.#find(appId, id);
    const raw = this.bytes.open(appId, row);
    return { ...toView(row), headers: raw?.headers ?? null, body: raw?.body.toString() ?? null };
  }

  /** Does again what a parked callback says, verified once more on its raw bytes. Throws `callback_not_parked`. */
  async rerun({ app }: ServerCaller, id: string, context: RequestContext): Promise<CallbackView> {
    await this.idempotency.onceAsking(
      context.idempotency,
      () => this.#readAgain(app.id, id),
      async (tx, { account, told, receivedAt }) => {
        const [locked] = await this.db.run<CallbackRow>(LOCK, [app.id, id], tx);
        if (locked?.status !== 'parked') return { id, result: undefined };
        if (told instanceof CallbackRefused) {
          await this.conclusions.write(tx, app.id, id, 'parked', told.refusal, null);
        } else {
          const arrival = { app: account.app, platform: account.platform, accountId: account.id };
          await this.conclusions.conclude(tx, arrival, { id, type: told.type, receivedAt }, told.content, true);
        }
        return { id, result: undefined };
      },
      async () => undefined,
    );
    this.relay.nudge();
    return toView(await this.#find(app.id, id));
  }

  /**
   * Drops the raw bytes of the callbacks about these objects, in the transaction that erases a person. Call it before
   * locking the objects: a callback that is being done is locked before them, and in the other order both would wait.
   */
  async forget(tx: Tx, appId: string, objectIds: readonly string[]): Promise<void> {
    if (objectIds.length > 0) await this.db.run(FORGET, [appId, objectIds], tx);
  }

  /** What a parked callback says, or why it is no longer believed: keys may have changed since. */
  async #readAgain(appId: string, id: string) {
    const row = await this.#find(appId, id);
    const account = await this.accounts.find(row.accountId);
    const raw = this.bytes.open(appId, row);
    if (row.status !== 'parked' || !account || !raw) {
      throw problem('callback_not_parked', 'Only a parked callback whose body is still kept can be run again.');
    }
    const told = await account.read(raw).catch((error: unknown) => {
      if (error instanceof CallbackRefused) return error;
      throw error;
    });
    if ('kind' in told) throw new Error(`callback ${id} was kept, and is only a question about the address`);
    return { account, told, receivedAt: row.receivedAt };
  }

  async #find(appId: string, id: string): Promise<CallbackRow> {
    const [row] = await this.db.run<CallbackRow>(FIND, [appId, id]);
    if (!row) throw notFound('callback', id);
    return row;
  }
}

const toView = (row: CallbackRow): CallbackView => ({
  id: row.id,
  accountId: row.accountId,
  platform: row.platform,
  type: row.type,
  status: row.status,
  problem: row.problem,
  objectId: row.objectId,
  repeats: row.repeats,
  receivedAt: row.receivedAt.toISOString(),
  updatedAt: row.updatedAt.toISOString(),
});
