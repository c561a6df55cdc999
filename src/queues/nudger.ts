import { keyOf, type LaneRef } from './lane.js';
import { describe } from './log.js';
import type { LaneQueue } from './store.js';
import { Timers } from './timers.js';

/** A caller waits at most this long for the store; the nudge goes on without it. */
const PATIENCE_MS = 1_000;
/** Jobs per round trip; on Postgres one transaction, which should not collect locks without end. */
const CHUNK = 200;

/**
 * Sends the nudges of one kind. While some are on their way, the next ones gather, each lane once, and leave together:
 * however many callers there are, the store sees one round trip at a time.
 *
 * What a nudge means, BullMQ decides atomically by the lane's deduplication key, which a job holds until it has run: it
 * adds a job where there is none, a waiting job will do, and a running one is followed by another (`keepLastIfActive`).
 */
export class Nudger {
  readonly #timers = new Timers((lane) => void this.nudge(lane));
  #gathering: Batch | undefined;
  #delivery: Promise<void> | undefined;

  constructor(
    private readonly queue: LaneQueue,
    private readonly warn: (line: string) => void,
  ) {}

  /** Resolves when the store knows, or after a second; for a later time, at once. Never rejects. */
  async nudge(lane: LaneRef, at?: Date): Promise<void> {
    if (at && at.getTime() > Date.now()) {
      this.#timers.set(lane, at.getTime());
      return;
    }
    this.#gathering ??= new Batch(() => this.#say(`no answer within ${PATIENCE_MS} ms, nudges wait in the background`));
    this.#gathering.add(lane);
    const { settled } = this.#gathering;
    this.#delivery ??= this.#deliver();
    await settled;
  }

  /** Wakes the lanes whose time has not come, so that other processes take their timers over; resolves when all is sent. */
  async stop(): Promise<void> {
    for (const lane of this.#timers.clear()) void this.nudge(lane);
    await this.#delivery;
  }

  async #deliver(): Promise<void> {
    await Promise.resolve(); // What is nudged in the same turn travels together.
    for (let batch = this.#gathering; batch; batch = this.#gathering) {
      this.#gathering = undefined;
      for (const lanes of batch.chunks()) {
        await this.#send(lanes)
          .catch(() => this.#send(lanes)) // Once more: the connection may have been stale, and twice does no harm.
          .catch((error: unknown) => this.#say(`nudges are lost until the sweep: ${describe(error)}`));
      }
      batch.settle();
    }
    this.#delivery = undefined;
  }

  async #send(lanes: readonly LaneRef[]): Promise<void> {
    const jobs = lanes.map(({ appId, lane }) => ({
      name: 'run' as const,
      data: { appId, lane },
      opts: { deduplication: { id: keyOf({ appId, lane }), keepLastIfActive: true } },
    }));
    await this.queue.addBulk(jobs);
  }

  #say(line: string): void {
    this.warn(`queue ${this.queue.name}: ${line}`);
  }
}

/** Nudges that travel together. */
class Batch {
  readonly #lanes = new Map<string, LaneRef>();
  readonly settled: Promise<void>;
  settle!: () => void;

  constructor(late: () => void) {
    this.settled = new Promise((resolve) => {
      const patience = setTimeout(() => {
        late();
        resolve();
      }, PATIENCE_MS);
      this.settle = () => {
        clearTimeout(patience);
        resolve();
      };
    });
  }

  add(lane: LaneRef): void {
    this.#lanes.set(keyOf(lane), lane);
  }

  *chunks(): Generator<readonly LaneRef[]> {
    const all = [...this.#lanes.values()];
    for (let start = 0; start < all.length; start += CHUNK) yield all.slice(start, start + CHUNK);
  }
}
