import { Injectable, Logger } from '@nestjs/common';
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
import { Mismatches } from './mismatches.js';
import { Payments } from './payments.service.js';
import { type AttemptRow, attemptColumns } from './rows.js';

/** How long an attempt that somebody asks about is left alone by others: longer than any call takes. */
const LEASE_MS = 30_000;
const SWEEP_MS = 5_000;
/** Attempts of one merchant that are asked about at the same time. */
const AT_ONCE = 8;
const EXPIRING = 'expiring';

/**
 * What is due, by index: all apps whose business time is protocol time in one range, each app that was moved ahead in
 * its own. A lane is a merchant account, so a slow platform holds up nobody else's.
 */
const DUE = statement(`
  select app_id as "appId", lane, min(at) as at from (
    (select app_id, merchant_account_id as lane, check_at as at from payment_attempts
      where check_at <= $1 order by check_at limit 5000)
    union all
    (select a.app_id, a.merchant_account_id, a.check_at
      from apps m join payment_attempts a on a.app_id = m.id
      where m.clock_offset > 0 and a.check_at > $1
        and a.check_at <= $1::timestamptz + m.clock_offset * interval '1 millisecond' limit 1000)
    union all
    (select app_id, '${EXPIRING}', expires_at from payments
      where status in ('created', 'pending') and closing_since is null and expires_at <= $1
      order by expires_at limit 1000)
    union all
    (select p.app_id, '${EXPIRING}', p.expires_at
      from apps m join payments p on p.app_id = m.id
      where m.clock_offset > 0 and p.status in ('created', 'pending') and p.closing_since is null and p.expires_at > $1
        and p.expires_at <= $1::timestamptz + m.clock_offset * interval '1 millisecond' limit 1000)
  ) due group by 1, 2 order by 3 limit $2`);

const CLAIM = statement(`
  update payment_attempts a set check_at = $4
  where a.app_id = $1 and a.id in (
    select id from payment_attempts
    where app_id = $1 and merchant_account_id = $2 and check_at <= $3
    order by check_at limit $5 for update skip locked)
  returning ${attemptColumns('a')}`);
const NEXT = statement(`
  select min(check_at) as at from payment_attempts where app_id = $1 and merchant_account_id = $2 and check_at is not null`);

const EXPIRED = statement(`
  select id from payments
  where app_id = $1 and status in ('created', 'pending') and closing_since is null and expires_at <= $2
  order by expires_at limit $3`);

/** Finds out what became of attempts that nobody has told us about, and closes what has run out. */
@Injectable()
export class Janitor {
  readonly #log = new Logger(Janitor.name);

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
      name: 'payments',
      concurrency: 4,
      sweepEvery: SWEEP_MS,
      due: (limit) => this.db.run<{ appId: string; lane: string }>(DUE, [this.clock.now(), limit]),
      run: (lane, slice) => this.#work(lane, slice),
    });
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
      await Promise.all(claimed.map((attempt) => this.#askAbout(app, attempt)));
      worked += claimed.length;
      if (claimed.length < AT_ONCE) break;
    }
    const [next] = await this.db.run<{ at: Date | null }>(NEXT, [app.id, merchantAccountId]);
    return next?.at ? { at: new Date(next.at.getTime() - app.clockOffset) } : 'idle';
  }

  async #askAbout(app: AppRecord, attempt: AttemptRow): Promise<void> {
    try {
      await this.inquiry.ask(app, await this.payments.find(app.id, attempt.paymentId), attempt);
    } catch (error) {
      if (!(error instanceof PlatformError) && !this.mismatches.alarm(app, attempt, error)) throw error;
      // Its lease ends, and it is asked about again.
      this.#log.warn({ attempt: attempt.id }, error instanceof Error ? error.message : 'unknown');
      await this.inquiry.postpone(app, attempt);
    }
  }

  async #expire(app: AppRecord, slice: Slice): Promise<LaneResult> {
    const expired = await this.db.run<{ id: string }>(EXPIRED, [app.id, this.time.now(app), slice.rows]);
    for (const { id } of expired) {
      if (slice.over()) break;
      await this.closing.expire(app, id);
    }
    if (expired.length > 0) this.relay.nudge();
    return expired.length > 0 ? { at: new Date() } : 'idle';
  }
}
