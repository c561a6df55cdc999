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
/** While more are on their way, results gather for so long, or until there are so many: few statements write many. */
const GATHER_MS = 20;
const ENOUGH = 48;

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
  #gathered: (() => void) | undefined;
  /** Whether one waits that is the last of its account. */
  #isUrgent = false;
  #stopping = false;

  constructor(
    private readonly db: Database,
    private readonly relay: Relay,
  ) {}

  /**
   * Resolves when it is written. While Postgres is away it waits: what a platform has said is not known otherwise.
   * `isLast`: no other is expected soon.
   */
  add(result: Result, isLast: boolean): Promise<void> {
    return new Promise((done) => {
      this.#waiting.push({ result, done });
      this.#writing ??= this.#write().finally(() => (this.#writing = undefined));
      this.#isUrgent ||= isLast;
      if (this.#isUrgent || this.#waiting.length >= ENOUGH) this.#gathered?.();
    });
  }

  /** Resolves when nothing waits to be written; a Postgres that is away is waited for no longer. */
  async settled(): Promise<void> {
    this.#stopping = true;
    this.#gathered?.();
    await this.#writing;
  }

  async #write(): Promise<void> {
    while (this.#waiting.length > 0) {
      await this.#gather();
      this.#isUrgent = false;
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

  async #gather(): Promise<void> {
    if (this.#stopping || this.#isUrgent || this.#waiting.length >= ENOUGH) return;
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve) => {
      this.#gathered = resolve;
      timer = setTimeout(resolve, GATHER_MS);
    });
    clearTimeout(timer);
    this.#gathered = undefined;
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
    await this.db.run(RECORD, [JSON.stringify(batch.map(({ result }) => wireOf(result)))]);
    this.relay.nudge();
    for (const { done } of batch) done();
  }
}

/** As `RECORD` reads it. What is null or false is left out: of most messages that is half of it. */
const wireOf = (result: Result) => ({
  appId: result.appId,
  accountId: result.accountId,
  id: result.id,
  lease: result.lease,
  outcome: result.outcome,
  reason: result.reason ?? undefined,
  platformCode: result.platformCode ?? undefined,
  platformMessageId: result.platformMessageId ?? undefined,
  dueAt: result.dueAt ?? undefined,
  tries: result.tries,
  at: result.at,
  now: result.now,
  eventId: result.eventId,
  entryId: result.entryId,
  openid: result.openid,
  platformTemplateId: result.platformTemplateId,
  reservation: result.reservation ?? undefined,
  reportId: result.reportId ?? undefined,
  template: result.template,
  blockedUntil: result.blockedUntil ?? undefined,
  isLate: result.isLate || undefined,
});

/** Integrity or data (classes 22 and 23): the same rows fail again, however often. */
const isOfTheRows = (error: unknown): boolean => /^2[23]/.test(String((error as { code?: unknown } | null)?.code));
