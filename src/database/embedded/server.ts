import { setTimeout as delay } from 'node:timers/promises';
import { StartError } from '../../common/start-error.js';
import { type Access, connectWhenReady, ensureDatabase } from './application-database.js';
import type { Binaries } from './binaries.js';
import type { Guard } from './guard.js';
import { clearTheWay } from './leftovers.js';
import type { Log } from './log.js';
import type { Place } from './place.js';
import { ServerRun } from './server-run.js';

/** A server that lived this long was healthy: its end starts a new count of failures. */
const HEALTHY_MS = 30_000;
const LONGEST_PAUSE_MS = 5_000;
const RECOVERY_NOTICE_MS = 5_000;

interface Parts {
  readonly binaries: Binaries;
  readonly place: Place;
  readonly guard: Guard;
  readonly log: Log;
}

/** The server of this owner: started, started again whenever it dies, and stopped. */
export class Server {
  #run: ServerRun | undefined;
  #kept: Promise<void> | undefined;
  readonly #stopping = new AbortController();

  constructor(
    private readonly parts: Parts,
    private readonly access: Access,
    private readonly settings: Readonly<Record<string, string>>,
  ) {}

  /** Starts it and waits until it takes connections. Throws ServerEnded or StartError, and then it is down. */
  async start(): Promise<void> {
    await this.#launch();
    this.#kept = this.#keepRunning();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#run?.stop();
    await this.#kept;
  }

  async #launch(): Promise<void> {
    const { binaries, place, guard, log } = this.parts;
    await clearTheWay(binaries, place, log);
    const run = await ServerRun.launch(binaries.postgres, place, this.settings);
    this.#run = run;
    guard.watch(run.pid);
    void run.ended.then(() => guard.watch(undefined));
    // `stop` may have come before there was anything to stop.
    if (this.#stopping.signal.aborted) await run.stop();

    const notice = setTimeout(
      () => log({ level: 'info', message: 'PostgreSQL is recovering, this may take a while' }),
      RECOVERY_NOTICE_MS,
    );
    try {
      await this.#prepare(run);
    } catch (error) {
      await run.stop();
      throw error;
    } finally {
      clearTimeout(notice);
    }
  }

  async #prepare(run: ServerRun): Promise<void> {
    const client = await connectWhenReady(this.access, () => run.isOver);
    if (!client) throw await run.failure();
    try {
      await ensureDatabase(client, this.access);
    } finally {
      await client.end();
    }
  }

  async #keepRunning(): Promise<void> {
    for (let failures = 0; ; failures++) {
      const startedAt = Date.now();
      const how = await this.#run?.ended;
      if (this.#stopping.signal.aborted) return;
      this.parts.log({ level: 'error', message: `PostgreSQL died (${how}): starting it again` });
      if (Date.now() - startedAt > HEALTHY_MS) failures = 0;
      failures = await this.#startAgain(failures);
      if (this.#stopping.signal.aborted) return;
      this.parts.log({ level: 'info', message: 'PostgreSQL is back' });
    }
  }

  /** Tries until it runs or shall stop, at the same address; gives the count of failures in a row. */
  async #startAgain(failures: number): Promise<number> {
    const { signal } = this.#stopping;
    for (; !signal.aborted; failures++) {
      await delay(pauseAfter(failures), undefined, { signal }).catch(() => undefined);
      if (signal.aborted) break;
      try {
        await this.#launch();
        break;
      } catch (error) {
        if (!signal.aborted)
          this.parts.log({ level: 'error', message: `PostgreSQL does not start: ${reasonOf(error)}` });
      }
    }
    return failures;
  }
}

const pauseAfter = (failures: number): number =>
  failures === 0 ? 0 : Math.min(100 * 2 ** (failures - 1), LONGEST_PAUSE_MS);

const reasonOf = (error: unknown): string =>
  error instanceof StartError ? error.line : error instanceof Error ? error.message : String(error);
