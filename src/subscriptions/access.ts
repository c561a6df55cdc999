import { Injectable } from '@nestjs/common';
import type { Tx } from '../database/database.js';
import { earlier, graceOf } from './billing-times.js';
import { Entitlements } from './entitlements.service.js';
import { periodAt, periodOf } from './periods.js';
import type { SubscriptionRow } from './rows.js';
import type { Situation } from './situations.js';

/** What a subscription lets its user use. Written when something is paid, so that nobody must act when a period ends. */
@Injectable()
export class Access {
  constructor(private readonly entitlements: Entitlements) {}

  /** Until `paidUntil`, and in the days of grace after it unless the subscription ends there. */
  async give(tx: Tx, subscription: SubscriptionRow, situation: Situation, paidUntil: Date): Promise<void> {
    const { appId, id, userId, currentPeriodStart } = subscription;
    await this.entitlements.set(tx, {
      ...{ appId, userId, source: { type: 'subscription', id } },
      features: situation.offer.product.features,
      // A platform's clock, which says when a first period was paid, may be ahead of ours.
      startsAt: earlier(currentPeriodStart, situation.now),
      expiresAt: paidUntil,
      graceUntil: graceAfter(subscription, situation, paidUntil),
      usageStart: currentPeriodStart,
    });
  }

  async end(tx: Tx, { appId, id }: SubscriptionRow, at: Date): Promise<void> {
    await this.entitlements.clear(tx, appId, { type: 'subscription', id }, at);
  }
}

/** Null: nothing follows. */
function graceAfter(subscription: SubscriptionRow, { recurring, settings }: Situation, paidUntil: Date): Date | null {
  const { anchor, timeZone, cancelAt, status } = subscription;
  if (status === 'paused' || (cancelAt !== null && cancelAt <= paidUntil)) return null;
  const calendar = { anchor, timeZone, recurring };
  const next = periodOf(calendar, periodAt(calendar, paidUntil));
  return graceOf({ start: paidUntil, end: next.end }, settings.graceDays, timeZone);
}
