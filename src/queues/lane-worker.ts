import { Worker, type IQueueBackend, type Job, type JobProgress } from 'bullmq';
import type { LaneKind, LaneRef, Slice } from './lane.js';
import { describe, quietly, type Log } from './log.js';
import type { Nudger } from './nudger.js';
import type { Again, QueueStore, StoreConnection } from './store.js';

const SLICE_MS = 2_000;
const SLICE_ROWS = 200;
/** How long a lane that threw is left alone. */
const REST_MS = 5_000;

/**
 * A dead worker's lane runs again once its lock has ended and the next look for stalled jobs finds it, at most 6 s + 2.5 s
 * later. (10 s and 5 s, as often seen, may take 15 s.) How often a lane may lose its worker has no limit.
 */
const LIVENESS = { lockDuration: 6_000, stalledInterval: 2_500, maxStalledCount: 1_000_000 };

/** Works the lanes of one kind: gives each a slice and nudges it again for what remains. */
export class LaneWorker {
  readonly #worker: Worker<LaneRef, Again, 'run', IQueueBackend, JobProgress, StoreConnection>;
  #stopping = false;

  constructor(
    private readonly kind: LaneKind,
    store: QueueStore,
    private readonly nudger: Nudger,
    private readonly log: Log,
  ) {
    this.#worker = new Worker(
      kind.name,
      (job: Job<LaneRef, Again, 'run'>) => this.#run(job.data),
      {
        ...LIVENESS,
        connection: store.connection,
        prefix: store.prefix(kind.name),
        concurrency: kind.concurrency,
        autorun: false,
        runRetryDelay: 500,
        removeOnComplete: { count: 0 },
        removeOnFail: { count: 0 },
      },
      store.backend,
    );
    const report = quietly((line) => log.warn(line));
    this.#worker.on('error', (error) => report(`queue ${kind.name}: ${describe(error)}`));
    // Only now: while a job runs, a nudge for later would take the place of one that asks for another run.
    this.#worker.on('completed', ({ data }, again) => {
      if (again !== null) void nudger.nudge(data, again);
    });
  }

  async ready(): Promise<void> {
    await this.#worker.waitUntilReady();
  }

  start(): void {
    this.#worker.run().catch((error: unknown) => this.log.error(`queue ${this.kind.name} stopped: ${describe(error)}`));
  }

  /** Running slices are told to end; resolves when they have. */
  async stop(): Promise<void> {
    this.#stopping = true;
    await this.#worker.close();
  }

  async #run(lane: LaneRef): Promise<Again> {
    try {
      const result = await this.kind.run(lane, this.#slice());
      if (result === 'idle') return null;
      if (result.at.getTime() > Date.now()) return result.at.getTime();
      await this.nudger.nudge(lane); // The job that follows this one, behind those of other lanes.
      return null;
    } catch (error) {
      this.log.error(`lane ${this.kind.name} ${lane.appId}/${lane.lane} failed: ${describe(error)}`);
      return Date.now() + REST_MS;
    }
  }

  #slice(): Slice {
    const end = performance.now() + SLICE_MS;
    return { rows: SLICE_ROWS, over: () => this.#stopping || performance.now() >= end };
  }
}
