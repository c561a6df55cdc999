import { Injectable } from '@nestjs/common';
import type { Offer } from '../catalog/prices.service.js';
import { Clock } from '../common/clock.js';
import { Database, type Tx } from '../database/database.js';
import { Announcer } from '../events/announce.js';
import { BusinessTime } from '../tenancy/business-time.js';
import type { AppRecord } from '../tenancy/caller.js';
import { EntitlementSnapshots } from './entitlement-snapshots.js';
import { END_ENTITLEMENTS, READ_ENTITLEMENTS, SET_ENTITLEMENTS } from './entitlement.sql.js';
import type { EntitlementsView, EntitlementView } from './entitlements.schemas.js';
import { RAISE_SUBSCRIPTION } from './subscriptions.sql.js';

/** What gives entitlements: a paid or trialed subscription, a one-time purchase, a gift. */
export interface EntitlementSource {
  readonly type: 'subscription' | 'payment' | 'grant';
  readonly id: string;
}

/** What one source gives a user. Times are business time. */
export interface Entitled {
  readonly appId: string;
  readonly userId: string;
  readonly source: EntitlementSource;
  readonly features: Offer['product']['features'];
  readonly startsAt: Date;
  /** Null: until it is taken back. */
  readonly expiresAt: Date | null;
  /** Until when access lasts after `expiresAt` although nobody has paid; null: it does not. */
  readonly graceUntil: Date | null;
  /** Since when metered use counts: the start of the period. */
  readonly usageStart: Date;
}

/** One feature as a user has it now: the best of all sources. */
export interface EntitlementRow extends Record<string, unknown> {
  feature: string;
  value: Offer['product']['features'][string];
  expiresAt: Date | null;
  graceUntil: Date | null;
  sourceType: EntitlementSource['type'];
  sourceId: string;
  usageStart: Date;
  /** Of a metered feature since `usageStart`. */
  used: number;
}

/** What users may use, and why. Access ends by itself when its time is over: nobody has to write then. */
@Injectable()
export class Entitlements {
  constructor(
    private readonly db: Database,
    private readonly clock: Clock,
    private readonly time: BusinessTime,
    private readonly snapshots: EntitlementSnapshots,
    private readonly announcer: Announcer,
  ) {}

  /** Makes what the source gives exactly that, and announces it. */
  async set(tx: Tx, { appId, userId, source, features, ...times }: Entitled): Promise<void> {
    const { startsAt, expiresAt, graceUntil, usageStart } = times;
    const values = [appId, userId, source.type, source.id, JSON.stringify(features)];
    const all = [...values, startsAt, expiresAt, graceUntil, usageStart, this.clock.now()];
    const given = await this.db.run(SET_ENTITLEMENTS, all, tx);
    if (given.length > 0) await this.#announce(tx, appId, userId, source, 1);
  }

  /** What the source gives ends at `at` (business time), grace included; nothing when it has ended before. */
  async clear(tx: Tx, appId: string, source: EntitlementSource, at: Date): Promise<void> {
    const values = [appId, source.type, source.id, at, this.clock.now()];
    const [ended] = await this.db.run<{ userId: string }>(END_ENTITLEMENTS, values, tx);
    if (ended) await this.#announce(tx, appId, ended.userId, source, 2);
  }

  /** What the user may use now, in one read, and the same signed. */
  async of(app: AppRecord, userId: string): Promise<EntitlementsView> {
    const rows = await this.rows(app, userId);
    return { data: rows.map(toView), snapshot: await this.snapshots.sign(app.id, userId, rows) };
  }

  /** Of one feature, or of all. */
  rows(app: AppRecord, userId: string, feature?: string, tx?: Tx): Promise<EntitlementRow[]> {
    const values = [app.id, userId, this.time.now(app), feature ?? null];
    return this.db.run<EntitlementRow>(READ_ENTITLEMENTS, values, tx);
  }

  /**
   * On the subscription's own stream, which its caller has locked. Of a purchase and a grant on one of its own: given is
   * the first event there, taken back the second.
   */
  async #announce(tx: Tx, appId: string, userId: string, source: EntitlementSource, ordinal: number): Promise<void> {
    const { type, id } = source;
    const ofSubscription = type === 'subscription';
    const values = [appId, id, this.clock.now()];
    const [raised] = ofSubscription ? await this.db.run<{ sequence: number }>(RAISE_SUBSCRIPTION, values, tx) : [];
    await this.announcer.announce(tx, {
      appId,
      type: 'entitlement.changed',
      stream: { type: ofSubscription ? 'subscription' : 'entitlement', id },
      sequence: raised?.sequence ?? ordinal,
      object: { type: 'user', id: userId },
      data: { userId, sourceType: type, sourceId: id },
    });
  }
}

const toView = (row: EntitlementRow): EntitlementView => {
  const { feature, value, expiresAt, graceUntil, sourceType, sourceId } = row;
  return {
    feature,
    value,
    expiresAt: expiresAt?.toISOString() ?? null,
    graceUntil: graceUntil?.toISOString() ?? null,
    source: { type: sourceType, id: sourceId },
    ...(typeof value === 'object'
      ? { usage: { used: row.used, limit: value.limit, periodStart: row.usageStart.toISOString() } }
      : {}),
  };
};
