import { Injectable } from '@nestjs/common';
import type { Tx } from '../database/database.js';
import type { CallbackAnswer, CallbackKind, ContentOf } from '../platforms/callback.js';
import type { PlatformCode } from '../platforms/platform.js';
import type { AppRecord } from '../tenancy/caller.js';

/** Where a verified callback arrived. */
export interface Arrival {
  readonly app: AppRecord;
  readonly platform: PlatformCode;
  readonly accountId: string;
}

/** A callback as its row is to be: see `keepSettled`. */
export interface KeptCallback {
  readonly id: string;
  readonly deduplicationKey: string;
  readonly type: string;
  readonly sealed: string;
  /** Protocol time. */
  readonly receivedAt: Date;
}

/** The kept callback whose content is applied. Once more, if it was parked or comes again: then it has the same id. */
export type CallbackContext = Pick<KeptCallback, 'id' | 'type' | 'receivedAt'>;

/** What became of a callback's content. */
export interface Concluded {
  readonly status: 'settled' | 'ignored';
  /** The row that it is about: callbacks are found, and forgotten, by it. */
  readonly objectId: string | null;
  /** What the platform wants to be told besides. */
  readonly answer?: CallbackAnswer;
}

/**
 * An upper domain that acts on what platforms tell. It registers with CallbackHandlers when it starts. Writes rows,
 * nothing else: no network, no queue. A throw leaves the platform unanswered, so that it sends the callback again.
 */
export interface CallbackHandler<Kind extends CallbackKind = CallbackKind> {
  readonly kinds: readonly Kind[];
  /** Those whose repeats are applied as well, because each wants the same answer; other repeats are only counted. */
  readonly answered?: readonly Kind[];
  /**
   * Where the domain has a fast way: keeps the callback (`keepSettled`) and does what it says, in one statement. False:
   * nothing was changed, and `apply` is next.
   */
  atOnce?(arrival: Arrival, content: ContentOf<Kind>, kept: KeptCallback): Promise<boolean>;
  /**
   * In the transaction that keeps the callback. Throws Mismatch, which undoes what `apply` did and parks the callback, or
   * TooEarly, which keeps nothing and asks the platform to send it again.
   */
  apply(tx: Tx, arrival: Arrival, content: ContentOf<Kind>, context: CallbackContext): Promise<Concluded>;
  /** After the commit of what `apply` has written: wakes who has something to do by it. */
  afterwards?(arrival: Arrival): void;
  /**
   * In the transaction that parks a callback, for what it says cannot be: the platform will not tell it again, so the
   * domain writes down that it has to ask.
   */
  doubt?(tx: Tx, arrival: Arrival, content: ContentOf<Kind>): Promise<void>;
}

@Injectable()
export class CallbackHandlers {
  readonly #byKind = new Map<CallbackKind, CallbackHandler>();

  /** Throws when another has one of its kinds: who acts must not depend on who came first. */
  register(handler: CallbackHandler): void {
    for (const kind of handler.kinds) {
      if (this.#byKind.has(kind)) throw new Error(`two domains act on callbacks of the kind ${kind}`);
      this.#byKind.set(kind, handler);
    }
  }

  /** Undefined: nobody acts on such callbacks; they are kept. */
  of(kind: CallbackKind): CallbackHandler | undefined {
    return this.#byKind.get(kind);
  }
}
