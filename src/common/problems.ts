import { DomainError, type ProblemExtra } from './errors.js';

/**
 * Every problem that the API can answer, apart from the platforms' own (`platforms/errors.ts`): its HTTP status and the
 * sentence that docs/errors.md shows. A code is part of the API and never changes its meaning.
 */
export const PROBLEMS = {
  validation_failed: { status: 400, title: 'Something in the request is missing, unknown or of the wrong form' },
  malformed_body: { status: 400, title: 'The body is not JSON in UTF-8' },
  malformed_request: { status: 400, title: 'The request is not HTTP that can be read' },
  unauthenticated: { status: 401, title: 'No valid credential was sent' },
  token_expired: { status: 401, title: 'The access token has expired: refresh it' },
  token_invalid: { status: 401, title: 'The access token is not one of ours' },
  session_revoked: { status: 401, title: 'The session has ended: log in again' },
  refresh_token_invalid: { status: 401, title: 'The refresh token is unknown or has expired: log in again' },
  refresh_token_reused: { status: 401, title: 'The refresh token was used before, so its session was ended' },
  not_found: { status: 404, title: 'There is no such route' },
  app_not_found: { status: 404, title: 'There is no such app' },
  api_key_not_found: { status: 404, title: 'There is no such API key' },
  platform_account_not_found: { status: 404, title: 'There is no such platform account' },
  merchant_account_not_found: { status: 404, title: 'There is no such merchant account' },
  product_not_found: { status: 404, title: 'There is no such product' },
  price_not_found: { status: 404, title: 'There is no such price' },
  grant_not_found: { status: 404, title: 'There is no such grant' },
  payment_not_found: { status: 404, title: 'There is no such payment' },
  refund_not_found: { status: 404, title: 'There is no such refund' },
  subscription_not_found: { status: 404, title: 'There is no such subscription' },
  invoice_not_found: { status: 404, title: 'There is no such invoice' },
  mandate_not_found: { status: 404, title: 'There is no such mandate' },
  callback_not_found: { status: 404, title: 'There is no such callback' },
  event_not_found: { status: 404, title: 'There is no such event' },
  webhook_endpoint_not_found: { status: 404, title: 'There is no such webhook endpoint' },
  webhook_delivery_not_found: { status: 404, title: 'There is no such webhook delivery' },
  message_template_not_found: { status: 404, title: 'There is no such message template' },
  notification_not_found: { status: 404, title: 'There is no such notification' },
  broadcast_not_found: { status: 404, title: 'There is no such broadcast' },
  user_not_found: { status: 404, title: 'There is no such user' },
  session_not_found: { status: 404, title: 'There is no such session' },
  identity_not_found: { status: 404, title: 'There is no such identity' },
  request_timeout: { status: 408, title: 'The request did not arrive in time' },
  idempotency_in_progress: { status: 409, title: 'A request with this Idempotency-Key is still running' },
  secret_already_shown: { status: 409, title: 'The secret of this answer was shown and cannot be shown again' },
  platform_account_exists: { status: 409, title: 'This mini-program is registered already' },
  merchant_account_exists: { status: 409, title: 'This merchant is registered already' },
  payment_reference_taken: { status: 409, title: 'Another payment has this reference' },
  payment_not_open: { status: 409, title: 'The payment can no longer be paid or canceled' },
  payment_closing: { status: 409, title: 'The payment is being closed' },
  payment_not_paid: { status: 409, title: 'Only what was paid can be refunded' },
  refund_exceeds_payment: { status: 409, title: 'More than what is left of the payment' },
  refund_reference_taken: { status: 409, title: 'Another refund has this reference' },
  refund_not_decidable: { status: 409, title: 'Nothing is to be decided about this refund' },
  subscription_exists: { status: 409, title: 'The user has a subscription to this product already' },
  subscription_over: { status: 409, title: 'The subscription is over: start another one' },
  subscription_not_ready: { status: 409, title: 'The subscription is not in a status that allows this' },
  invoice_not_open: { status: 409, title: 'The invoice can no longer be paid' },
  invoice_being_collected: { status: 409, title: 'The invoice is being paid right now' },
  callback_not_parked: { status: 409, title: 'Only a parked callback can be run again' },
  webhook_endpoint_disabled: { status: 409, title: 'The webhook endpoint is disabled: enable it first' },
  webhook_endpoint_limit: { status: 409, title: 'The app has as many webhook endpoints as it can have' },
  message_template_key_taken: { status: 409, title: 'Another message template has this key' },
  message_template_in_use: {
    status: 409,
    title: 'Messages were sent with this template: it can be changed, not deleted',
  },
  notification_not_cancelable: { status: 409, title: 'The notification is on its way or over' },
  broadcast_not_running: { status: 409, title: 'The broadcast is not in a status that allows this' },
  identity_taken: { status: 409, title: 'This identity belongs to another user' },
  last_identity: { status: 409, title: 'The last identity of a user cannot be unlinked' },
  user_gone: { status: 409, title: 'The user is merged or erased' },
  test_clock_advancing: { status: 409, title: 'The clock of the app is being advanced' },
  usage_limit_reached: { status: 409, title: 'The limit of the period is reached' },
  usage_event_taken: { status: 409, title: 'The usage event was recorded for something else' },
  payload_too_large: { status: 413, title: 'The body is larger than this route accepts' },
  unsupported_media_type: { status: 415, title: 'Send JSON' },
  idempotency_key_reused: { status: 422, title: 'This Idempotency-Key was used with another request' },
  platform_account_ambiguous: { status: 422, title: 'The app has several accounts there: say which' },
  platform_account_missing: { status: 422, title: 'The app has no active account there' },
  platform_capability_missing: { status: 422, title: 'The platform does not offer this' },
  merchant_account_ambiguous: { status: 422, title: 'Several merchant accounts fit: name a default' },
  merchant_account_missing: { status: 422, title: 'The app has no active merchant account there' },
  platform_settings_missing: { status: 422, title: 'The platform needs a setting that nobody gave' },
  message_template_not_mapped: { status: 422, title: 'The message template has no form on that platform' },
  message_data_invalid: { status: 422, title: 'The data does not fill the message template' },
  payer_unknown: { status: 422, title: 'The user has never come from that mini-program' },
  webhook_url_refused: { status: 422, title: 'Webhooks cannot be sent to this address' },
  price_not_payable: { status: 422, title: 'This price cannot be paid so' },
  recurring_not_possible: { status: 422, title: 'The platform cannot debit so by itself' },
  test_app_only: { status: 422, title: 'Only test apps have that' },
  not_entitled: { status: 422, title: 'The user does not have this feature' },
  payment_refused: { status: 422, title: 'The platform refuses this payment' },
  too_many_open_payments: { status: 429, title: 'The user has too many open payments' },
  merge_impossible: { status: 422, title: 'These two users cannot be merged' },
  rate_limited: { status: 429, title: 'Too many requests: wait' },
  headers_too_large: { status: 431, title: 'The address and headers are larger than this server accepts' },
  internal_error: { status: 500, title: 'Something went wrong on our side' },
  unavailable: { status: 503, title: 'A part of the service is not reachable: try again' },
  sandbox_unavailable: { status: 503, title: 'The sandbox does not answer: is it running?' },
} as const satisfies Record<string, { status: number; title: string }>;

export type ProblemCode = keyof typeof PROBLEMS;

/** The error for `code`; `detail` says what happened here and what to do, in a sentence for people. */
export const problem = (code: ProblemCode, detail: string, extra: ProblemExtra = {}, options?: ErrorOptions) =>
  new DomainError(PROBLEMS[code].status, code, detail, extra, options);

type Noun =
  | 'app'
  | 'api_key'
  | 'platform_account'
  | 'merchant_account'
  | 'user'
  | 'session'
  | 'identity'
  | 'product'
  | 'price'
  | 'payment'
  | 'refund'
  | 'mandate'
  | 'grant'
  | 'invoice'
  | 'subscription'
  | 'callback'
  | 'event'
  | 'webhook_endpoint'
  | 'webhook_delivery'
  | 'message_template'
  | 'notification'
  | 'broadcast';

export const notFound = (noun: Noun, id: string): DomainError =>
  problem(`${noun}_not_found`, `There is no ${noun.replaceAll('_', ' ')} ${id} here.`);

export const invalid = (path: string, message: string): DomainError =>
  problem('validation_failed', `${path}: ${message}`, { errors: [{ path, message }] });
