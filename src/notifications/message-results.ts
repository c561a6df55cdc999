import { Injectable, Logger } from '@nestjs/common';
import { Database } from '../database/database.js';
import { Relay } from '../events/relay.js';
import type { Conclusion, Reservation } from './outcomes.js';
import { RECORD } from './recording.sql.js';

/** What came of one send, as `RECORD` takes it. */
export interface Result extends Conclusion {
  readonly appId: string;
  readonly accountId: string;
  readonly id: string;
  /** The lease under which it was sent. */
  readonly lease: Date;
  /** Business time, and protocol time. */
  readonly at: Date;
  readonly now: Date;
  readonly eventId: string;
  readonly entryId: string;
  readonly openid: string;
  readonly platformTemplateId: string;
  /** Null: nothing is reserved any more. */
  readonly reservation: Reservation | null;
  readonly reportId: string | null;
  /** The template's key. */
  readonly template: string;
  /** Whether the lease may have passed before this is written. */
  readonly isLate: boolean;
}

const BATCH = 200;
const RETRY_MS = 500;

interface Waiting {
  readonly result: Result;
  readonly done: () => void;
}

/** Writes what came of sends: those that end while one statement runs go together in the next one. */
@Injectable()
export class MessageResults {
  readonly #log = new Logger(MessageResults.name);
  #waiting: Waiting[] = [];
  #writing: Promise<void> | undefined;
  #stopping = false;

  constructor(
    private readonly db: Database,
    private readonly relay: Relay,
  ) {}

  /** Resolves when it is written. While Postgres is away it waits: what a platform has said is not known otherwise. */
  add(result: Result): Promise<void> {
    return new Promise((done) => {
      this.#waiting.push({ result, done });
      this.#writing ??= this.#write().finally(() => (this.#writing = undefined));
    });
  }

  /** Resolves when nothing waits to be written; a Postgres that is away is waited for no longer. */
  async settled(): Promise<void> {
    this.#stopping = true;
    await this.#writing;
  }

  async #write(): Promise<void> {
    await new Promise(setImmediate); // What ends in the same turn of the event loop is written together.
    while (this.#waiting.length > 0) {
      const batch = this.#take(BATCH);
      try {
        await this.#record(batch);
      } catch (error) {
        this.#log.warn(`results of messages wait: ${error instanceof Error ? error.message : 'unknown'}`);
        if (this.#stopping) return;
        this.#waiting.unshift(...batch);
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
      }
    }
  }

  /** Takes at most one result per consent: two changes of one row need two statements. */
  #take(most: number): Waiting[] {
    const seen = new Set<string>();
    const batch: Waiting[] = [];
    const rest: Waiting[] = [];
    for (const one of this.#waiting) {
      const { accountId, openid, platformTemplateId } = one.result;
      const consent = `${accountId} ${platformTemplateId} ${openid}`;
      if (batch.length === most || seen.has(consent)) rest.push(one);
      else {
        seen.add(consent);
        batch.push(one);
      }
    }
    this.#waiting = rest;
    return batch;
  }

  /** One result that Postgres does not take must not hold up the others. */
  async #record(batch: readonly Waiting[]): Promise<void> {
    try {
      await this.#run(batch);
    } catch (error) {
      if (!isOfTheRows(error)) throw error;
      for (const one of batch) await this.#runAlone(one);
    }
  }

  async #runAlone(one: Waiting): Promise<void> {
    try {
      await this.#run([one]);
    } catch (error) {
      if (!isOfTheRows(error)) throw error;
      this.#log.error({ notification: one.result.id, err: error }, 'what came of a message cannot be written');
      one.done(); // Its lease passes, and then it counts as unknown.
    }
  }

  async #run(batch: readonly Waiting[]): Promise<void> {
    await this.db.run(RECORD, [JSON.stringify(batch.map(({ result }) => result))]);
    this.relay.nudge();
    for (const { done } of batch) done();
  }
}

/** Integrity or data (classes 22 and 23): the same rows fail again, however often. */
const isOfTheRows = (error: unknown): boolean => /^2[23]/.test(String((error as { code?: unknown } | null)?.code));
