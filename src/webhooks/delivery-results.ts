import { Injectable, Logger } from '@nestjs/common';
import { Clock } from '../common/clock.js';
import { Database } from '../database/database.js';
import { Disabling } from './disabling.js';
import { RECORD } from './delivering.sql.js';

/** What came of one attempt, as `RECORD` takes it. What is undefined is not sent along: most results lack most of it. */
export interface Result {
  readonly appId: string;
  readonly deliveryId: string;
  readonly endpointId: string;
  readonly at: Date;
  readonly durationMs: number;
  /** The delivery's status from now on. */
  readonly outcome: 'succeeded' | 'pending' | 'dead';
  readonly status: number | null;
  readonly error: string | undefined;
  readonly answer: string | null;
  readonly nextAt: Date | undefined;
  /** The endpoint asks to be left alone until then. */
  readonly holdUntil: Date | undefined;
  readonly isProbe: true | undefined;
  readonly isGone: true | undefined;
}

/** How an endpoint stands after a result. */
export interface Standing {
  /** Whether anything may be sent there: it is enabled, and its circuit is closed. */
  readonly mayCall: boolean;
  /** The last change of its settings. */
  readonly updatedAt: Date;
}

/** An endpoint to which something was sent. */
export interface Health extends Standing {
  [column: string]: unknown;
  /** Whether the results have changed something of it. */
  readonly changed: boolean;
  readonly appId: string;
  readonly id: string;
  readonly status: string;
  readonly failures: number;
  readonly failingSince: Date | null;
  readonly gone: boolean;
}

const BATCH = 200;
const RETRY_MS = 500;
/** Then the leases have ended and somebody else has sent again. */
const GIVE_UP_MS = 30_000;
/** Failures in a row after which an endpoint is only tried by one delivery at a time. */
export const CIRCUIT_FAILURES = 5;

interface Waiting {
  readonly result: Result;
  readonly since: number;
  readonly done: (standing?: Standing) => void;
}

/** Writes the results of attempts: those that end while one statement runs go together in the next one. */
@Injectable()
export class DeliveryResults {
  readonly #log = new Logger(DeliveryResults.name);
  #waiting: Waiting[] = [];
  #writing: Promise<void> | undefined;

  constructor(
    private readonly db: Database,
    private readonly clock: Clock,
    private readonly disabling: Disabling,
  ) {}

  /**
   * Resolves when it is written, to how the endpoint stands then; undefined when the endpoint is gone, or the result is
   * given up after half a minute without Postgres: then the delivery is sent again.
   */
  add(result: Result): Promise<Standing | undefined> {
    return new Promise((done) => {
      this.#waiting.push({ result, since: performance.now(), done });
      this.#writing ??= this.#write().finally(() => (this.#writing = undefined));
    });
  }

  /** Resolves when nothing waits to be written. */
  async settled(): Promise<void> {
    await this.#writing;
  }

  async #write(): Promise<void> {
    await new Promise(setImmediate); // What ends in the same turn of the event loop is written together.
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.splice(0, BATCH);
      try {
        const standings = await this.#record(batch.map(({ result }) => result));
        for (const { result, done } of batch) done(standings.get(keyOf(result.appId, result.endpointId)));
      } catch (error) {
        this.#log.warn(`results of deliveries wait: ${error instanceof Error ? error.message : 'unknown'}`);
        const [late, others] = split(batch, ({ since }) => performance.now() - since > GIVE_UP_MS);
        for (const { done } of late) done();
        this.#waiting.unshift(...others);
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
      }
    }
  }

  async #record(results: readonly Result[]): Promise<ReadonlyMap<string, Standing>> {
    const now = this.clock.now();
    const endpoints = await this.db.run<Health>(RECORD, [JSON.stringify(results), now, CIRCUIT_FAILURES]);
    for (const endpoint of endpoints) if (endpoint.changed) await this.disabling.consider(endpoint, now);
    return new Map(endpoints.map((endpoint) => [keyOf(endpoint.appId, endpoint.id), endpoint]));
  }
}

const keyOf = (appId: string, endpointId: string): string => `${appId}/${endpointId}`;

function split<T>(all: readonly T[], holds: (one: T) => boolean): [T[], T[]] {
  return [all.filter(holds), all.filter((one) => !holds(one))];
}
