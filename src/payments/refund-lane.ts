import { Injectable, Logger } from '@nestjs/common';
import { Clock } from '../common/clock.js';
import { Database, statement } from '../database/database.js';
import { PlatformError } from '../platforms/errors.js';
import { Lanes, type LaneRef, type LaneResult, type Slice } from '../queues/lane.js';
import { Apps } from '../tenancy/apps.service.js';
import { BusinessTime } from '../tenancy/business-time.js';
import type { AppRecord } from '../tenancy/caller.js';
import { asMismatch } from './mismatches.js';
import { RefundTurns } from './refund-turns.js';
import { refundColumns, type RefundRow } from './rows.js';

export const REFUND_LANES = 'refunds';
const LEASE_MS = 30_000;
const SWEEP_MS = 5_000;
const AT_ONCE = 4;

/** Due refunds; compare `janitor.ts`. A lane is a merchant account. */
const DUE = statement(`
  select app_id as "appId", lane, min(at) as at from (
    (select app_id, merchant_account_id as lane, check_at as at from refunds
      where check_at <= $1 order by check_at limit 5000)
    union all
    (select r.app_id, r.merchant_account_id, r.check_at
      from apps m join refunds r on r.app_id = m.id
      where m.clock_offset > 0 and r.check_at > $1
        and r.check_at <= $1::timestamptz + m.clock_offset * interval '1 millisecond' limit 1000)
  ) due group by 1, 2 order by 3 limit $2`);

/** One of each payment at a time, the oldest first: they go out one after another. */
const CLAIM = statement(`
  update refunds r set check_at = $4
  where r.app_id = $1 and r.id in (
    select id from refunds
    where app_id = $1 and merchant_account_id = $2 and check_at <= $3
    order by check_at, id limit $5 for update skip locked)
  returning ${refundColumns('r')}`);
const NEXT = statement(`
  select min(check_at) as at from refunds where app_id = $1 and merchant_account_id = $2 and check_at is not null`);

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
      await Promise.all(byPayment(claimed).map((refunds) => this.#inOrder(app, refunds)));
      worked += claimed.length;
      if (claimed.length < AT_ONCE) break;
    }
    const [next] = await this.db.run<{ at: Date | null }>(NEXT, [appId, lane]);
    return next?.at ? { at: new Date(next.at.getTime() - app.clockOffset) } : 'idle';
  }

  async #inOrder(app: AppRecord, refunds: readonly RefundRow[]): Promise<void> {
    for (const refund of refunds) await this.#take(app, refund);
  }

  async #take(app: AppRecord, refund: RefundRow): Promise<void> {
    try {
      await this.turns.take(app, refund);
    } catch (error) {
      const isKnown = error instanceof PlatformError || asMismatch(error) !== undefined;
      if (!isKnown) throw error;
      this.#log.warn({ refund: refund.id }, error instanceof Error ? error.message : 'unknown');
      await this.turns.postpone(app, refund);
    }
  }
}

function byPayment(refunds: readonly RefundRow[]): RefundRow[][] {
  const groups = new Map<string, RefundRow[]>();
  for (const refund of [...refunds].sort((a, b) => (a.id < b.id ? -1 : 1))) {
    groups.set(refund.attemptId, [...(groups.get(refund.attemptId) ?? []), refund]);
  }
  return [...groups.values()];
}
