/**
 * What may happen to a payment, an attempt and a refund. Keyed by what happened, not by the target: a repeated or late
 * notice must not pull anything out of a later status. docs/concepts.md draws these tables; SQL takes `from` from them.
 */
export interface Move<Status extends string = string> {
  readonly from: readonly Status[];
  readonly to: Status;
}

export const PAYMENT_STATUSES = ['created', 'pending', 'succeeded', 'failed', 'closed'] as const;
export type PaymentStatus = (typeof PAYMENT_STATUSES)[number];

export const PAYMENT_MOVES = {
  /** The first attempt was made. */
  attempted: { from: ['created'], to: 'pending' },
  settled: { from: ['created', 'pending'], to: 'succeeded' },
  /** A debit without a person was refused for good. */
  refused: { from: ['created', 'pending'], to: 'failed' },
  /** Canceled or run out, and every attempt is known to be unpayable. */
  closed: { from: ['created', 'pending'], to: 'closed' },
} as const satisfies Record<string, Move<PaymentStatus>>;

export const ATTEMPT_STATUSES = ['created', 'pending', 'unknown', 'succeeded', 'failed', 'closed'] as const;
export type AttemptStatus = (typeof ATTEMPT_STATUSES)[number];

export const ATTEMPT_MOVES = {
  submitted: { from: ['created', 'unknown'], to: 'pending' },
  /** Sent, no answer: it may or may not exist at the platform. */
  lost: { from: ['created', 'pending'], to: 'unknown' },
  settled: { from: ['created', 'pending', 'unknown'], to: 'succeeded' },
  refused: { from: ['created', 'pending', 'unknown'], to: 'failed' },
  /** Only on the platform's word. */
  closed: { from: ['created', 'pending', 'unknown'], to: 'closed' },
  /** Money came for an order that the platform had called closed or refused: it is refunded. */
  settledLate: { from: ['closed', 'failed'], to: 'succeeded' },
} as const satisfies Record<string, Move<AttemptStatus>>;

export const REFUND_STATUSES = ['requested', 'pending', 'action_required', 'succeeded', 'failed', 'rejected'] as const;
export type RefundStatus = (typeof REFUND_STATUSES)[number];

export const REFUND_MOVES = {
  accepted: { from: ['requested', 'action_required'], to: 'pending' },
  stuck: { from: ['requested', 'pending'], to: 'action_required' },
  settled: { from: ['requested', 'pending', 'action_required'], to: 'succeeded' },
  failed: { from: ['requested', 'pending', 'action_required'], to: 'failed' },
  /** The platform has given back after all what it had called impossible: its word counts, if that much is left. */
  settledLate: { from: ['failed', 'rejected'], to: 'succeeded' },
  /** The merchant says no to a refund that the user asked for. */
  rejected: { from: ['requested', 'pending'], to: 'rejected' },
} as const satisfies Record<string, Move<RefundStatus>>;

/** `'a', 'b'`: the statuses from which `move` leads, for SQL. */
export const fromSql = ({ from }: Move): string => from.map((status) => `'${status}'`).join(', ');
