import { setTimeout as pause } from 'node:timers/promises';
import { Injectable, Logger } from '@nestjs/common';
import { Clock } from '../common/clock.js';
import { invalid, problem } from '../common/problems.js';
import { Database, statement, type Tx } from '../database/database.js';
import { Apps } from './apps.service.js';
import type { AppRecord, RequestContext } from './caller.js';
import { DIRECTORY_TTL_MS } from './directory.js';
import { Idempotency } from './idempotency.js';
import { type AdvanceTestClock, MOST_DAYS, type TestClockView } from './test-clock.schemas.js';
import { TestClockSteps } from './test-clock-steps.js';

const DAY_MS = 86_400_000;
/** A caller waits that long; the advance goes on without. */
const PATIENCE_MS = 60_000;
/** How long an advance is another's after the last sign of life of its process. */
const LEASE_MS = 30_000;

const BEGIN = statement(`
  insert into test_clocks as c (app_id, target, lease_until, reason, updated_at) values ($1, $2, $3, null, $4)
  on conflict (app_id) do update set target = $2, lease_until = $3, reason = null, updated_at = $4
    where c.lease_until <= $4
  returning app_id`);
const HOLD = statement(`update test_clocks set lease_until = $2 where app_id = $1`);
const END = statement(`update test_clocks set lease_until = $2, reason = $3, updated_at = $2 where app_id = $1`);
const READ = statement(`select target, lease_until as "leaseUntil", reason from test_clocks where app_id = $1`);
const MOVE = statement(`
  update apps set clock_offset = greatest(clock_offset, $2::bigint), updated_at = now() where id = $1
  returning clock_offset::float8 as "clockOffset"`);

interface ClockRow extends Record<string, unknown> {
  target: Date;
  leaseUntil: Date;
  reason: string | null;
}

/** Moves the business time of test apps ahead, from one due time to the next, so that a year happens in order. */
@Injectable()
export class TestClock {
  readonly #log = new Logger(TestClock.name);

  constructor(
    private readonly db: Database,
    private readonly clock: Clock,
    private readonly apps: Apps,
    private readonly steps: TestClockSteps,
    private readonly idempotency: Idempotency,
  ) {}

  /** Throws 422 `test_app_only`. */
  async get(app: AppRecord): Promise<TestClockView> {
    mustBeTest(app);
    const [row] = await this.db.run<ClockRow>(READ, [app.id]);
    const { clockOffset } = await this.apps.record(app.id);
    const now = this.clock.now();
    return {
      now: new Date(now.getTime() + clockOffset).toISOString(),
      target: row?.target.toISOString() ?? null,
      status: row && row.leaseUntil > now ? 'advancing' : 'ready',
      ...(row?.reason ? { reason: row.reason } : {}),
    };
  }

  /**
   * Gives the clock when everything on the way has settled, or after a minute while it goes on. Throws 409
   * `test_clock_advancing`, 422 `test_app_only`.
   */
  async advance(app: AppRecord, body: AdvanceTestClock, context: RequestContext): Promise<TestClockView> {
    mustBeTest(app);
    const begin = async (tx: Tx) => ({ id: app.id, result: await this.#reserve(tx, app, body) });
    const target = await this.idempotency.once(context.idempotency, begin, async () => undefined);
    // A repeat says how far the first one has come.
    if (target) await Promise.race([this.#go(app, target), pause(PATIENCE_MS, undefined, { ref: false })]);
    return this.get(app);
  }

  /** Makes the advance this process's. Throws 400 for a time that does not lie ahead. */
  async #reserve(tx: Tx, app: AppRecord, { to, days }: AdvanceTestClock): Promise<Date> {
    const now = this.clock.now();
    const business = now.getTime() + app.clockOffset;
    const target = new Date(to === undefined ? business + (days ?? 0) * DAY_MS : Date.parse(to));
    const most = business + MOST_DAYS * DAY_MS;
    if (target.getTime() > most) throw invalid('to', `must be at most ${MOST_DAYS} days ahead`);
    if (target.getTime() <= business) throw invalid('to', 'must be later than now, and clocks only go forwards');
    const begun = await this.db.run(BEGIN, [app.id, target, new Date(now.getTime() + LEASE_MS), now], tx);
    if (begun.length === 0) throw problem('test_clock_advancing', 'The clock of this app is being advanced already.');
    return target;
  }

  async #go(app: AppRecord, target: Date): Promise<void> {
    const held = setInterval(() => void this.#hold(app.id), LEASE_MS / 3);
    held.unref();
    let reason: string | null;
    try {
      // Other processes may remember for a while that this clock has never been moved.
      if (app.clockOffset === 0) await this.#begin(app);
      reason = await this.#walk(app, target);
    } catch (error) {
      reason = error instanceof Error ? error.message : String(error);
      this.#log.error({ app: app.id, err: error }, 'a test clock stopped on its way');
    } finally {
      clearInterval(held);
    }
    await this.db.run(END, [app.id, this.clock.now(), reason]);
  }

  async #begin(app: AppRecord): Promise<void> {
    await this.#moveTo(app.id, new Date(this.clock.now().getTime() + 1));
    await pause(DIRECTORY_TTL_MS);
  }

  /** Gives what was left undone, if anything was. */
  async #walk(app: AppRecord, target: Date): Promise<string | null> {
    const stuck = new Set<string>();
    for (;;) {
      const record = await this.apps.record(app.id);
      const step = await this.steps.next(record, target, stuck);
      const moved = await this.#moveTo(app.id, step);
      for (const kind of await this.steps.settle(moved, step, stuck)) stuck.add(kind);
      if (step >= target)
        return stuck.size === 0 ? null : `Not everything of ${[...stuck].join(', ')} was done in time.`;
    }
  }

  async #moveTo(appId: string, to: Date): Promise<AppRecord> {
    await this.db.run(MOVE, [appId, Math.ceil(to.getTime() - this.clock.now().getTime())]);
    this.apps.forget();
    return this.apps.record(appId);
  }

  async #hold(appId: string): Promise<void> {
    const until = new Date(this.clock.now().getTime() + LEASE_MS);
    await this.db.run(HOLD, [appId, until]).catch((error: unknown) => {
      this.#log.warn({ app: appId, err: error }, 'an advancing clock could not be held');
    });
  }
}

function mustBeTest({ mode }: AppRecord): void {
  if (mode !== 'test') throw problem('test_app_only', 'Only the clock of a test app can be moved.');
}
