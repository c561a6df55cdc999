import { Worker, type IQueueBackend, type Job, type JobProgress } from 'bullmq';
import { keyOf, type LaneKind, type LaneRef, type Slice } from './lane.js';
import { describe, type Log } from './log.js';
import type { Nudger } from './nudger.js';
import type { QueueStore, StoreConnection } from './store.js';
import { within } from './within.js';

const SLICE_MS = 2_000;
const SLICE_ROWS = 200;
/** How long a lane that threw is left alone. */
const REST_MS = 5_000;
/** A run ends with its slice; one that does not is left to the other processes. */
const STOP_MS = 10_000;
const CLOSE_MS = 2_000;

/**
 * A dead worker's lane runs again once its lock has ended and the next look for stalled jobs finds it, at most 6 s + 2.5 s
 * later. (10 s and 5 s, as often seen, may take 15 s.) How often a lane may lose its worker has no limit.
 */
const LIVENESS = { lockDuration: 6_000, stalledInterval: 2_500, maxStalledCount: 1_000_000 };

/** Works the lanes of one kind: gives each a slice and nudges it again for what remains. */
export class LaneWorker {
  readonly #worker: Worker<LaneRef, void, 'run', IQueueBackend, JobProgress, StoreConnection>;
  readonly #runs = new Set<Promise<void>>();
  #stopping = false;

  constructor(
    private readonly kind: LaneKind,
    store: QueueStore,
    private readonly nudger: Nudger,
    private readonly log: Log,
  ) {
    this.#worker = new Worker(
      kind.name,
      (job: Job<LaneRef, void, 'run'>) => this.#track(this.#run(job.data)),
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
    this.#worker.on('error', (error) => log.warn(`queues: ${describe(error)}`));
  }

  async ready(): Promise<void> {
    await this.#worker.waitUntilReady();
  }

  start(): void {
    this.#worker.run().catch((error: unknown) => this.log.error(`queue ${this.kind.name} stopped: ${describe(error)}`));
  }

  /** Tells running slices to end and waits for them, ten seconds at most, then for BullMQ. */
  async stop(): Promise<void> {
    this.#stopping = true;
    const closed = this.#worker.close();
    await within<unknown>(STOP_MS, Promise.all(this.#runs), () =>
      this.log.warn(`queue ${this.kind.name}: a lane did not end with its slice; another process will take it`),
    );
    await within(CLOSE_MS, closed, () => undefined);
  }

  #track(run: Promise<void>): Promise<void> {
    this.#runs.add(run);
    return run.finally(() => this.#runs.delete(run));
  }

  async #run({ appId, lane }: LaneRef): Promise<void> {
    const ref = { appId, lane };
    try {
      const result = await this.kind.run(ref, this.#slice());
      // If it is due now, another job follows this one, behind those of other lanes.
      if (result !== 'idle') await this.nudger.nudge(ref, result.at);
    } catch (error) {
      this.log.error(`lane ${this.kind.name} ${keyOf(ref)} failed: ${describe(error)}`);
      await this.nudger.nudge(ref, new Date(Date.now() + REST_MS));
    }
  }

  #slice(): Slice {
    const end = performance.now() + SLICE_MS;
    return { rows: this.kind.rows ?? SLICE_ROWS, over: () => this.#stopping || performance.now() >= end };
  }
}
