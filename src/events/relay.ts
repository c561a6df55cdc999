import { Injectable, Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { Config } from '../config/config.js';
import { Database, statement } from '../database/database.js';
import { Lanes, type LaneResult } from '../queues/lane.js';

/** How long a committed event waits at most when its nudge was lost. */
const POLL_MS = 250;
const BATCH = 1_000;
const RELAY = { appId: 'all', lane: 'events' };

/**
 * Numbers committed events. One relay per database at a time (the advisory lock is the transaction's, so a dead relay's
 * work is taken over at once). A relay whose snapshot is older than another's commit finds `position` set and skips the
 * row, which may leave a gap in the numbers but never a repeat.
 */
const NUMBER = statement(`
  with turn as materialized (select pg_try_advisory_xact_lock(7308324468) as ours),
  batch as materialized (
    select app_id, id, row_number() over (order by ordinal) as place
    from (
      select app_id, id, ordinal from events
      where position is null and (select ours from turn)
      order by ordinal limit ${BATCH}
    ) waiting
  ),
  counted as (select count(*) as size from batch),
  raised as (
    update event_relay set last_position = last_position + counted.size
    from counted where counted.size > 0
    returning last_position - counted.size as base
  )
  update events set position = raised.base + batch.place
  from raised, batch
  where events.app_id = batch.app_id and events.id = batch.id and events.position is null
  returning events.id`);

/** Gives committed events their `position`, by which everybody reads them. */
@Injectable()
export class Relay implements OnApplicationBootstrap, OnApplicationShutdown {
  readonly #log = new Logger(Relay.name);
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> | undefined;
  #again = false;
  #stopped = false;

  constructor(
    private readonly db: Database,
    private readonly lanes: Lanes,
    private readonly config: Config,
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
    let numbered: number;
    do numbered = (await this.db.run(NUMBER, [])).length;
    while (numbered === BATCH && !this.#stopped);
  }
}
