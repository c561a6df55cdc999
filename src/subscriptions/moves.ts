import type { Move } from '../payments/moves.js';

/** What may happen to a subscription and an invoice, keyed by what happened; compare the payments' tables. */
export const SUBSCRIPTION_STATUSES = [
  'incomplete',
  'incomplete_expired',
  'trialing',
  'active',
  'past_due',
  'unpaid',
  'paused',
  'canceled',
] as const;
export type SubscriptionStatus = (typeof SUBSCRIPTION_STATUSES)[number];

export const SUBSCRIPTION_MOVES = {
  trialStarted: { from: ['incomplete'], to: 'trialing' },
  /** The first period is paid; also when that came too late, as long as nothing else took its place. */
  activated: { from: ['incomplete', 'incomplete_expired'], to: 'active' },
  /** Nobody paid or signed in time. */
  expired: { from: ['incomplete'], to: 'incomplete_expired' },
  /** The next period has begun, and it is paid. */
  renewed: { from: ['trialing', 'active'], to: 'active' },
  /** The next period has begun, and it is not paid. */
  fellDue: { from: ['trialing', 'active'], to: 'past_due' },
  /** What was not paid is paid after all. */
  recovered: { from: ['past_due', 'unpaid'], to: 'active' },
  /** Nobody tries to collect any more. */
  givenUp: { from: ['past_due'], to: 'unpaid' },
  paused: { from: ['trialing', 'active'], to: 'paused' },
  resumed: { from: ['paused'], to: 'active' },
  /** Before the trial was over. */
  trialResumed: { from: ['paused'], to: 'trialing' },
  ended: { from: ['incomplete', 'trialing', 'active', 'past_due', 'unpaid', 'paused'], to: 'canceled' },
} as const satisfies Record<string, Move<SubscriptionStatus>>;

/** Those that hold the user's place for a product: one of them at a time. */
export const LIVE_STATUSES = ['trialing', 'active', 'past_due', 'unpaid', 'paused'] as const;

export const INVOICE_STATUSES = ['draft', 'open', 'paid', 'void', 'uncollectible'] as const;
export type InvoiceStatus = (typeof INVOICE_STATUSES)[number];

export const INVOICE_MOVES = {
  /** It gets its number, and may be paid. */
  opened: { from: ['draft'], to: 'open' },
  /** Money is believed whenever it comes. */
  paid: { from: ['open', 'uncollectible', 'void'], to: 'paid' },
  voided: { from: ['draft', 'open'], to: 'void' },
  givenUp: { from: ['open'], to: 'uncollectible' },
} as const satisfies Record<string, Move<InvoiceStatus>>;
