import { Injectable } from '@nestjs/common';
import { type Offer, Prices } from '../catalog/prices.service.js';
import type { Tx } from '../database/database.js';
import type { Recurring } from '../platforms/mandate-platform.js';
import { BusinessTime } from '../tenancy/business-time.js';
import type { AppRecord } from '../tenancy/caller.js';
import type { Selection } from './amounts.js';
import type { BillingSettingsView } from './billing-settings.schemas.js';
import { BillingSettings } from './billing-settings.service.js';
import type { Debits } from './billing-times.js';
import type { MandateRow } from './mandate-rows.js';
import { Mandates } from './mandates.service.js';
import type { SubscriptionRow } from './rows.js';

/** What a step of a subscription is decided by, besides its rows. */
export interface Situation {
  readonly app: AppRecord;
  /** Business time. */
  readonly now: Date;
  readonly settings: BillingSettingsView;
  readonly offer: Offer;
  /** How often the price is charged. */
  readonly recurring: Recurring;
  readonly mandate: MandateRow | undefined;
  /** Undefined: nobody can be debited, so the user pays each period. */
  readonly debits: Debits | undefined;
}

@Injectable()
export class Situations {
  constructor(
    private readonly prices: Prices,
    private readonly settings: BillingSettings,
    private readonly mandates: Mandates,
    private readonly time: BusinessTime,
  ) {}

  async of(tx: Tx, app: AppRecord, subscription: SubscriptionRow): Promise<Situation> {
    const { priceId, mandateId, renewal } = subscription;
    const offer = await this.prices.offer(app.id, priceId, tx);
    const settings = await this.settings.of(app.id, tx);
    const mandate = mandateId === null ? undefined : await this.mandates.find(app.id, mandateId, tx);
    const debits = renewal === 'automatic' && mandate && isUsable(mandate) ? this.debitsOf(mandate) : undefined;
    return { app, now: this.time.now(app), settings, offer, recurring: recurringOf(offer), mandate, debits };
  }

  /** Business time. */
  now(app: AppRecord): Date {
    return this.time.now(app);
  }

  debitsOf(mandate: MandateRow): Debits {
    return { policy: this.mandates.policyOf(mandate.platform), terms: this.mandates.termsOf(mandate) };
  }
}

/** Whether it may be debited under it. */
export const isUsable = ({ status, terminationReason }: MandateRow): boolean =>
  status === 'active' && terminationReason === null;

/** Subscriptions are made of recurring prices only, and these stay so. */
export function recurringOf({ price }: Offer): Recurring {
  if (!price.recurring) throw new Error(`price ${price.id} is not charged every period`);
  const { interval, intervalCount } = price.recurring;
  return { interval, intervalCount };
}

export const selectionOf = ({ price, product }: Offer, quantity: number): Selection => ({
  price,
  quantity,
  name: product.name,
});
