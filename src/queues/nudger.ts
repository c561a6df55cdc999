import { randomUUID } from 'node:crypto';
import { ErrorCode } from 'bullmq';
import type { LaneRef } from './lane.js';
import { describe, type Log } from './log.js';
import type { LaneQueue } from './store.js';

/** A caller waits at most this long for the store; the nudge goes on without it. */
const PATIENCE_MS = 1_000;
/** Jobs per round trip; on Postgres one transaction, which should not collect locks without end. */
const CHUNK = 200;
const NOW = 0;

interface Nudge {
  readonly lane: LaneRef;
  /** Milliseconds since 1970; `NOW` when it is due at once. */
  readonly at: number;
}

/**
 * Sends the nudges of one kind. While some are on their way, the next ones gather, each lane once, and leave together:
 * however many callers there are, the store sees one round trip at a time.
 *
 * What a nudge means, BullMQ decides atomically by the lane's deduplication key, which a job holds until it has run:
 * - now: a nudge adds a job where there is none; a waiting job will do; a running one is followed by another run
 *   (`keepLastIfActive`); a delayed one is then made due.
 * - later: a nudge adds a job where there is none. Where there is one, see `#mustRunNow`.
 *
 * BullMQ could move delayed jobs itself, but not on Postgres (6.7): `replace` and `promote` may hit a job in the instant
 * in which a worker takes it, and the lane would run twice at once; `reschedule` and a worker may lock each other out.
 */
export class Nudger {
  #gathering: Batch | undefined;
  #delivery: Promise<void> | undefined;

  constructor(
    private readonly queue: LaneQueue,
    private readonly log: Log,
  ) {}

  /** Resolves when the store knows, or after a second. Never rejects. */
  nudge(lane: LaneRef, at: number = NOW): Promise<void> {
    this.#gathering ??= new Batch(() =>
      this.#say(`no answer within ${PATIENCE_MS} ms, nudges go on in the background`),
    );
    this.#gathering.add({ lane, at });
    const { settled } = this.#gathering;
    this.#delivery ??= this.#deliver();
    return settled;
  }

  /** Resolves when nothing is on its way. */
  async idle(): Promise<void> {
    await this.#delivery;
  }

  async #deliver(): Promise<void> {
    await Promise.resolve(); // What is nudged in the same turn travels together.
    for (let batch = this.#gathering; batch; batch = this.#gathering) {
      this.#gathering = undefined;
      for (const nudges of batch.chunks()) {
        await this.#send(nudges)
          .catch(() => this.#send(nudges)) // Once more, as a connection may have been stale; twice does no harm.
          .catch((error: unknown) => this.#say(`${nudges.length} nudges lost until the sweep: ${describe(error)}`));
      }
      batch.settle();
    }
    this.#delivery = undefined;
  }

  async #send(batch: readonly Nudge[]): Promise<void> {
    const now = Date.now();
    const nudges = batch.map(({ lane, at }) => ({ lane, at: at > now ? at : NOW }));
    const jobs = nudges.map((nudge) => jobOf(nudge, now));
    const holders = await this.queue.addBulk(jobs);
    const again = await Promise.all(
      nudges.map(async ({ lane, at }, i) => {
        const holder = holders[i]?.id;
        if (!holder || holder === jobs[i]?.opts.jobId) return [];
        if (at > NOW) return (await this.#mustRunNow(holder, at)) ? { lane, at: NOW } : [];
        if (dueOf(holder) > now) await this.#makeDue(holder);
        return [];
      }),
    );
    if (again.flat().length > 0) await this.#send(again.flat());
  }

  /**
   * A nudge for later met a job of its lane. If that has still to start, and not later than wanted, it will see the rows
   * and answer with what is due next. If it runs it may have looked already, and if it is due too late nothing can move
   * it to an earlier time only: then the lane runs now, once more than needed, and says itself when it wants to run.
   */
  async #mustRunNow(holder: string, at: number): Promise<boolean> {
    const state = await this.queue.getJobState(holder);
    return state !== 'waiting' && !(state === 'delayed' && dueOf(holder) <= at);
  }

  /** A job that is no longer delayed has started after the nudge, so it sees the rows: nothing to do. */
  async #makeDue(holder: string): Promise<void> {
    await this.queue
      .getBackend()
      .changeDelay(holder, 0)
      .catch((error: unknown) => {
        const code = error instanceof Error && 'code' in error ? error.code : undefined;
        if (code !== ErrorCode.JobNotExist && code !== ErrorCode.JobNotInState) throw error;
      });
  }

  #say(line: string): void {
    this.log.warn(`queue ${this.queue.name}: ${line}`);
  }
}

/** Nudges that travel together: each lane once, at the earliest time anybody wants, as it answers with what is due later. */
class Batch {
  readonly #nudges = new Map<string, Nudge>();
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

  add(nudge: Nudge): void {
    const key = keyOf(nudge.lane);
    const known = this.#nudges.get(key);
    if (!known || nudge.at < known.at) this.#nudges.set(key, nudge);
  }

  *chunks(): Generator<readonly Nudge[]> {
    const all = [...this.#nudges.values()];
    for (let start = 0; start < all.length; start += CHUNK) yield all.slice(start, start + CHUNK);
  }
}

const keyOf = ({ appId, lane }: LaneRef): string => `${appId}/${lane}`;

/** The id says when the job was meant to start; BullMQ returns the id of the job that holds the key. */
const idOf = (at: number): string => `at-${at}-${randomUUID()}`;
const dueOf = (id: string): number => Number(id.split('-')[1] ?? NOW);

const jobOf = ({ lane: { appId, lane }, at }: Nudge, now: number) => ({
  name: 'run' as const,
  data: { appId, lane },
  opts:
    at === NOW
      ? { deduplication: { id: keyOf({ appId, lane }), keepLastIfActive: true } }
      : { deduplication: { id: keyOf({ appId, lane }) }, jobId: idOf(at), delay: at - now },
});
