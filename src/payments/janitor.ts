import { Injectable, Logger } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { Clock } from '../common/clock.js';
import { Database, statement } from '../database/database.js';
import { Relay } from '../events/relay.js';
import { PlatformError } from '../platforms/errors.js';
import { Lanes, type LaneRef, type LaneResult, type Slice } from '../queues/lane.js';
import { Apps } from '../tenancy/apps.service.js';
import { BusinessTime } from '../tenancy/business-time.js';
import type { AppRecord } from '../tenancy/caller.js';
import { Closing } from './closing.js';
import { Inquiry } from './inquiry.js';
import { BUSINESS_NOW_SQL, claimDue, dueLanes, finishAll, nextDue } from './merchant-lanes.js';
import { Mismatches } from './mismatches.js';
import { Payments } from './payments.service.js';
import { type AttemptRow, attemptColumns } from './rows.js';
import { PAYMENT_LANES } from './settlement.js';

/** How long an attempt that somebody asks about is left alone by others: longer than any call takes. */
const LEASE_MS = 30_000;
const SWEEP_MS = 5_000;
/** Attempts of one merchant that are asked about at the same time. */
const AT_ONCE = 8;
/** The lane of an app's payments that have run out. */
const EXPIRING = 'expiring';
/** How long a payment that cannot be closed is left alone: it must not stand in the way of those behind it. */
const REST_MS = 30_000;
const MOST_RESTING = 5_000;

const DUE = dueLanes('payment_attempts');
const CLAIM = claimDue('payment_attempts', attemptColumns);
const NEXT = nextDue('payment_attempts');

/** Apps with payments that have run out; compare `dueLanes`. $1 now  $2 most lanes */
const EXPIRING_APPS = statement(`
  select p.id as "appId", '${EXPIRING}' as lane
  from apps p cross join lateral (
    select o.expires_at from payments o
    where o.app_id = p.id and o.status in ('created', 'pending') and o.closing_since is null
      and o.expires_at <= ${BUSINESS_NOW_SQL}
    order by o.expires_at limit 1) first
  order by first.expires_at - p.clock_offset * interval '1 millisecond' limit $2`);

/** $2 business now  $3 at most  $4 not these */
const EXPIRED = statement(`
  select id from payments
  where app_id = $1 and status in ('created', 'pending') and closing_since is null and expires_at <= $2
    and id <> all ($4::text[])
  order by expires_at limit $3`);

/** Finds out what became of attempts that nobody has told us about, and closes what has run out. */
@Injectable()
export class Janitor {
  readonly #log = new Logger(Janitor.name);
  /** Payments that could not be closed just now, by id. */
  readonly #resting = new LRUCache<string, true>({ max: MOST_RESTING, ttl: REST_MS });

  constructor(
    private readonly db: Database,
    private readonly clock: Clock,
    private readonly time: BusinessTime,
    private readonly apps: Apps,
    private readonly payments: Payments,
    private readonly inquiry: Inquiry,
    private readonly closing: Closing,
    private readonly mismatches: Mismatches,
    private readonly relay: Relay,
    lanes: Lanes,
  ) {
    lanes.declare({
      name: PAYMENT_LANES,
      concurrency: 4,
      sweepEvery: SWEEP_MS,
      due: (limit) => this.#due(limit),
      run: (lane, slice) => this.#work(lane, slice),
    });
  }

  /** Half of the places for either, so that neither takes them all. */
  async #due(limit: number): Promise<LaneRef[]> {
    const values = [this.clock.now(), Math.ceil(limit / 2)];
    const lanes = await Promise.all(
      [DUE, EXPIRING_APPS].map((due) => this.db.run<{ appId: string; lane: string }>(due, values)),
    );
    return lanes.flat();
  }

  async #work({ appId, lane }: LaneRef, slice: Slice): Promise<LaneResult> {
    const app = await this.apps.record(appId);
    return lane === EXPIRING ? this.#expire(app, slice) : this.#ask(app, lane, slice);
  }

  async #ask(app: AppRecord, merchantAccountId: string, slice: Slice): Promise<LaneResult> {
    let worked = 0;
    while (!slice.over() && worked < slice.rows) {
      const now = this.time.now(app);
      const lease = new Date(now.getTime() + LEASE_MS);
      const claimed = await this.db.run<AttemptRow>(CLAIM, [app.id, merchantAccountId, now, lease, AT_ONCE]);
      await finishAll(claimed.map((attempt) => this.#askAbout(app, attempt)));
      worked += claimed.length;
      if (claimed.length < AT_ONCE) break;
    }
    const [next] = await this.db.run<{ at: Date | null }>(NEXT, [app.id, merchantAccountId]);
    return next?.at ? { at: new Date(next.at.getTime() - app.clockOffset) } : 'idle';
  }

  /** Whatever goes wrong with one attempt, the others of its merchant are asked about. */
  async #askAbout(app: AppRecord, attempt: AttemptRow): Promise<void> {
    try {
      await this.inquiry.ask(app, await this.payments.find(app.id, attempt.paymentId), attempt);
    } catch (error) {
      if (!this.mismatches.alarm(app, attempt, error)) {
        if (error instanceof PlatformError) this.#log.warn({ attempt: attempt.id }, error.message);
        else
          this.#log.error({ attempt: attempt.id, err: error }, 'an attempt could not be looked at; it is tried again');
      }
      await this.inquiry.postpone(app, attempt);
    }
  }

  async #expire(app: AppRecord, slice: Slice): Promise<LaneResult> {
    const values = [app.id, this.time.now(app), slice.rows, [...this.#resting.keys()]];
    const expired = await this.db.run<{ id: string }>(EXPIRED, values);
    for (const { id } of expired) {
      if (slice.over()) break;
      await this.closing.expire(app, id).catch((error: unknown) => {
        this.#resting.set(id, true);
        this.#log.error({ payment: id, err: error }, 'a payment that has run out could not be closed');
      });
    }
    if (expired.length > 0) this.relay.nudge();
    return expired.length > 0 ? { at: new Date() } : 'idle';
  }
}
