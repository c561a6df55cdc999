/**
 * How a debit comes about: `notice`: the merchant announces it, and some days later debits at once. `delayed`: the
 * platform announces it when the merchant applies, and debits a day later.
 */
export type PlanMode = 'notice' | 'delayed';

export interface Plan {
  /** `plan_id`. */
  readonly planId: string;
  readonly mode: PlanMode;
}

/** The templates that every merchant has, approved in its console. */
export const PLANS: readonly Plan[] = [
  { planId: '100001', mode: 'notice' },
  { planId: '100002', mode: 'delayed' },
];

export const planOf = (planId: string): Plan | undefined => PLANS.find((plan) => plan.planId === planId);
