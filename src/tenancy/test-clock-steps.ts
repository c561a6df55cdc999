import { setTimeout as pause } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { Clock } from '../common/clock.js';
import { Database, statement } from '../database/database.js';
import { Lanes } from '../queues/lane.js';
import type { AppRecord } from './caller.js';
import { DueTimes } from './due-times.js';
import { SandboxConsole, type SandboxAccount } from './sandbox-console.js';

/** What is due and does not get done holds a step up no longer than that. */
const PATIENCE_MS = 15_000;
/** Between two looks at what is still to be done. */
const LOOK_MS = 10;

const ACCOUNTS = statement(`
  select platform, platform_app_id as "platformAppId", null::text as "merchantId" from platform_accounts where app_id = $1
  union all
  select platform, null, merchant_id from merchant_accounts where app_id = $1`);

/** One step of a test clock: to the next time at which something happens, and until it has happened. */
@Injectable()
export class TestClockSteps {
  constructor(
    private readonly db: Database,
    private readonly clock: Clock,
    private readonly lanes: Lanes,
    private readonly times: DueTimes,
    private readonly sandbox: SandboxConsole,
  ) {}

  /**
   * The next business time at which something is due here or in the sandbox, not after `target`. Now, while something is
   * due already and not `stuck`: what it leads to comes before anything later.
   */
  async next(app: AppRecord, target: Date, stuck: ReadonlySet<string>): Promise<Date> {
    const now = this.#now(app);
    const [{ due, next }, there] = await Promise.all([this.times.of(app.id, now), this.#moveSandbox(app, now)]);
    if (due.some((kind) => !stuck.has(kind))) return now;
    const earliest = Math.min(
      target.getTime(),
      ...[next, there].flatMap((at) => (at && at > now ? [at.getTime()] : [])),
    );
    return new Date(Math.max(earliest, now.getTime()));
  }

  /**
   * Brings the sandbox to `to` and waits until nothing is due any more; gives the kinds of lanes that did not come to
   * rest in time. `stuck` are those that did not before: nobody waits for them again.
   */
  async settle(app: AppRecord, to: Date, stuck: ReadonlySet<string>): Promise<readonly string[]> {
    const until = performance.now() + PATIENCE_MS;
    for (;;) {
      const now = new Date(Math.max(to.getTime(), this.#now(app).getTime()));
      const there = await this.#moveSandbox(app, now);
      const due = (await this.times.of(app.id, now)).due.filter((kind) => !stuck.has(kind));
      const isQuiet = due.length === 0 && (there === null || there > now) && !(await this.#isWorking(stuck));
      if (isQuiet || performance.now() > until) return due;
      await Promise.all(due.map((kind) => this.lanes.nudgeDue(kind)));
      await pause(LOOK_MS);
    }
  }

  async #isWorking(stuck: ReadonlySet<string>): Promise<boolean> {
    const { kinds } = this.times;
    const counts = await this.lanes.counts();
    return counts.some(({ queue, count }) => count > 0 && kinds.includes(queue) && !stuck.has(queue));
  }

  async #moveSandbox(app: AppRecord, now: Date): Promise<Date | null> {
    const accounts = await this.db.run<SandboxAccount & Record<string, unknown>>(ACCOUNTS, [app.id]);
    return accounts.length === 0 ? null : this.sandbox.moveClock(accounts, now);
  }

  #now(app: AppRecord): Date {
    return new Date(this.clock.now().getTime() + app.clockOffset);
  }
}
