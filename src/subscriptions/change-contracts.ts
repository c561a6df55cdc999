import { Injectable } from '@nestjs/common';
import type { Offer } from '../catalog/prices.service.js';
import type { PlatformCode } from '../platforms/platform.js';
import type { AppRecord } from '../tenancy/caller.js';
import { ordinaryAmount } from './amounts.js';
import { isSame } from './cycle.js';
import type { MandateRow } from './mandate-rows.js';
import { type MandatePlan, Mandates } from './mandates.service.js';
import type { SubscriptionRow } from './rows.js';
import { isUsable, selectionOf } from './situations.js';

/** Where a subscription is debited. */
export interface Chosen {
  readonly platform: PlatformCode;
  readonly platformAppId: string | undefined;
}

/** The contracts that changes need. */
@Injectable()
export class ChangeContracts {
  constructor(private readonly mandates: Mandates) {}

  /** Undefined: the subscription has no platform. */
  async chosen(app: AppRecord, { platform, mandateId }: SubscriptionRow): Promise<Chosen | undefined> {
    if (platform === null) return undefined;
    const mandate = await this.#find(app, mandateId);
    const platformAppId = mandate && (await this.mandates.attemptPlanOf(app, mandate)).accounts.program.platformAppId;
    return { platform, platformAppId };
  }

  /**
   * The contract to be signed where the present one does not allow such debits; undefined: none. Throws what `Mandates.plan`
   * does.
   */
  async needed(app: AppRecord, row: SubscriptionRow, to: Offer, quantity: number): Promise<MandatePlan | undefined> {
    const chosen = row.renewal === 'automatic' ? await this.chosen(app, row) : undefined;
    if (!chosen) return undefined;
    const amount = ordinaryAmount(selectionOf(to, quantity));
    const plan = await this.mandates.plan(app, row.userId, chosen, to.price, amount);
    const mandate = await this.#find(app, row.mandateId);
    return mandate && covers(mandate, amount, to, plan) ? undefined : plan;
  }

  async #find(app: AppRecord, id: string | null): Promise<MandateRow | undefined> {
    return id === null ? undefined : this.mandates.find(app.id, id);
  }
}

/** Whether such debits are what the user signed. */
function covers(mandate: MandateRow, amount: number, { price }: Offer, { attempt, policy }: MandatePlan): boolean {
  if (!isUsable(mandate)) return false;
  const { mostAmount, recurring, settings } = mandate.terms;
  if (policy.template) return policy.template.every((field) => attempt.settings[field] === settings[field]);
  return amount <= mostAmount && price.recurring !== null && isSame(price.recurring, recurring);
}
