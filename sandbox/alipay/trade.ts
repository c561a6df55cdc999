import type { Row } from '../core/store.js';
import type { AgreementDraft } from './agreement.js';

const DAY = 86_400_000;
/** After that a trade cannot be refunded any more (docs: 12 months; a contract may say otherwise). */
export const REFUND_WINDOW = 365 * DAY;

export const TRADE_STATUSES = ['WAIT_BUYER_PAY', 'TRADE_SUCCESS', 'TRADE_FINISHED', 'TRADE_CLOSED'] as const;
export type TradeStatus = (typeof TRADE_STATUSES)[number];

/** An order at Alipay. Amounts are fen, instants ms of business time. */
export interface Trade extends Row {
  readonly tradeNo: string;
  readonly outTradeNo: string;
  /** The mini-program that created it: its keys sign the notifications, its clock counts. */
  readonly platformAppId: string;
  readonly sellerId: string;
  readonly user: string;
  /** A digest of what was asked for, to tell a repeat from another order under the same number. */
  readonly asked: string;
  readonly totalAmount: number;
  readonly subject: string;
  readonly body?: string;
  readonly passbackParams?: string;
  readonly storeId?: string;
  readonly terminalId?: string;
  /** What the person is asked to sign when they pay. */
  readonly agreement?: AgreementOffer;
  /** Under which it was debited. */
  readonly agreementNo?: string;
  readonly externalAgreementNo?: string;
  /** Without it nothing is notified. */
  readonly notifyUrl?: string;
  readonly createdAt: number;
  readonly expiresAt: number;
  readonly paidAt?: number;
  /** When it was closed before it was paid. */
  readonly closedAt?: number;
  /** In the order in which they were asked for. */
  readonly refunds: readonly Refund[];
}

export interface AgreementOffer {
  readonly draft: AgreementDraft;
  /** Of the signature; absent: that of the trade, else the gateway of the mini-program. */
  readonly notifyUrl?: string;
}

export interface Refund {
  /** `out_request_no`, or what stands in for it. */
  readonly number: string;
  readonly amount: number;
  readonly reason?: string;
  readonly askedAt: number;
  /** When the money is back; may be still to come. */
  readonly doneAt: number;
}

/** The status follows from what happened and the time, so it never waits for a timer. */
export function statusOf(trade: Trade, now: number): TradeStatus {
  const { paidAt, closedAt, expiresAt, totalAmount } = trade;
  if (paidAt === undefined) return closedAt !== undefined || expiresAt <= now ? 'TRADE_CLOSED' : 'WAIT_BUYER_PAY';
  if (refundedBy(trade, now) === totalAmount) return 'TRADE_CLOSED';
  return paidAt + REFUND_WINDOW <= now ? 'TRADE_FINISHED' : 'TRADE_SUCCESS';
}

/** What had gone back to the buyer at `now`, all refunds together. */
export const refundedBy = ({ refunds }: Trade, now: number): number =>
  sum(refunds.filter(({ doneAt }) => doneAt <= now));

/** What no refund has claimed yet. */
export const leftOf = ({ totalAmount, refunds }: Trade): number => totalAmount - sum(refunds);

/** When it was closed: unpaid, or by the refund that took the rest. Undefined while it is open. */
export function closedAtOf(trade: Trade, now: number): number | undefined {
  if (statusOf(trade, now) !== 'TRADE_CLOSED') return undefined;
  if (trade.paidAt === undefined) return trade.closedAt ?? trade.expiresAt;
  return Math.max(...trade.refunds.map(({ doneAt }) => doneAt));
}

const sum = (refunds: readonly Refund[]): number => refunds.reduce((total, { amount }) => total + amount, 0);
