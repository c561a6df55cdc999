import { Injectable, Logger } from '@nestjs/common';
import { Clock } from '../common/clock.js';
import { newId } from '../common/ids.js';
import { fromCursor, type Page, toPage } from '../common/pagination.js';
import { notFound, problem } from '../common/problems.js';
import { Sealer, type SealedPlace } from '../common/seal.js';
import { Database, type Tx } from '../database/database.js';
import { Announcer } from '../events/announce.js';
import { Relay } from '../events/relay.js';
import { CallbackRefused, type PlatformCallback, type RawCallback } from '../platforms/payment-platform.js';
import { Platforms } from '../platforms/registry.js';
import type { RequestContext, ServerCaller } from '../tenancy/caller.js';
import { Idempotency } from '../tenancy/idempotency.js';
import { type CallbackAccount, CallbackAccounts } from './callback-accounts.js';
import { type Arrival, CallbackContents, type Concluded, type RequestedRefund } from './callback-contents.js';
import { CallbackCounts } from './callback-counts.js';
import { type CallbackRow, CONCLUDE, FIND, KEEP, LIST, LOCK } from './callback.sql.js';
import type { CallbackDetail, CallbackQuery, CallbackView } from './callbacks.schemas.js';
import { TooEarly } from './mismatch.js';
import { asMismatch } from './mismatches.js';
import { Settlement } from './settlement.js';

/** What became of a request to our callback address, for the answer that the platform wants. */
export type Received =
  | {
      readonly kind: 'accepted';
      readonly account: CallbackAccount;
      readonly callback: PlatformCallback;
      readonly requested?: RequestedRefund;
    }
  | { readonly kind: 'retry'; readonly account: CallbackAccount }
  /** The database does not tell whose it is. */
  | { readonly kind: 'unavailable' }
  | { readonly kind: 'refused' };

/** What is kept of a callback, sealed: enough to verify it again. */
interface Kept {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly method: string;
  readonly hint?: string;
}

/** Takes in what platforms tell us: verified first, then kept and done in one transaction, then acknowledged. */
@Injectable()
export class Callbacks {
  readonly #log = new Logger(Callbacks.name);

  constructor(
    private readonly db: Database,
    private readonly clock: Clock,
    private readonly sealer: Sealer,
    private readonly platforms: Platforms,
    private readonly accounts: CallbackAccounts,
    private readonly contents: CallbackContents,
    private readonly settlement: Settlement,
    private readonly counts: CallbackCounts,
    private readonly announcer: Announcer,
    private readonly idempotency: Idempotency,
    private readonly relay: Relay,
  ) {}

  /** Never throws: what cannot be stored is to be sent again. */
  async receive(accountId: string, raw: RawCallback): Promise<Received> {
    const account = await this.#accountOf(accountId);
    if (account === null) return { kind: 'unavailable' };
    if (account === undefined) {
      this.counts.add('unknown', 'unknown_account');
      return { kind: 'refused' };
    }
    const { platform } = account;
    try {
      const callback = await this.platforms.payments(platform).readCallback(account.keys, raw);
      const requested = await this.#take(account, raw, callback);
      return { kind: 'accepted', account, callback, ...(requested === undefined ? {} : { requested }) };
    } catch (error) {
      if (error instanceof CallbackRefused) {
        this.counts.add(platform, error.refusal);
        this.#log.warn({ account: accountId, refusal: error.refusal }, `a callback is not believed: ${error.message}`);
        return { kind: 'refused' };
      }
      if (error instanceof TooEarly) {
        this.counts.add(platform, 'too_early');
        this.#log.warn({ account: accountId }, `a callback is to come again: ${error.message}`);
        return { kind: 'retry', account };
      }
      this.counts.add(platform, 'failed');
      this.#log.error({ account: accountId, err: error }, 'a callback could not be taken in; it will come again');
      return { kind: 'retry', account };
    }
  }

  /** Null: nobody can say now. */
  #accountOf(id: string): Promise<CallbackAccount | undefined | null> {
    return this.accounts.find(id).catch((error: unknown) => {
      this.counts.add('unknown', 'failed');
      this.#log.error({ account: id, err: error }, 'the account of a callback could not be read; it will come again');
      return null;
    });
  }

  async list(
    appId: string,
    { limit, cursor, status, accountId, objectId }: CallbackQuery,
  ): Promise<Page<CallbackView>> {
    const before = cursor === undefined ? null : fromCursor(cursor, /^cbk_[0-9a-f]{32}$/);
    const values = [appId, before, status ?? null, accountId ?? null, objectId ?? null, limit + 1];
    return toPage(await this.db.run<CallbackRow>(LIST, values), limit, ({ id }) => id, toView);
  }

  async get(appId: string, id: string): Promise<CallbackDetail> {
    const [row] = await this.db.run<CallbackRow>(FIND, [appId, id]);
    if (!row) throw notFound('callback', id);
    const kept = this.#open(appId, row);
    return { ...toView(row), headers: kept?.headers ?? null, body: kept ? bodyOf(kept).toString() : null };
  }

  /** Does again what a parked callback says, verified once more on its raw bytes. Throws `callback_not_parked`. */
  async rerun({ app }: ServerCaller, id: string, context: RequestContext): Promise<CallbackView> {
    await this.idempotency.onceAsking(
      context.idempotency,
      () => this.#readAgain(app.id, id),
      async (tx, { account, callback }) => {
        const [locked] = await this.db.run<CallbackRow>(LOCK, [app.id, id], tx);
        if (locked?.status !== 'parked') return { id, result: undefined };
        if (callback instanceof CallbackRefused) {
          await this.db.run(CONCLUDE, [app.id, id, 'parked', callback.refusal, null, this.clock.now()], tx);
        } else await this.#conclude(tx, arrivalAt(account), id, callback, true);
        return { id, result: undefined };
      },
      async () => undefined,
    );
    this.relay.nudge();
    const [row] = await this.db.run<CallbackRow>(FIND, [app.id, id]);
    if (!row) throw notFound('callback', id);
    return toView(row);
  }

  /** What a parked callback says, or why it is no longer believed: keys may have changed since. */
  async #readAgain(appId: string, id: string) {
    const [row] = await this.db.run<CallbackRow>(FIND, [appId, id]);
    if (!row) throw notFound('callback', id);
    const account = await this.accounts.find(row.accountId);
    const kept = this.#open(appId, row);
    if (row.status !== 'parked' || !account || !kept) {
      throw problem('callback_not_parked', 'Only a parked callback whose body is still kept can be run again.');
    }
    const { method, headers, hint } = kept;
    const raw = { method, headers, hint, body: bodyOf(kept), receivedAt: row.receivedAt };
    const reading = this.platforms.payments(account.platform).readCallback(account.keys, raw);
    const callback = await reading.catch((error: unknown) => {
      if (error instanceof CallbackRefused) return error;
      throw error;
    });
    return { account, callback };
  }

  /** Keeps a verified callback and does what it says; gives what a refund that it asks about is answered with. */
  async #take(
    account: CallbackAccount,
    raw: RawCallback,
    callback: PlatformCallback,
  ): Promise<RequestedRefund | undefined> {
    const { app, id: accountId, platform } = account;
    const id = newId('callback');
    const { content, deduplicationKey, type } = callback;
    const sealed = this.sealer.seal(JSON.stringify(keep(raw)), placeOf(app.id, id));
    const toldBy = { id, deduplicationKey, type, sealed, receivedAt: raw.receivedAt };
    if (content.kind === 'payment' && content.state.kind === 'succeeded') {
      const success = { platform, number: content.number, paid: content.state.paid, accountId };
      const isSettled = await this.settlement.settleAtOnce(app, success, toldBy).catch((error: unknown) => {
        if (asMismatch(error)) return false;
        throw error;
      });
      if (isSettled) {
        this.counts.add(platform, 'settled');
        this.relay.nudge();
        return undefined;
      }
    }
    const concluded = await this.db.transaction(async (tx) => {
      const values = [app.id, id, accountId, platform, deduplicationKey, type, sealed, raw.receivedAt];
      const [row] = await this.db.run<CallbackRow & { isNew: boolean }>(KEEP, values, tx);
      if (!row) throw new Error('a callback was neither kept nor known');
      // A repeat was done before, unless it did not fit; a refund request needs our number again.
      const isDone = !row.isNew && row.status !== 'parked' && content.kind !== 'refund_request';
      return isDone ? undefined : this.#conclude(tx, arrivalAt(account), row.id, callback, !row.isNew);
    });
    this.counts.add(platform, concluded?.status ?? 'repeated');
    this.relay.nudge();
    return concluded && 'requested' in concluded ? concluded.requested : undefined;
  }

  /** To the savepoint and no further back when the content cannot be: the callback stays, parked, and is acknowledged. */
  async #conclude(
    tx: Tx,
    arrival: Arrival,
    id: string,
    { content, type }: PlatformCallback,
    isRepeat = false,
  ): Promise<Concluded | { status: 'parked' }> {
    const { app, platform, accountId } = arrival;
    const conclude = (status: string, reason: string | null, objectId: string | null) =>
      this.db.run(CONCLUDE, [app.id, id, status, reason, objectId, this.clock.now()], tx);
    try {
      const concluded = await tx.transaction((inner) => this.contents.apply(inner, arrival, content));
      await conclude(concluded.status, null, concluded.objectId);
      return concluded;
    } catch (error) {
      const mismatch = asMismatch(error);
      if (!mismatch) throw error;
      const { field, message, objectId } = mismatch;
      this.#log.error({ app: app.id, account: accountId, callback: id, field }, `callback parked: ${message}`);
      await conclude('parked', field, objectId);
      if (isRepeat) return { status: 'parked' };
      await this.announcer.announce(tx, {
        appId: app.id,
        type: 'callback.parked',
        stream: { type: 'callback', id },
        sequence: 1,
        data: { callbackId: id, platform, accountId, callbackType: type, problem: field, objectId },
      });
      return { status: 'parked' };
    }
  }

  #open(appId: string, { id, sealed }: CallbackRow): Kept | undefined {
    return sealed === null ? undefined : (JSON.parse(this.sealer.open(sealed, placeOf(appId, id))) as Kept);
  }
}

const arrivalAt = ({ app, platform, id }: CallbackAccount): Arrival => ({ app, platform, accountId: id });

const placeOf = (app: string, row: string): SealedPlace => ({ app, table: 'callbacks', row, column: 'sealed' });

function keep({ method, headers, body, hint }: RawCallback): Kept {
  const known = Object.entries(headers).filter((entry): entry is [string, string] => entry[1] !== undefined);
  const kept = { method, headers: Object.fromEntries(known), body: body.toString('base64') };
  return hint === undefined ? kept : { ...kept, hint };
}
const bodyOf = ({ body }: Kept): Buffer => Buffer.from(body, 'base64');

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
