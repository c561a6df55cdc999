import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { lockDirectory, type Release } from './directory-lock.js';
import { Journal, readJournal } from './journal.js';

/** Plain JSON, never changed in place: `set` a new one. A row with `keepUntil` (ms) may be forgotten after that instant. */
export interface Row {
  readonly keepUntil?: number;
}

/** A line of the journal: a row that was set, or without `row` deleted; or the end of everything before it. */
type Entry = { readonly table: string; readonly key: string; readonly row?: Row } | { readonly forgetAll: true };

/** Everything that survives a kill: named tables in memory, each change a line in one journal. */
export class Store {
  readonly #tables = new Map<string, Table<Row>>();
  #journal: Journal | undefined;

  private constructor(
    private readonly now: () => number,
    private readonly release: Release,
  ) {}

  /** Reads the state in `directory`, drops what is past keeping, and holds the directory until `close`. Throws StartError. */
  static async open(directory: string, now: () => number): Promise<Store> {
    await mkdir(directory, { recursive: true, mode: 0o700 });
    const store = new Store(now, await lockDirectory(directory));
    try {
      const path = join(directory, 'state.jsonl');
      for await (const entry of readJournal(path)) store.#replay(entry as Entry);
      store.#journal = await Journal.rewrite(path, store.#lines());
      return store;
    } catch (error) {
      await store.release();
      throw error;
    }
  }

  /** The table of that name; all rows of one table have the same type and life span. */
  table<R extends Row>(name: string): Table<R> {
    let table = this.#tables.get(name);
    if (!table) {
      table = new Table<Row>(this.now, (key, row) => this.#journal?.append({ table: name, key, row }));
      this.#tables.set(name, table);
    }
    return table as unknown as Table<R>;
  }

  /** Resolves when every change made so far is on the disk. */
  flushed(): Promise<void> {
    return this.#journal?.flushed() ?? Promise.resolve();
  }

  forgetAll(): void {
    for (const table of this.#tables.values()) table.clear();
    this.#journal?.append({ forgetAll: true });
  }

  async close(): Promise<void> {
    try {
      await this.#journal?.close();
    } finally {
      await this.release();
    }
  }

  #replay(entry: Entry): void {
    if ('forgetAll' in entry) for (const table of this.#tables.values()) table.clear();
    else if (entry.row) this.table(entry.table).set(entry.key, entry.row);
    else this.table(entry.table).delete(entry.key);
  }

  *#lines(): Generator<string> {
    const now = this.now();
    for (const [table, rows] of this.#tables) {
      for (const [key, row] of rows.entries()) {
        if ((row.keepUntil ?? Infinity) > now) yield JSON.stringify({ table, key, row });
      }
    }
  }
}

/** Rows by key, in the order in which the keys first came. */
export class Table<R extends Row> {
  readonly #rows = new Map<string, R>();
  #setsSincePurge = 0;

  /** Made by Store.table. `changed` is told each change: a row, or nothing when it was deleted. */
  constructor(
    private readonly now: () => number,
    private readonly changed: (key: string, row?: R) => void,
  ) {}

  get(key: string): R | undefined {
    return this.#rows.get(key);
  }

  set(key: string, row: R): void {
    this.#rows.set(key, row);
    this.changed(key, row);
    this.#purge();
  }

  delete(key: string): void {
    if (this.#rows.delete(key)) this.changed(key);
  }

  entries(): IterableIterator<[string, R]> {
    return this.#rows.entries();
  }

  get size(): number {
    return this.#rows.size;
  }

  /** For Store.forgetAll. */
  clear(): void {
    this.#rows.clear();
  }

  /**
   * Drops the oldest rows past keeping; the journal needs no word of it. Not at every `set`: to find its first entry, a
   * Map walks over all that were deleted before it, so looking each time would cost more the fuller the table is.
   */
  #purge(): void {
    this.#setsSincePurge += 1;
    if (this.#setsSincePurge < Math.max(1_000, this.#rows.size >> 3)) return;
    this.#setsSincePurge = 0;
    const now = this.now();
    for (const [key, row] of this.#rows) {
      if ((row.keepUntil ?? Infinity) > now) return;
      this.#rows.delete(key);
    }
  }
}
