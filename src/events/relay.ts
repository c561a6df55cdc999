import { Injectable, Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { Config } from '../config/config.js';
import { Database, type Statement } from '../database/database.js';
import { Lanes, type LaneResult } from '../queues/lane.js';
import { EventReaders } from './event-readers.js';
import { BATCH, numbering, type NumberedRow } from './relay.sql.js';

/** How long a committed event waits at most when its nudge was lost. */
const POLL_MS = 250;
const RELAY = { appId: 'all', lane: 'events' };

/** Gives committed events their `position`, by which everybody reads them, and wakes who has work with them. */
@Injectable()
export class Relay implements OnApplicationBootstrap, OnApplicationShutdown {
  readonly #log = new Logger(Relay.name);
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> | undefined;
  #again = false;
  #stopped = false;
  #number: Statement | undefined;

  constructor(
    private readonly db: Database,
    private readonly lanes: Lanes,
    private readonly config: Config,
    private readonly readers: EventReaders,
  ) {
    lanes.declare({
      name: 'relay',
      concurrency: 1,
      sweepEvery: 60_000,
      run: async (): Promise<LaneResult> => {
        await this.#drain();
        return 'idle';
      },
      due: async () => [],
    });
  }

  onApplicationBootstrap(): void {
    if (this.#works) this.#timer = setInterval(() => this.#poke(), POLL_MS).unref();
  }

  async onApplicationShutdown(): Promise<void> {
    this.#stopped = true;
    clearInterval(this.#timer);
    await this.#running;
  }

  /** After a commit that announced something: number it now. Never throws, never waits. */
  nudge(): void {
    if (this.#works) this.#poke();
    else void this.lanes.nudge('relay', RELAY);
  }

  get #works(): boolean {
    return this.config.role !== 'api';
  }

  #poke(): void {
    if (this.#running) {
      this.#again = true;
      return;
    }
    this.#running = this.#drain()
      .catch((error: unknown) => this.#log.warn(`events wait: ${error instanceof Error ? error.message : 'unknown'}`))
      .finally(() => {
        this.#running = undefined;
        if (this.#again && !this.#stopped) {
          this.#again = false;
          this.#poke();
        }
      });
  }

  async #drain(): Promise<void> {
    this.#number ??= numbering(this.readers.all);
    let numbered: number;
    do {
      const rows = await this.db.run<NumberedRow>(this.#number, []);
      numbered = rows.find(({ kind }) => kind === null)?.numbered ?? 0;
      for (const { kind, appId, lane } of rows) {
        // Nobody waits for it: what a lost nudge leaves behind, the lane's sweep finds.
        if (kind !== null && appId !== null && lane !== null) void this.lanes.nudge(kind, { appId, lane });
      }
    } while (numbered === BATCH && !this.#stopped);
  }
}
