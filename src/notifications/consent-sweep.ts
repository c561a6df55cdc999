import { Injectable } from '@nestjs/common';
import { Clock } from '../common/clock.js';
import { ID_PREFIXES } from '../common/ids.js';
import { Database, statement, type Tx } from '../database/database.js';
import { Lanes, type LaneRef, type LaneResult, type Slice } from '../queues/lane.js';
import { Apps } from '../tenancy/apps.service.js';
import { BusinessTime } from '../tenancy/business-time.js';
import { ConsentLedger } from './consent-ledger.js';
import { change } from './consent-moves.js';

/** The kind of the lanes that take back claims; a lane is an app. */
export const CONSENT_LANES = 'consents';
const SWEEP_MS = 5_000;
const DAY_MS = 24 * 3_600_000;
/** Nothing asks for an older report or push: no push comes so late. Repeats of pushes are known by their callbacks. */
const KEPT_MS = 30 * DAY_MS;

/**
 * Apps with claims that nobody has proven in time, or with old reports or pushes; each found by its index. $1 now  $2 most
 * lanes  $3 the first report that is kept  $4 the first push that is kept
 */
const DUE = statement(`
  select p.id as "appId", p.id as lane
  from apps p left join lateral (
    select r.drop_at from message_consent_reports r
    where r.app_id = p.id and r.status = 'open' and r.drop_at is not null
      and r.drop_at <= $1::timestamptz + p.clock_offset * interval '1 millisecond'
    order by r.drop_at limit 1) first on true
  where first.drop_at is not null
    or (select o.id from message_consent_reports o where o.app_id = p.id order by o.id limit 1) < $3
    or (select min(s.pushed_at) from message_consent_pushes s where s.app_id = p.id) < $4
  order by first.drop_at - p.clock_offset * interval '1 millisecond' nulls last limit $2`);

/** $2 business now  $3 at most */
const EXPIRED = statement(`
  select id, account_id as "accountId", template_id as "templateId", openid from message_consent_reports
  where app_id = $1 and status = 'open' and drop_at is not null and drop_at <= $2
  order by drop_at limit $3`);
/** Consents before their reports, and in the order in which everybody locks them. $2 accounts  $3 templates  $4 openids */
const LOCK = statement(`
  select c.account_id as "accountId", c.template_id as "templateId", c.openid, c.claimed from message_consents c
  where c.app_id = $1 and (c.account_id, c.template_id, c.openid) in (select * from unnest($2::text[], $3::text[], $4::text[]))
  order by c.account_id, c.template_id, c.openid for update`);
/** $2 reports */
const DROP = statement(`
  update message_consent_reports set status = 'dropped', drop_at = null
  where app_id = $1 and id = any ($2::text[]) and status = 'open' and drop_at is not null
  returning account_id as "accountId", template_id as "templateId", openid, notification_id as "notificationId"`);
/** When the app has its next. */
const NEXT = statement(`
  select min(drop_at) as at from message_consent_reports
  where app_id = $1 and status = 'open' and drop_at is not null`);
/** By primary key: ids begin with the time at which they were made. $2 the first that is kept  $3 at most */
const FORGET = statement(`
  delete from message_consent_reports where app_id = $1 and id in (
    select id from message_consent_reports
    where app_id = $1 and id < $2 and (status <> 'open' or drop_at is null) order by id limit $3)`);
/** $2 those before  $3 at most */
const FORGET_PUSHES = statement(`
  delete from message_consent_pushes where app_id = $1 and (account_id, identity) in (
    select account_id, identity from message_consent_pushes
    where app_id = $1 and pushed_at < $2 order by pushed_at limit $3)`);

interface Claim extends Record<string, unknown> {
  id: string;
  accountId: string;
  templateId: string;
  openid: string;
  notificationId: string | null;
}

interface Held extends Record<string, unknown>, Pick<Claim, 'accountId' | 'templateId' | 'openid'> {
  claimed: number;
}

const keyOf = ({ accountId, templateId, openid }: Pick<Claim, 'accountId' | 'templateId' | 'openid'>): string =>
  `${accountId} ${templateId} ${openid}`;

/** Takes back what clients claimed and no push has proven, and forgets old reports and pushes. */
@Injectable()
export class ConsentSweep {
  constructor(
    private readonly db: Database,
    private readonly clock: Clock,
    private readonly time: BusinessTime,
    private readonly apps: Apps,
    private readonly ledger: ConsentLedger,
    lanes: Lanes,
  ) {
    lanes.declare({
      name: CONSENT_LANES,
      concurrency: 1,
      sweepEvery: SWEEP_MS,
      due: (limit) =>
        this.db.run<{ appId: string; lane: string }>(DUE, [this.clock.now(), limit, this.#firstKept, this.#keptSince]),
      run: (lane, slice) => this.#run(lane, slice),
    });
  }

  async #run({ appId }: LaneRef, slice: Slice): Promise<LaneResult> {
    const app = await this.apps.record(appId);
    for (let found = slice.rows; found === slice.rows && !slice.over();) {
      found = await this.db.transaction((tx) => this.#drop(tx, appId, this.time.now(app), slice.rows));
    }
    await this.db.run(FORGET, [appId, this.#firstKept, slice.rows]);
    await this.db.run(FORGET_PUSHES, [appId, this.#keptSince, slice.rows]);
    const [next] = await this.db.run<{ at: Date | null }>(NEXT, [appId]);
    return next?.at ? { at: new Date(next.at.getTime() - app.clockOffset) } : 'idle';
  }

  get #firstKept(): string {
    return `${ID_PREFIXES.consentReport}_${this.#keptSince.getTime().toString(16).padStart(12, '0')}`;
  }

  get #keptSince(): Date {
    return new Date(this.clock.now().getTime() - KEPT_MS);
  }

  /** Gives how many were due. */
  async #drop(tx: Tx, appId: string, businessNow: Date, atMost: number): Promise<number> {
    const expired = await this.db.run<Claim>(EXPIRED, [appId, businessNow, atMost], tx);
    if (expired.length === 0) return 0;
    const held = await this.db.run<Held>(
      LOCK,
      [
        appId,
        expired.map(({ accountId }) => accountId),
        expired.map(({ templateId }) => templateId),
        expired.map(({ openid }) => openid),
      ],
      tx,
    );
    const ids = expired.map(({ id }) => id);
    const dropped = await this.db.run<Claim>(DROP, [appId, ids], tx);
    const isCounted = (claim: Claim) => held.some((one) => one.claimed > 0 && keyOf(one) === keyOf(claim));
    // A claim that has let a message through is not counted any more.
    const counted = dropped.filter((claim) => claim.notificationId === null && isCounted(claim));
    for (const accountId of new Set(counted.map((claim) => claim.accountId))) {
      const changes = counted
        .filter((claim) => claim.accountId === accountId)
        .map(({ templateId, openid }) => ({
          templateId,
          openid,
          ...change('dropped', 'not_proven', { claimed: -1 }),
        }));
      await this.ledger.move(tx, { appId, accountId }, this.clock.now(), changes);
    }
    return expired.length;
  }
}
