import { Injectable } from '@nestjs/common';
import { Prices } from '../catalog/prices.service.js';
import type { Tx } from '../database/database.js';
import {
  type PaymentListener,
  PaymentListeners,
  type RefundedPayment,
  type SettledPayment,
} from '../payments/payment-listener.js';
import { Apps } from '../tenancy/apps.service.js';
import { BusinessTime } from '../tenancy/business-time.js';
import { Entitlements } from './entitlements.service.js';

/** Who has bought a product has its features from the transaction on in which the payment settles. */
@Injectable()
export class PurchaseEntitlements implements PaymentListener {
  constructor(
    private readonly apps: Apps,
    private readonly time: BusinessTime,
    private readonly prices: Prices,
    private readonly entitlements: Entitlements,
    listeners: PaymentListeners,
  ) {
    listeners.register(this);
  }

  async onSettled(tx: Tx, { appId, id, userId, priceId }: SettledPayment): Promise<void> {
    if (priceId === null) return;
    const { features } = (await this.prices.offer(appId, priceId, tx)).product;
    // Not the platform's time of the payment: its clock may be ahead, and the front end asks at once.
    const now = this.time.now(await this.apps.record(appId));
    await this.entitlements.set(tx, {
      ...{ appId, userId, source: { type: 'payment', id }, features },
      ...{ startsAt: now, expiresAt: null, graceUntil: null, usageStart: now },
    });
  }

  /** Whoever got all of the money back no longer has what was bought for it. */
  async onRefunded(tx: Tx, { appId, id, amountPaid, amountRefunded }: RefundedPayment): Promise<void> {
    if (amountRefunded < amountPaid) return;
    const app = await this.apps.record(appId);
    await this.entitlements.clear(tx, appId, { type: 'payment', id }, this.time.now(app));
  }
}
