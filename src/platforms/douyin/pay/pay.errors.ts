import type { ErrorRow, ErrorTable } from '../../answers.js';

const refused = (detail: string): ErrorRow => ({ problem: 'platform_refused', detail });
const misconfigured = (detail: string): ErrorRow => ({ problem: 'platform_account_misconfigured', detail });

/** "Not found", of an order or a refund: mostly an answer and no error. */
export const NOT_FOUND = '20000';
/** Our number of the refund is known already. */
export const EXISTS = '22004';
/** The platform asks for the decision later. */
export const TOO_EARLY = '22006';

/**
 * Error codes of the general trade calls (docs: order query, create, query and audit of refunds). They decide before the
 * codes that all families share. What they mean for a refund that was just sent is in REFUND_CODES.
 */
export const TRADE_ERRORS = {
  // "System error": of the gateway and of trade. For questions; what was to happen is unknown instead (TROUBLE).
  1000: { problem: 'platform_busy', repeats: 3 },
  1001: { problem: 'platform_busy', repeats: 3 },
  13000: { problem: 'platform_busy', repeats: 3 },
  10000: refused('Douyin calls a field of the request wrong.'),
  10020: { problem: 'platform_rate_limited', retryAfter: 300 },
  11004: misconfigured('Douyin refuses the signature: appPrivateKey and keyVersion are not those of the console.'),
  // The first time it costs the cached token; here it is already the second refusal.
  11016: misconfigured('Douyin keeps refusing the token of this account, also a new one.'),
  12001: { problem: 'platform_rate_limited', retryAfter: 3 },
  20000: refused('Douyin does not know the order or the refund.'),
  21047: refused('Douyin does not know the item of the order.'),
  22000: refused('The state of the order does not allow this.'),
  22001: refused('The state of the item of the order does not allow this.'),
  22002: refused('Nothing of the order is left to give back.'),
  22004: refused('Douyin knows this number already.'),
  22006: { problem: 'platform_busy', retryAfter: 120, detail: 'Douyin does not take a decision on this refund yet.' },
  22007: refused('Too many items in one refund.'),
  22008: refused('The quantity of the refund is too large.'),
  22013: refused('Douyin says that this was given back already.'),
} as const satisfies ErrorTable;

/** Codes of this family that mean "this token no longer", besides those of all families. */
export const TRADE_TOKEN_REFUSED: ReadonlySet<string | undefined> = new Set(['11016']);

/**
 * "System error": of what was to happen, nobody knows whether it did. The same number may be sent again.
 */
export const TROUBLE: ReadonlySet<string | undefined> = new Set([
  '-1',
  '1000',
  '1001',
  '13000',
  '28001005',
  '28005002',
]);

/** What a refusal means for a refund. `ask`: the number decides whether the refund was taken after all. */
export type RefundOutcome = 'failed' | 'ask' | { readonly later: number };

/** A code that is not here and is no fault of the account counts as unknown: the same number is sent again. */
export const REFUND_CODES: Readonly<Record<string, RefundOutcome>> = {
  10000: 'failed',
  21047: 'failed',
  22007: 'failed',
  22008: 'failed',
  28001038: 'failed',
  28005001: 'failed',
  // An answer that got lost may have been the refund which makes the state refuse the next one.
  22000: 'ask',
  22001: 'ask',
  22002: 'ask',
  [EXISTS]: 'ask',
  // One plugin reads it as "given back already"; the documentation has no word on it.
  22013: 'ask',
  // Seconds. The order is paid, so it is there; Douyin's query lags behind its own callback.
  [NOT_FOUND]: { later: 30 },
  12001: { later: 3 },
  28005004: { later: 60 },
  28006003: { later: 60 },
};
