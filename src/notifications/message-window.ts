/** Messages of one account that may be on their way at the same time, from one process. */
export const IN_FLIGHT = 64;
/** Answers that may wait to be written while others are on their way: what a kill makes unknown besides those. */
export const UNWRITTEN = 64;

/** What is on its way for one account from this process, for the run that claims and the results that come in. */
export class MessageWindow {
  /** Handed to the platform, and not answered. */
  inFlight = 0;
  /** Answered, and not written. */
  unwritten = 0;
  /** Whether a run is there to see what changes. */
  isWatched = false;
  /** Whether the next run is on its way already, so that nobody has to nudge. */
  isExpected = false;
  #changed: (() => void) | undefined;

  /** Claimed, and no result is written. */
  get load(): number {
    return this.inFlight + this.unwritten;
  }

  /** Whether half of the wire is free: then it pays to claim more. */
  get isLow(): boolean {
    return this.room >= IN_FLIGHT / 2;
  }

  get room(): number {
    return Math.max(0, Math.min(IN_FLIGHT - this.inFlight, IN_FLIGHT + UNWRITTEN - this.load));
  }

  /** One has been answered, and another may have its place while that is written. */
  answered(): void {
    this.inFlight -= 1;
    this.unwritten += 1;
    this.#changed?.();
  }

  /** The result of one is written, `wasAnswered` if it has left its place before. */
  ended(wasAnswered: boolean): void {
    if (wasAnswered) this.unwritten -= 1;
    else this.inFlight -= 1;
    this.#changed?.();
  }

  /** Waits until it is so; false when nothing was answered or written for `ms` before. */
  async until(isSo: () => boolean, ms: number): Promise<boolean> {
    if (isSo()) return true;
    let timer: NodeJS.Timeout | undefined;
    const became = await new Promise<boolean>((resolve) => {
      let hasChanged = false;
      this.#changed = () => {
        hasChanged = true;
        if (isSo()) resolve(true);
      };
      timer = setInterval(() => {
        if (!hasChanged) resolve(isSo());
        hasChanged = false;
      }, ms);
    });
    clearInterval(timer);
    this.#changed = undefined;
    return became;
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

  get load(): number {
    return [...this.#windows.values()].reduce((sum, { load }) => sum + load, 0);
  }

  /** Forgets a window in which nothing happens any more. */
  tidy(accountId: string): void {
    const window = this.#windows.get(accountId);
    if (window && window.load === 0 && !window.isWatched) this.#windows.delete(accountId);
  }
}
