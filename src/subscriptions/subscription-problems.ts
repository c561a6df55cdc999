import { ATTEMPT_PROBLEMS } from '../payments/payments.controller.js';

/** What starting or changing a subscription can come to. */
export const START_PROBLEMS = [
  'price_not_found',
  'price_not_payable',
  'recurring_not_possible',
  'subscription_exists',
  ...ATTEMPT_PROBLEMS,
] as const;
export const CHANGE_PROBLEMS = [
  'subscription_not_found',
  'subscription_over',
  'subscription_not_ready',
  'invoice_being_collected',
  ...START_PROBLEMS,
] as const;
export const PAY_PROBLEMS = ['invoice_not_found', 'invoice_not_open', 'invoice_being_collected', ...ATTEMPT_PROBLEMS] as const; // prettier-ignore

/** What a change, and so its preview, may meet besides. */
export const PREVIEW_PROBLEMS = [
  'price_not_payable',
  'recurring_not_possible',
  'platform_settings_missing',
  'payer_unknown',
  'platform_account_missing',
  'merchant_account_missing',
] as const;
