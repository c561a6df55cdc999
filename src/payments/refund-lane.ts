import { Injectable, Logger } from '@nestjs/common';
import { Clock } from '../common/clock.js';
import { Database } from '../database/database.js';
import { PlatformError } from '../platforms/errors.js';
import { Lanes, type LaneRef, type LaneResult, type Slice } from '../queues/lane.js';
import { Apps } from '../tenancy/apps.service.js';
import { BusinessTime } from '../tenancy/business-time.js';
import type { AppRecord } from '../tenancy/caller.js';
import { claimDue, dueLanes, finishAll, nextDue } from './merchant-lanes.js';
import { asMismatch } from './mismatches.js';
import { RefundTurns } from './refund-turns.js';
import { refundColumns, type RefundRow } from './rows.js';

export const REFUND_LANES = 'refunds';
const LEASE_MS = 30_000;
const SWEEP_MS = 5_000;
const AT_ONCE = 4;

const DUE = dueLanes('refunds');
const CLAIM = claimDue('refunds', refundColumns);
const NEXT = nextDue('refunds');

/** Sends refunds and asks what became of them. */
@Injectable()
export class RefundLane {
  readonly #log = new Logger(RefundLane.name);

  constructor(
    private readonly db: Database,
    private readonly clock: Clock,
    private readonly time: BusinessTime,
    private readonly apps: Apps,
    private readonly turns: RefundTurns,
    lanes: Lanes,
  ) {
    lanes.declare({
      name: REFUND_LANES,
      concurrency: 4,
      sweepEvery: SWEEP_MS,
      due: (limit) => this.db.run<{ appId: string; lane: string }>(DUE, [this.clock.now(), limit]),
      run: (lane, slice) => this.#work(lane, slice),
    });
  }

  async #work({ appId, lane }: LaneRef, slice: Slice): Promise<LaneResult> {
    const app = await this.apps.record(appId);
    for (let worked = 0; worked < slice.rows && !slice.over();) {
      const now = this.time.now(app);
      const lease = new Date(now.getTime() + LEASE_MS);
      const claimed = await this.db.run<RefundRow>(CLAIM, [app.id, lane, now, lease, AT_ONCE]);
      await finishAll(byPayment(claimed).map((refunds) => this.#inOrder(app, refunds)));
      worked += claimed.length;
      if (claimed.length < AT_ONCE) break;
    }
    const [next] = await this.db.run<{ at: Date | null }>(NEXT, [appId, lane]);
    return next?.at ? { at: new Date(next.at.getTime() - app.clockOffset) } : 'idle';
  }

  async #inOrder(app: AppRecord, refunds: readonly RefundRow[]): Promise<void> {
    for (const refund of refunds) await this.#take(app, refund);
  }

  /** Whatever goes wrong with one refund, the others of its merchant go on. */
  async #take(app: AppRecord, refund: RefundRow): Promise<void> {
    try {
      await this.turns.take(app, refund);
    } catch (error) {
      const known = error instanceof PlatformError ? error : asMismatch(error);
      if (known) this.#log.warn({ refund: refund.id }, known.message);
      else this.#log.error({ refund: refund.id, err: error }, 'a refund could not be looked at; it is tried again');
      await this.turns.postpone(app, refund);
    }
  }
}

/** Those of one payment go out one after another, the oldest first. */
function byPayment(refunds: readonly RefundRow[]): RefundRow[][] {
  const groups = new Map<string, RefundRow[]>();
  for (const refund of [...refunds].sort((a, b) => (a.id < b.id ? -1 : 1))) {
    groups.set(refund.attemptId, [...(groups.get(refund.attemptId) ?? []), refund]);
  }
  return [...groups.values()];
}
