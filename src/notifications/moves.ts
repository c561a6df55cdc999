/** What may happen to a notification, keyed by what happened. docs/concepts.md draws this table; SQL takes `from` from it. */
export interface Move {
  readonly from: readonly NotificationStatus[];
  readonly to: NotificationStatus;
}

export const NOTIFICATION_STATUSES = [
  'scheduled',
  'queued',
  'sent',
  'refused',
  'failed',
  'unknown',
  'expired',
  'canceled',
] as const;
export type NotificationStatus = (typeof NOTIFICATION_STATUSES)[number];

/** Not yet handed to the platform, or about to be. */
const WAITING = ['scheduled', 'queued'] as const;

export const NOTIFICATION_MOVES = {
  /** The platform has taken it. */
  sent: { from: WAITING, to: 'sent' },
  /** No consent here, or none for the platform. */
  refused: { from: WAITING, to: 'refused' },
  failed: { from: WAITING, to: 'failed' },
  /** Handed over, and no answer that can be believed. */
  lost: { from: WAITING, to: 'unknown' },
  expired: { from: WAITING, to: 'expired' },
  canceled: { from: WAITING, to: 'canceled' },
  /** The platform tells later what became of it. */
  deliveryFound: { from: ['unknown'], to: 'sent' },
  deliveryRefused: { from: ['unknown', 'sent'], to: 'refused' },
  deliveryFailed: { from: ['unknown', 'sent'], to: 'failed' },
} as const satisfies Record<string, Move>;

/** `'a', 'b'`: the statuses from which `move` leads, for SQL. */
export const fromSql = ({ from }: Move): string => from.map((status) => `'${status}'`).join(', ');

/** The statuses of what waits to be sent, for SQL. */
export const WAITING_SQL = WAITING.map((status) => `'${status}'`).join(', ');
