import { Injectable, Logger } from '@nestjs/common';
import { asMismatch } from '../payments/mismatches.js';
import { Clock } from '../common/clock.js';
import { Database } from '../database/database.js';
import { Relay } from '../events/relay.js';
import { PlatformError } from '../platforms/errors.js';
import { Lanes, type LaneRef, type LaneResult, type Slice } from '../queues/lane.js';
import { Apps } from '../tenancy/apps.service.js';
import { BusinessTime } from '../tenancy/business-time.js';
import type { AppRecord } from '../tenancy/caller.js';
import { MANDATE_LANES } from './lanes.js';
import { MandateChanges } from './mandate-changes.js';
import type { MandateRow } from './mandate-rows.js';
import { CHECK_MANDATE_AGAIN, CLAIM_MANDATES, DUE_APPS, NEXT_MANDATE } from './mandate.sql.js';
import { Mandates } from './mandates.service.js';

/** Longer than any call to a platform takes. */
const LEASE_MS = 30_000;
const SWEEP_MS = 5_000;
const AT_ONCE = 8;
/** Seconds until a platform is asked, or told, again; the last one repeats. */
const AGAIN = [60, 300, 900, 3_600, 4 * 3_600] as const;
/** A contract that was signed in the last moment is known by then: a page of Douyin can be signed for an hour. */
const LATE_MS = 70 * 60_000;

/** Asks about contracts of which nobody has told, and tells platforms of those that we have ended. */
@Injectable()
export class MandateLane {
  readonly #log = new Logger(MandateLane.name);

  constructor(
    private readonly db: Database,
    private readonly clock: Clock,
    private readonly time: BusinessTime,
    private readonly apps: Apps,
    private readonly mandates: Mandates,
    private readonly changes: MandateChanges,
    private readonly relay: Relay,
    lanes: Lanes,
  ) {
    lanes.declare({
      name: MANDATE_LANES,
      concurrency: 2,
      sweepEvery: SWEEP_MS,
      due: (limit) => this.db.run<{ appId: string; lane: string }>(DUE_APPS, [this.clock.now(), limit]),
      run: (lane, slice) => this.#work(lane, slice),
    });
  }

  async #work({ appId }: LaneRef, slice: Slice): Promise<LaneResult> {
    const app = await this.apps.record(appId);
    for (let worked = 0; worked < slice.rows && !slice.over();) {
      const now = this.time.now(app);
      const lease = new Date(now.getTime() + LEASE_MS);
      const claimed = await this.db.run<MandateRow>(CLAIM_MANDATES, [app.id, now, lease, AT_ONCE]);
      await Promise.all(claimed.map((mandate) => this.#take(app, mandate)));
      worked += claimed.length;
      if (claimed.length < AT_ONCE) break;
    }
    this.relay.nudge();
    const [next] = await this.db.run<{ at: Date | null }>(NEXT_MANDATE, [appId]);
    return next?.at ? { at: new Date(next.at.getTime() - app.clockOffset) } : 'idle';
  }

  /** Whatever goes wrong with one mandate, the others go on. */
  async #take(app: AppRecord, mandate: MandateRow): Promise<void> {
    try {
      await this.#look(app, mandate);
    } catch (error) {
      const known = error instanceof PlatformError ? error : asMismatch(error);
      if (known) this.#log.warn({ mandate: mandate.id }, known.message);
      else this.#log.error({ mandate: mandate.id, err: error }, 'a mandate could not be looked at; it is tried again');
      await this.#again(app, mandate);
    }
  }

  async #look(app: AppRecord, mandate: MandateRow): Promise<void> {
    if (mandate.status === 'active' && mandate.terminationReason !== null) {
      return this.mandates.terminate(app, mandate);
    }
    const asked = await this.mandates.ask(app, mandate);
    if (asked.status === 'active')
      return this.#wait(app, asked, asked.terminationReason === null ? asked.endsAt : null);
    if (asked.status !== 'pending') return;
    const isOver = asked.terminationReason !== null || this.#isTooLate(app, asked);
    if (isOver) await this.db.transaction((tx) => this.changes.lapse(tx, app, asked));
    else await this.#again(app, asked);
  }

  #isTooLate(app: AppRecord, { expiresAt }: MandateRow): boolean {
    return this.time.now(app).getTime() > expiresAt.getTime() + LATE_MS;
  }

  async #again(app: AppRecord, mandate: MandateRow): Promise<void> {
    const seconds = AGAIN[mandate.checks] ?? AGAIN.at(-1)!;
    await this.#wait(app, mandate, new Date(this.time.now(app).getTime() + seconds * 1_000));
  }

  /** `at` null: at once, for what is still to be done; one that has passed is asked about an interval later. */
  async #wait(app: AppRecord, mandate: MandateRow, at: Date | null): Promise<void> {
    const now = this.time.now(app);
    const isDueAgain = at !== null && at <= now;
    const next = isDueAgain ? new Date(now.getTime() + AGAIN.at(-1)! * 1_000) : at;
    const isWanted = mandate.status === 'active' && mandate.terminationReason !== null;
    await this.db.run(CHECK_MANDATE_AGAIN, [app.id, mandate.id, next ?? (isWanted ? now : null)]);
  }
}
