/** Requests to one endpoint that may be on their way at the same time, in one process. */
export const IN_FLIGHT = 32;

/** What is on its way to one endpoint from this process, for the run that sends and the results that come in. */
export class DeliveryWindow {
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

  /** Some have ended, and their results are written. */
  ended(count: number): void {
    this.inFlight -= count;
    this.#waiting?.();
  }

  /** Waits until some have ended; false when none did for `ms`. */
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

/** The windows of the endpoints that have something on its way, or a run. */
export class DeliveryWindows {
  readonly #windows = new Map<string, DeliveryWindow>();

  of(endpointId: string): DeliveryWindow {
    let window = this.#windows.get(endpointId);
    if (!window) this.#windows.set(endpointId, (window = new DeliveryWindow()));
    return window;
  }

  get inFlight(): number {
    return [...this.#windows.values()].reduce((sum, { inFlight }) => sum + inFlight, 0);
  }

  /** Forgets a window in which nothing happens any more. */
  tidy(endpointId: string): void {
    const window = this.#windows.get(endpointId);
    if (window && window.inFlight === 0 && !window.isWatched) this.#windows.delete(endpointId);
  }
}
