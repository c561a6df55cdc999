import { Heap } from './heap.js';

interface Entry {
  readonly account: string;
  readonly key: string;
  /** Business time of the account, in ms. */
  readonly at: number;
  /** Of two at the same instant the one that came first runs first. */
  readonly number: number;
  readonly run: () => void;
}

/** When, in protocol time, the first entry of an account is due. */
interface Turn {
  readonly account: string;
  readonly due: number;
}

const LEAST_TO_SWEEP = 64;

/**
 * What is to be done when, in memory. Each account has its own time, so each has a heap of its own, and a heap above
 * them says whose turn is next: moving an account's time costs the same however much it has planned.
 */
export class Agenda {
  readonly #entries = new Map<string, Entry>();
  /** Entries that were replaced or deleted stay in a heap until they come up or are swept. */
  readonly #heaps = new Map<string, Heap<Entry>>();
  readonly #turns = new Heap<Turn>((a, b) => a.due < b.due);
  /** Of each account the one turn that counts. */
  readonly #announced = new Map<string, Turn>();
  #count = 0;

  /** `offsetOf`: how far an account's business time is ahead of protocol time. */
  constructor(private readonly offsetOf: (account: string) => number) {}

  /** Plans `run`; the same `key` replaces. Keys are of one space for all accounts. */
  set(account: string, key: string, at: number, run: () => void): void {
    const entry = { account, key, at, number: ++this.#count, run };
    this.#entries.set(key, entry);
    const heap = this.#heapOf(account);
    heap.push(entry);
    if (heap.size > LEAST_TO_SWEEP && heap.size > 2 * this.#entries.size) heap.filter((one) => this.#isLive(one));
    this.#announce(account);
  }

  delete(key: string): void {
    this.#entries.delete(key);
  }

  /** To be called after an account's business time was moved. */
  moved(account: string): void {
    this.#announce(account);
  }

  /** The protocol time at which something is due next. */
  nextDue(): number | undefined {
    return this.#turn()?.due;
  }

  /** The business time at which something is due next for the account. */
  nextOf(account: string): number | undefined {
    return this.#first(account)?.at;
  }

  /** Takes out the first entry that is due at `now` (protocol time). */
  takeDue(now: number): Entry | undefined {
    const turn = this.#turn();
    if (!turn || turn.due > now) return undefined;
    this.#turns.pop();
    this.#announced.delete(turn.account);
    const entry = this.#heaps.get(turn.account)?.pop();
    if (entry) this.#entries.delete(entry.key);
    this.#announce(turn.account);
    return entry;
  }

  forgetAll(): void {
    this.#entries.clear();
    this.#heaps.clear();
    this.#announced.clear();
    this.#turns.filter(() => false);
  }

  #heapOf(account: string): Heap<Entry> {
    let heap = this.#heaps.get(account);
    if (!heap) {
      heap = new Heap<Entry>((a, b) => a.at < b.at || (a.at === b.at && a.number < b.number));
      this.#heaps.set(account, heap);
    }
    return heap;
  }

  readonly #isLive = (entry: Entry): boolean => this.#entries.get(entry.key) === entry;

  /** The first live entry of an account; it is at the top of its heap then. */
  #first(account: string): Entry | undefined {
    const heap = this.#heaps.get(account);
    for (let first = heap?.peek(); heap && first; first = heap.peek()) {
      if (this.#isLive(first)) return first;
      heap.pop();
    }
    this.#heaps.delete(account);
    return undefined;
  }

  #announce(account: string): void {
    const first = this.#first(account);
    if (!first) return void this.#announced.delete(account);
    const turn = { account, due: first.at - this.offsetOf(account) };
    if (this.#announced.get(account)?.due === turn.due) return;
    this.#announced.set(account, turn);
    this.#turns.push(turn);
    if (this.#turns.size > LEAST_TO_SWEEP && this.#turns.size > 2 * this.#announced.size)
      this.#turns.filter((one) => this.#counts(one));
  }

  #counts(turn: Turn): boolean {
    return this.#announced.get(turn.account) === turn;
  }

  /** The next turn; the account's first entry is at the top of its heap and due then. */
  #turn(): Turn | undefined {
    for (let turn = this.#turns.peek(); turn; turn = this.#turns.peek()) {
      const first = this.#counts(turn) ? this.#first(turn.account) : undefined;
      if (first && first.at - this.offsetOf(turn.account) === turn.due) return turn;
      this.#turns.pop();
      // Its first entry was deleted, or replaced by a later one.
      if (this.#counts(turn)) this.#announce(turn.account);
    }
    return undefined;
  }
}
