import { LRUCache } from 'lru-cache';

/** How long another process may still see an app, key or account as it was. */
export const DIRECTORY_TTL_MS = 5_000;
const MOST = 10_000;

/**
 * Rows that every request needs, kept for DIRECTORY_TTL_MS and read once however many ask. What is forgotten while it is
 * being read still answers those who wait for it, but is not kept: it may be from before the change.
 */
export class Directory<Value extends object> {
  readonly #kept = new LRUCache<string, Value>({ max: MOST, ttl: DIRECTORY_TTL_MS });
  readonly #reading = new Map<string, Promise<Value | undefined>>();

  /** The value of `key`, by `read` when it is not known. A key without a value is asked for anew each time. */
  async get(key: string, read: () => Promise<Value | undefined>): Promise<Value | undefined> {
    return this.#kept.get(key) ?? this.#reading.get(key) ?? this.#read(key, read);
  }

  /** After a change here: the next one who asks reads. */
  forget(key: string): void {
    this.#kept.delete(key);
    this.#reading.delete(key);
  }

  forgetAll(): void {
    this.#kept.clear();
    this.#reading.clear();
  }

  async #read(key: string, read: () => Promise<Value | undefined>): Promise<Value | undefined> {
    const reading = read();
    this.#reading.set(key, reading);
    const isLatest = () => this.#reading.get(key) === reading;
    try {
      const value = await reading;
      if (value && isLatest()) this.#kept.set(key, value);
      return value;
    } finally {
      if (isLatest()) this.#reading.delete(key);
    }
  }
}
