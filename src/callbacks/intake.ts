import { Injectable, Logger } from '@nestjs/common';
import { newId } from '../common/ids.js';
import { Database } from '../database/database.js';
import { Relay } from '../events/relay.js';
import {
  type CallbackAnswer,
  CallbackRefused,
  type HttpReply,
  type PlatformCallback,
  type RawCallback,
} from '../platforms/callback.js';
import { type CallbackAccount, CallbackAccounts } from './callback-accounts.js';
import { CallbackBytes } from './callback-bytes.js';
import { CallbackCounts } from './callback-counts.js';
import { CallbackHandlers } from './callback-handler.js';
import { type CallbackRow, KEEP } from './callback.sql.js';
import { Conclusions } from './conclusions.js';
import { TooEarly } from './mismatch.js';

/** What became of a request to our callback address, for the answer that the platform wants. */
export type Received =
  | {
      readonly kind: 'accepted';
      readonly account: CallbackAccount;
      readonly callback: PlatformCallback;
      readonly answer?: CallbackAnswer;
    }
  /** The platform's console wants to see whether the address is ours; nothing was kept. */
  | { readonly kind: 'check'; readonly reply: HttpReply }
  | { readonly kind: 'retry'; readonly account: CallbackAccount }
  /** The database does not tell whose it is. */
  | { readonly kind: 'unavailable' }
  | { readonly kind: 'refused' };

/** Takes in what platforms tell us: verified first, then kept and done in one transaction, then acknowledged. */
@Injectable()
export class Intake {
  readonly #log = new Logger('Callbacks');

  constructor(
    private readonly db: Database,
    private readonly accounts: CallbackAccounts,
    private readonly bytes: CallbackBytes,
    private readonly handlers: CallbackHandlers,
    private readonly conclusions: Conclusions,
    private readonly counts: CallbackCounts,
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
    try {
      const told = await account.read(raw);
      if ('kind' in told) {
        this.counts.add(account.platform, 'check');
        return told;
      }
      const answer = await this.#take(account, raw, told);
      return { kind: 'accepted', account, callback: told, ...(answer === undefined ? {} : { answer }) };
    } catch (error) {
      return this.#failed(account, error);
    }
  }

  #failed(account: CallbackAccount, error: unknown): Received {
    const { id, platform } = account;
    if (error instanceof CallbackRefused) {
      this.counts.add(platform, error.refusal);
      this.#log.warn({ account: id, refusal: error.refusal }, `a callback is not believed: ${error.message}`);
      return { kind: 'refused' };
    }
    if (error instanceof TooEarly) {
      this.counts.add(platform, 'too_early');
      this.#log.warn({ account: id }, `a callback is to come again: ${error.message}`);
      return { kind: 'retry', account };
    }
    this.counts.add(platform, 'failed');
    this.#log.error({ account: id, err: error }, 'a callback could not be taken in; it will come again');
    return { kind: 'retry', account };
  }

  /** Null: nobody can say now. */
  #accountOf(id: string): Promise<CallbackAccount | undefined | null> {
    return this.accounts.find(id).catch((error: unknown) => {
      this.counts.add('unknown', 'failed');
      this.#log.error({ account: id, err: error }, 'the account of a callback could not be read; it will come again');
      return null;
    });
  }

  /** Keeps a verified callback and does what it says; gives what the platform wants to be told besides. */
  async #take(
    { app, id: accountId, platform }: CallbackAccount,
    raw: RawCallback,
    { content, deduplicationKey, type }: PlatformCallback,
  ): Promise<CallbackAnswer | undefined> {
    const { receivedAt } = raw;
    const id = newId('callback');
    const sealed = this.bytes.seal(app.id, id, raw);
    const arrival = { app, platform, accountId };
    const handler = this.handlers.of(content.kind);
    if (await handler?.atOnce?.(arrival, content, { id, deduplicationKey, type, sealed, receivedAt })) {
      this.counts.add(platform, 'settled');
      this.relay.nudge();
      return undefined;
    }
    const concluded = await this.db.transaction(async (tx) => {
      const values = [app.id, id, accountId, platform, deduplicationKey, type, sealed, receivedAt];
      const [row] = await this.db.run<CallbackRow & { isNew: boolean }>(KEEP, values, tx);
      if (!row) throw new Error('a callback was neither kept nor known');
      // A repeat was done before, unless it did not fit.
      const isDone = !row.isNew && row.status !== 'parked' && !handler?.answered?.includes(content.kind);
      if (isDone) return undefined;
      return this.conclusions.conclude(tx, arrival, { id: row.id, type, receivedAt }, content, !row.isNew);
    });
    this.counts.add(platform, concluded?.status ?? 'repeated');
    this.relay.nudge();
    if (concluded?.status === 'settled') handler?.afterwards?.(arrival);
    return concluded && 'answer' in concluded ? concluded.answer : undefined;
  }
}
