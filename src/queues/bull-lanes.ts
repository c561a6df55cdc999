import { Queue } from 'bullmq';
import type { Database } from '../database/database.js';
import { MOST_KINDS } from './connections.js';
import { LaneWorker } from './lane-worker.js';
import { Lanes, type LaneKind, type LaneRef, type QueueCount } from './lane.js';
import { describe, quietly, type Log } from './log.js';
import { Nudger } from './nudger.js';
import { PostgresStore } from './postgres-store.js';
import type { RedisStore } from './redis-store.js';
import type { LaneQueue, QueueStore } from './store.js';
import { Sweeper, SWEPT_AT_ONCE } from './sweeper.js';
import { within } from './within.js';

export interface LanesOptions {
  /** Without it the queues live in Postgres. Its connection ends with `close`. */
  readonly redis?: RedisStore | undefined;
  readonly databaseUrl: string;
  /** Connections for queues in Postgres; workers + 6 unless set. */
  readonly queuePool?: number | undefined;
  /** Whether this process works the lanes and sweeps, or only nudges. */
  readonly work: boolean;
  readonly log: Log;
}

const FLUSH_MS = 1_000;
const ANSWER_MS = 2_000;
/** BullMQ records every job's steps, which nobody here reads. */
const EVENTS_KEPT = 100;
const STATES = ['waiting', 'active'] as const;

const silent = (): never => {
  throw new Error('the queues do not answer');
};

interface OpenKind {
  readonly queue: LaneQueue;
  readonly nudger: Nudger;
  /** Absent in a process that only nudges. */
  readonly worker?: LaneWorker;
  readonly sweeper?: Sweeper;
}

interface Open {
  readonly store: QueueStore;
  readonly kinds: ReadonlyMap<string, OpenKind>;
}

/** Lanes on BullMQ, with Redis or with Postgres. Connections per process: see `RedisStore` and `PostgresStore`. */
export class BullLanes extends Lanes {
  readonly #declared = new Map<string, LaneKind>();
  readonly #warn: (line: string) => void;
  #open: Open | undefined;
  #stopping: Promise<void> | undefined;
  #closing: Promise<void> | undefined;

  constructor(
    private readonly options: LanesOptions,
    private readonly db: Database,
  ) {
    super();
    this.#warn = quietly(options.log);
  }

  /** Throws for a name that is taken or does not fit, and after `start`. */
  override declare(kind: LaneKind): void {
    if (this.#open) throw new Error(`lane kind ${kind.name} is declared after the start`);
    if (this.#declared.has(kind.name)) throw new Error(`two lane kinds are named ${kind.name}`);
    if (this.#declared.size === MOST_KINDS) throw new Error(`more than ${MOST_KINDS} lane kinds: raise MOST_KINDS`);
    if (!/^[a-z][a-z0-9-]*$/.test(kind.name)) throw new Error(`${kind.name} cannot name a lane kind`);
    this.#declared.set(kind.name, kind);
  }

  override async nudge(kind: string, lane: LaneRef, at?: Date): Promise<void> {
    const open = this.#open?.kinds.get(kind);
    if (open) await open.nudger.nudge(lane, at);
    else
      this.#warn(
        `a nudge of ${kind} is lost: ${this.#declared.has(kind) ? 'the queues are not open' : 'no such kind'}`,
      );
  }

  override async nudgeDue(kind: string): Promise<number> {
    const lanes = (await this.#declared.get(kind)?.due(SWEPT_AT_ONCE)) ?? [];
    await Promise.all(lanes.map((lane) => this.nudge(kind, lane)));
    return lanes.length;
  }

  /**
   * Opens a queue per declared kind and, in a process that works, begins to. Throws StartError for a QUEUE_POOL that is
   * too small, and whatever Postgres says when it cannot be reached. Redis may come later.
   */
  async start(): Promise<void> {
    const store = this.#newStore();
    try {
      await store.open();
      const kinds = [...this.#declared.values()].map((kind) => [kind.name, this.#openKind(kind, store)] as const);
      this.#open = { store, kinds: new Map(kinds) };
      await this.#ready(store);
    } catch (error) {
      await (this.#open ? this.close() : store.close());
      throw error;
    }
    for (const { worker, sweeper } of this.#parts) {
      worker?.start();
      sweeper?.start();
    }
  }

  override async counts(): Promise<readonly QueueCount[]> {
    const counting = this.#parts.map(async ({ queue }) => {
      const counts = await queue.getJobCounts(...STATES);
      return STATES.map((state) => ({ queue: queue.name, state, count: counts[state] ?? 0 }));
    });
    return (await within(ANSWER_MS, Promise.all(counting), silent)).flat();
  }

  override async ping(): Promise<void> {
    if (!this.#open) throw new Error('the queues are not open');
    await within(ANSWER_MS, this.#open.store.ping(), silent);
  }

  /** BullMQ's queues, for a board that only reads. */
  boards(): readonly Queue[] {
    // BullMQ's type defaults to the Redis backend, and boards ask for that default whatever the backend is.
    return this.#parts.map(({ queue }) => queue as unknown as Queue);
  }

  /** Lets running slices end, for ten seconds at most, and works no more. Nudges still go out. */
  stopWorking(): Promise<void> {
    this.#stopping ??= Promise.all(
      this.#parts.map(({ worker, sweeper }) => Promise.all([worker?.stop(), sweeper?.stop()])),
    ).then(() => undefined);
    return this.#stopping;
  }

  /** Stops working, hands its timers over, and ends every connection. Bounded, whatever the store does. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  get #parts(): readonly OpenKind[] {
    return [...(this.#open?.kinds.values() ?? [])];
  }

  #newStore(): QueueStore {
    const { redis, databaseUrl, queuePool, work } = this.options;
    const workers = work ? this.#declared.size : 0;
    return redis ?? new PostgresStore(databaseUrl, { workers, size: queuePool, warn: this.#warn });
  }

  #openKind(kind: LaneKind, store: QueueStore): OpenKind {
    const { work, log } = this.options;
    const queue: LaneQueue = new Queue(
      kind.name,
      { connection: store.connection, prefix: store.prefix(kind.name), streams: { events: { maxLen: EVENTS_KEPT } } },
      store.backend,
    );
    queue.on('error', (error) => this.#warn(`queues: ${describe(error)}`));
    const nudger = new Nudger(queue, this.#warn);
    if (!work) return { queue, nudger };
    const worker = new LaneWorker(kind, store, nudger, { error: (line) => log.error(line), warn: this.#warn });
    return { queue, nudger, worker, sweeper: new Sweeper(kind, nudger, this.db, this.#warn) };
  }

  async #ready(store: QueueStore): Promise<void> {
    const each = this.#parts.map(async ({ queue, worker }) => {
      await queue.waitUntilReady();
      await worker?.ready();
    });
    await store.ready(Promise.all(each));
  }

  async #close(): Promise<void> {
    await this.stopWorking();
    const parts = this.#parts;
    const handingOver = Promise.all(parts.map(({ nudger }) => nudger.stop()));
    await within<unknown>(FLUSH_MS, handingOver, () => this.#warn('nudges are lost until the sweep'));
    const store = this.#open?.store ?? this.options.redis;
    this.#open = undefined;
    await within<unknown>(FLUSH_MS, Promise.allSettled(parts.map(({ queue }) => queue.close())), () => undefined);
    await store?.close();
  }
}
