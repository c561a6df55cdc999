import { Injectable } from '@nestjs/common';
import { Clock } from '../common/clock.js';
import { notFound } from '../common/problems.js';
import { Database, type Tx } from '../database/database.js';
import { Announcer } from '../events/announce.js';
import type { EventType } from '../events/event-types.js';
import type { Move } from '../payments/moves.js';
import type { AppRecord } from '../tenancy/caller.js';
import type { SubscriptionStatus } from './moves.js';
import { SUBSCRIPTION_CHANGES, type SubscriptionChange, type SubscriptionRow } from './rows.js';
import { APP_RECORD, FIND_LIVE, FIND_SUBSCRIPTION, LOCK_SUBSCRIPTION, SAVE_SUBSCRIPTION, TAKE_PLACE } from './subscriptions.sql.js'; // prettier-ignore

/** Subscriptions as rows: found, locked, and moved with the one event that tells it. */
@Injectable()
export class SubscriptionBook {
  constructor(
    private readonly db: Database,
    private readonly clock: Clock,
    private readonly announcer: Announcer,
  ) {}

  /** Throws `subscription_not_found`, also for another user's. */
  async find(appId: string, id: string, ofUser?: string, tx?: Tx): Promise<SubscriptionRow> {
    const [row] = await this.db.run<SubscriptionRow>(FIND_SUBSCRIPTION, [appId, id], tx);
    if (!row || (ofUser !== undefined && row.userId !== ofUser)) throw notFound('subscription', id);
    return row;
  }

  /** As it is now, and as nobody else changes it until the transaction ends. */
  async lock(tx: Tx, appId: string, id: string): Promise<SubscriptionRow> {
    const [row] = await this.db.run<SubscriptionRow>(LOCK_SUBSCRIPTION, [appId, id], tx);
    if (!row) throw notFound('subscription', id);
    return row;
  }

  /** The app, for a listener that has only its id. */
  async appOf(tx: Tx, appId: string): Promise<AppRecord> {
    const [app] = await this.db.run<AppRecord & Record<string, unknown>>(APP_RECORD, [appId], tx);
    if (!app) throw notFound('app', appId);
    return app;
  }

  /** Whether the user's place for the product is taken by another one; nobody takes it until the transaction ends. */
  async isTaken(tx: Tx, { appId, userId, productId, id }: SubscriptionRow): Promise<boolean> {
    await this.db.run(TAKE_PLACE, [appId, userId, productId], tx);
    return (await this.db.run(FIND_LIVE, [appId, userId, productId, id], tx)).length > 0;
  }

  /** Moves a locked subscription and announces it. Throws when the table of moves does not allow it. */
  async move(
    tx: Tx,
    row: SubscriptionRow,
    { from, to }: Move<SubscriptionStatus>,
    type: EventType,
    change: SubscriptionChange = {},
  ): Promise<SubscriptionRow> {
    const moved = await this.#save(tx, { ...row, ...change, status: to }, from, 1);
    if (!moved) throw new Error(`subscription ${row.id} is ${row.status}: it cannot become ${to}`);
    await this.tell(tx, type, moved);
    return moved;
  }

  /** Changes a locked subscription that keeps its status, and announces it if `type` is given. */
  async change(tx: Tx, row: SubscriptionRow, change: SubscriptionChange, type?: EventType): Promise<SubscriptionRow> {
    const changed = await this.#save(tx, { ...row, ...change }, [row.status], type ? 1 : 0);
    if (!changed) throw new Error(`subscription ${row.id} was not locked`);
    if (type) await this.tell(tx, type, changed);
    return changed;
  }

  /** Announces it; its sequence has just been raised for that. */
  tell(tx: Tx, type: EventType, row: SubscriptionRow): Promise<void> {
    const { appId, id, userId, productId, priceId, quantity, platform, renewal, status } = row;
    return this.announcer.announce(tx, {
      appId,
      type,
      stream: { type: 'subscription', id },
      sequence: row.sequence,
      data: {
        ...{ subscriptionId: id, userId, productId, priceId, quantity, platform, renewal, status },
        currentPeriodStart: row.currentPeriodStart.toISOString(),
        currentPeriodEnd: row.currentPeriodEnd.toISOString(),
        cancelAt: row.cancelAt?.toISOString() ?? null,
        ...(ENDS.includes(type) ? { reason: row.cancelReason } : {}),
      },
    });
  }

  async #save(tx: Tx, row: SubscriptionRow, from: readonly string[], raised: 0 | 1) {
    const values = SUBSCRIPTION_CHANGES.map((name) =>
      name === 'pendingChange' ? row.pendingChange && JSON.stringify(row.pendingChange) : row[name],
    );
    const where = [row.appId, row.id, from, this.clock.now(), raised];
    const [saved] = await this.db.run<SubscriptionRow>(SAVE_SUBSCRIPTION, [...where, ...values], tx);
    return saved;
  }
}

const ENDS: readonly EventType[] = ['subscription.cancel_scheduled', 'subscription.canceled'];
