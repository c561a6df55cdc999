/** Messages of one account that may be on their way at the same time, from one process. */
export const IN_FLIGHT = 64;

/** What is on its way for one account from this process, for the run that claims and the results that come in. */
export class MessageWindow {
  inFlight = 0;
  /** Whether a run is there to see what changes. */
  isWatched = false;
  /** Whether the next run is on its way already, so that nobody has to nudge. */
  isExpected = false;
  #waiting: (() => void) | undefined;

  /** Below half of what it may hold: then it pays to claim more. */
  get isLow(): boolean {
    return this.inFlight <= IN_FLIGHT / 2;
  }

  get room(): number {
    return Math.max(0, IN_FLIGHT - this.inFlight);
  }

  /** One has ended, and its result is written. */
  ended(): void {
    this.inFlight -= 1;
    this.#waiting?.();
  }

  /** Waits until one has ended; false when none did for `ms`. */
  async change(ms: number): Promise<boolean> {
    let timer: NodeJS.Timeout | undefined;
    const before = this.inFlight;
    await new Promise<void>((resolve) => {
      this.#waiting = resolve;
      timer = setTimeout(resolve, ms);
    });
    clearTimeout(timer);
    this.#waiting = undefined;
    return this.inFlight < before;
  }
}

/** The windows of the accounts that have something on its way, or a run. */
export class MessageWindows {
  readonly #windows = new Map<string, MessageWindow>();

  of(accountId: string): MessageWindow {
    let window = this.#windows.get(accountId);
    if (!window) this.#windows.set(accountId, (window = new MessageWindow()));
    return window;
  }

  get inFlight(): number {
    return [...this.#windows.values()].reduce((sum, { inFlight }) => sum + inFlight, 0);
  }

  /** Forgets a window in which nothing happens any more. */
  tidy(accountId: string): void {
    const window = this.#windows.get(accountId);
    if (window && window.inFlight === 0 && !window.isWatched) this.#windows.delete(accountId);
  }
}
