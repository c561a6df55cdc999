import type { Leased } from './claimed.js';
import type { Standing } from './delivery-results.js';

/** Requests to one endpoint that may be on their way at the same time, in one process. */
export const IN_FLIGHT = 32;
/** Deliveries that may be leased beyond those, so that few statements lease many. */
const MOST_AHEAD = 168;
/** What is leased ahead shall not wait much longer than that. */
const AHEAD_MS = 1_000;

/** What is leased for one endpoint by this process, for the run that leases and the results that come in. */
export class DeliveryWindow {
  inFlight = 0;
  /** Whether a run is there to see what changes. */
  isWatched = false;
  /** Whether the next run is on its way already, so that nobody has to nudge. */
  isExpected = false;
  /** Whether a rate says when the next ones go, so that none is leased ahead. */
  isPaced = false;
  /** Whether the endpoint is no longer what it was when the run read it. */
  isOutdated = false;
  readonly #ahead: Leased[] = [];
  #standing: Standing | undefined;
  #taken = { now: 0, before: 0, since: performance.now() };
  #waiting: (() => void) | undefined;

  /** Leased, sent or not. */
  get load(): number {
    return this.inFlight + this.#ahead.length;
  }

  /** How many wait for their turn. */
  get ahead(): number {
    return this.#ahead.length;
  }

  /** Below half of what it may hold: then it pays to claim more. */
  get isLow(): boolean {
    return this.load <= this.#size / 2;
  }

  /** How many more it may hold. */
  get room(): number {
    return Math.max(0, this.#size - this.load);
  }

  /** No more ahead than the endpoint took in a second lately: one that is slow, or shares this process, gets less. */
  get #size(): number {
    if (this.isPaced) return IN_FLIGHT;
    this.#turn();
    return IN_FLIGHT + Math.min(MOST_AHEAD, Math.max(this.#taken.now, this.#taken.before));
  }

  push(leased: readonly Leased[]): void {
    this.#ahead.push(...leased);
  }

  /** The next one to send, if its turn has come: from then on it is on its way. */
  shift(): Leased | undefined {
    if (this.inFlight >= IN_FLIGHT) return undefined;
    const next = this.#ahead.shift();
    if (next) this.inFlight += 1;
    return next;
  }

  /** Takes out what must not be sent after all, by how the endpoint stands; all of it when nobody knows. */
  takeRefused(standing: Standing | undefined): Leased[] {
    if (standing !== undefined && standing === this.#standing) return [];
    this.#standing = standing;
    if (!standing?.mayCall) return this.takeAll();
    const updatedAt = standing.updatedAt.getTime();
    return this.#ahead.some(({ endpoint }) => endpoint.row.updatedAt.getTime() !== updatedAt) ? this.takeAll() : [];
  }

  takeAll(): Leased[] {
    return this.#ahead.splice(0);
  }

  /** The endpoint has taken one. */
  succeeded(): void {
    this.#taken.now += 1;
  }

  /** One has ended, and its result is written. */
  ended(): void {
    this.inFlight -= 1;
    this.changed();
  }

  /** Wakes the run. */
  changed(): void {
    this.#waiting?.();
  }

  /** Waits until some have ended; false when none did for `ms`. */
  async change(ms: number): Promise<boolean> {
    let timer: NodeJS.Timeout | undefined;
    const before = this.load;
    await new Promise<void>((resolve) => {
      this.#waiting = resolve;
      timer = setTimeout(resolve, ms);
    });
    clearTimeout(timer);
    this.#waiting = undefined;
    return this.load < before;
  }

  #turn(): void {
    const now = performance.now();
    const { since, now: count } = this.#taken;
    if (now - since < AHEAD_MS) return;
    this.#taken = { now: 0, before: now - since < 2 * AHEAD_MS ? count : 0, since: now };
  }
}

/** The windows of the endpoints that have something leased, or a run. */
export class DeliveryWindows {
  readonly #windows = new Map<string, DeliveryWindow>();

  of(endpointId: string): DeliveryWindow {
    let window = this.#windows.get(endpointId);
    if (!window) this.#windows.set(endpointId, (window = new DeliveryWindow()));
    return window;
  }

  get all(): DeliveryWindow[] {
    return [...this.#windows.values()];
  }

  get inFlight(): number {
    return this.all.reduce((sum, { inFlight }) => sum + inFlight, 0);
  }

  /** Forgets a window in which nothing happens any more. */
  tidy(endpointId: string): void {
    const window = this.#windows.get(endpointId);
    if (window && window.load === 0 && !window.isWatched) this.#windows.delete(endpointId);
  }
}
