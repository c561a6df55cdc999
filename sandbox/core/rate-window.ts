/** Counts per key; a key's window opens with its first count. Holds no more keys than came in one window. */
export class RateWindow {
  readonly #windows = new Map<string, { readonly opened: number; count: number }>();
  #nextSweep = 0;

  constructor(
    private readonly now: () => number,
    private readonly milliseconds: number,
  ) {}

  /** Counts one more for `key`; false when that is more than `limit`. */
  take(key: string, limit: number): boolean {
    const now = this.now();
    if (now >= this.#nextSweep) this.#sweep(now);
    const window = this.#windows.get(key);
    if (!window || now - window.opened >= this.milliseconds) {
      this.#windows.set(key, { opened: now, count: 1 });
      return true;
    }
    window.count += 1;
    return window.count <= limit;
  }

  clear(): void {
    this.#windows.clear();
  }

  #sweep(now: number): void {
    this.#nextSweep = now + this.milliseconds;
    for (const [key, { opened }] of this.#windows) if (now - opened >= this.milliseconds) this.#windows.delete(key);
  }
}
