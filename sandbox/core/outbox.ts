import { setMaxListeners } from 'node:events';
import { setTimeout as wait } from 'node:timers/promises';
import { type Accounts, type AnyAccount, keyOf } from './accounts.js';
import type { BusinessClock } from './business-clock.js';
import type { Courier, Delivery, Errand } from './courier.js';
import type { Diary } from './diary.js';
import type { CallbackSender, OutgoingCallback } from './platform.js';
import { Slots } from './slots.js';
import type { Row, Store, Table } from './store.js';

const MOST_AT_ONCE = 128;
/** One receiver that does not answer must not take all of them. */
const MOST_AT_ONCE_PER_ACCOUNT = 32;

/** A callback that was not accepted yet. */
interface Letter extends Row, OutgoingCallback {
  /** Key of the account. */
  readonly account: string;
  readonly failures: number;
  /** When it is tried next: business time in ms. */
  readonly at: number;
}

/** What of an account is being tried, or waits for its turn to be. */
interface Desk {
  readonly trying: Set<Promise<void>>;
  readonly slots: Slots;
}

export interface OutboxNeeds {
  readonly store: Store;
  readonly diary: Diary;
  readonly clock: BusinessClock;
  readonly accounts: Accounts;
  readonly courier: Courier;
  readonly senderOf: (account: AnyAccount) => CallbackSender | undefined;
  readonly report: (error: unknown, what: string) => void;
}

/** The callbacks that platforms still have to deliver: durable, tried again on the sender's schedule. */
export class Outbox {
  readonly #letters: Table<Letter>;
  readonly #desks = new Map<string, Desk>();
  readonly #slots = new Slots(MOST_AT_ONCE);
  #ending = newEnding();
  #last = 0;

  constructor(private readonly needs: OutboxNeeds) {
    this.#letters = needs.store.table('callbacks');
    for (const [id, letter] of this.#letters.entries()) {
      this.#last = Math.max(this.#last, Number(id));
      this.#plan(id, letter);
    }
  }

  post(account: AnyAccount, { url, data, operation, schedule }: OutgoingCallback): void {
    const at = this.needs.clock.now(account);
    const sent = { url, data, operation, ...(schedule && { schedule }) };
    this.#keep(String(++this.#last), { account: keyOf(account), ...sent, failures: 0, at });
  }

  /** Whether something of the account is being tried. */
  isBusy(account: string): boolean {
    return this.#desks.has(account);
  }

  /** Resolves when nothing of these accounts is being tried any more, or after so many ms: then with false. */
  async settled(accounts: readonly string[], milliseconds: number): Promise<boolean> {
    const over = new AbortController();
    const tries = accounts.flatMap((account) => [...(this.#desks.get(account)?.trying ?? [])]);
    const timeUp = wait(Math.max(milliseconds, 0), false, { signal: over.signal }).catch(() => false);
    const done = Promise.all(tries).then(() => true);
    return Promise.race([done, timeUp]).finally(() => over.abort());
  }

  /** Ends what is being tried: it counts as not tried. */
  async stop(): Promise<void> {
    this.#ending.abort();
    await Promise.all([...this.#desks.values()].flatMap(({ trying }) => [...trying]));
    this.needs.courier.close();
  }

  /** To be called after the store forgot everything. */
  forgetAll(): void {
    this.#ending.abort();
    this.#ending = newEnding();
  }

  #keep(id: string, letter: Letter): void {
    this.#letters.set(id, letter);
    this.#plan(id, letter);
  }

  #plan(id: string, letter: Letter): void {
    this.needs.diary.set(letter.account, `callback/${id}`, letter.at, () => this.#begin(id, letter));
  }

  #begin(id: string, letter: Letter): void {
    const desk = this.#desks.get(letter.account) ?? {
      trying: new Set<Promise<void>>(),
      slots: new Slots(MOST_AT_ONCE_PER_ACCOUNT),
    };
    this.#desks.set(letter.account, desk);
    const { signal } = this.#ending;
    const trying = desk.slots
      .within(() => this.#slots.within(() => this.#try(id, letter, signal)))
      .catch((error: unknown) => this.needs.report(error, `the callback ${letter.operation} got lost`))
      .finally(() => {
        desk.trying.delete(trying);
        if (desk.trying.size === 0) this.#desks.delete(letter.account);
      });
    desk.trying.add(trying);
  }

  async #try(id: string, letter: Letter, signal: AbortSignal): Promise<void> {
    // Nobody may be told of what a kill could still make undone.
    await this.needs.store.flushed();
    if (signal.aborted) return;
    const account = this.needs.accounts.get(letter.account);
    const sender = account && this.needs.senderOf(account);
    if (!sender) throw new Error(`${letter.account} sends no callbacks`);
    const errand = { account, sender, callback: letter, try: letter.failures + 1 };
    const delivery = await this.needs.courier.deliver(errand, signal);
    if (signal.aborted) return;
    this.#settle(id, letter, errand, delivery);
    await this.needs.store.flushed();
  }

  #settle(id: string, letter: Letter, { account, sender }: Errand, delivery: Delivery): void {
    const delay = (letter.schedule ?? sender.schedule)[letter.failures];
    if (delivery.kind === 'failed' && delay !== undefined) {
      const at = Math.ceil(this.needs.clock.now(account) + delay);
      this.#keep(id, { ...letter, failures: letter.failures + 1, at });
      return;
    }
    if (delivery.kind === 'accepted') {
      try {
        sender.onAccepted?.(account, letter, delivery.body);
      } catch (error) {
        this.needs.report(
          error,
          `the answer to the callback ${letter.operation} of ${letter.account} was not understood`,
        );
      }
    }
    this.#letters.delete(id);
  }
}

/** Ends all tries that were begun under it. */
function newEnding(): AbortController {
  const ending = new AbortController();
  setMaxListeners(0, ending.signal);
  return ending;
}
