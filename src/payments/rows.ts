import { toFen } from '../common/money.js';
import type { AttemptMandate } from '../platforms/mandate-platform.js';
import type { PlatformCode } from '../platforms/platform.js';
import type { PayOrder, PlatformSettings } from '../platforms/payment-platform.js';
import type { AttemptStatus, PaymentStatus, RefundStatus } from './moves.js';

/** A payment as our statements read it. Amounts in fen; `float8` holds them exactly and arrives as a number. */
export interface PaymentRow extends Record<string, unknown> {
  appId: string;
  id: string;
  userId: string;
  status: PaymentStatus;
  amount: number;
  amountPaid: number;
  amountRefunded: number;
  currency: 'CNY';
  subject: string;
  reference: string | null;
  contentHash: Buffer;
  source: 'user' | 'server';
  priceId: string | null;
  quantity: number | null;
  metadata: Record<string, string>;
  platformOptions: Record<string, PlatformSettings>;
  sequence: number;
  expiresAt: Date;
  closingSince: Date | null;
  closeReason: string | null;
  /** Of a failed one: see ClosedPayment. */
  failureCode: string | null;
  /** Whether listeners act in the transaction that settles it. */
  isHeard: boolean;
  paidAt: Date | null;
  createdAt: Date;
  updatedAt: Date;
}

export interface AttemptRow extends Record<string, unknown> {
  appId: string;
  id: string;
  paymentId: string;
  number: string;
  platform: PlatformCode;
  platformAccountId: string;
  merchantAccountId: string;
  payer: string;
  status: AttemptStatus;
  amount: number;
  amountPaid: number;
  amountReserved: number;
  amountRefunded: number;
  currency: 'CNY';
  kept: boolean | null;
  settings: PlatformSettings;
  /** Of one that also signs a contract, or debits under one. */
  mandate: AttemptMandate | null;
  handle: string | null;
  handleExpiresAt: Date | null;
  platformTransactionId: string | null;
  failureCode: string | null;
  expiresAt: Date;
  submittedAt: Date | null;
  paidAt: Date | null;
  nextRefundAt: Date | null;
  checkAt: Date | null;
  checks: number;
  createdAt: Date;
}

export interface RefundRow extends Record<string, unknown> {
  appId: string;
  id: string;
  paymentId: string;
  attemptId: string;
  number: string;
  platform: PlatformCode;
  merchantAccountId: string;
  status: RefundStatus;
  source: 'api' | 'platform' | 'automatic';
  amount: number;
  currency: 'CNY';
  reason: string | null;
  reference: string | null;
  platformRefundId: string | null;
  failureCode: string | null;
  failureDetail: string | null;
  decideBefore: Date | null;
  decision: 'approve' | 'reject' | null;
  submittedAt: Date | null;
  succeededAt: Date | null;
  checkAt: Date | null;
  checks: number;
  createdAt: Date;
  updatedAt: Date;
}

const snake = (name: string): string => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

/** `t.app_id as "appId", …`; amounts become numbers. */
const columns =
  (names: string) =>
  (table: string): string =>
    names
      .trim()
      .split(/\s+/)
      .map((name) => `${table}.${snake(name)}${name.startsWith('amount') ? '::float8' : ''} as "${name}"`)
      .join(', ');

export const paymentColumns = columns(`
  appId id userId status amount amountPaid amountRefunded currency subject reference contentHash source priceId quantity
  metadata platformOptions sequence expiresAt closingSince closeReason failureCode isHeard paidAt createdAt updatedAt`);

export const attemptColumns = columns(`
  appId id paymentId number platform platformAccountId merchantAccountId payer status amount amountPaid amountReserved
  amountRefunded currency kept settings mandate handle handleExpiresAt platformTransactionId failureCode expiresAt
  submittedAt paidAt nextRefundAt checkAt checks createdAt`);

export const refundColumns = columns(`
  appId id paymentId attemptId number platform merchantAccountId status source amount currency reason reference
  platformRefundId failureCode failureDetail decideBefore decision submittedAt succeededAt checkAt checks createdAt
  updatedAt`);

/** The order that an attempt is at its platform: always the same for the same row. */
export const orderOf = (attempt: AttemptRow, subject: string, notifyUrl: string): PayOrder => ({
  number: attempt.number,
  amount: toFen(attempt.amount),
  currency: attempt.currency,
  subject,
  payer: attempt.payer,
  expiresAt: attempt.expiresAt,
  notifyUrl,
  settings: attempt.settings,
  handle: attempt.handle,
  handleExpiresAt: attempt.handleExpiresAt,
  transactionId: attempt.platformTransactionId,
  ...(attempt.mandate && { mandate: attempt.mandate }),
});

const OPEN: readonly AttemptStatus[] = ['created', 'pending', 'unknown'];
/** Whether money may still come through the attempt. */
export const isOpen = ({ status }: Pick<AttemptRow, 'status'>): boolean => OPEN.includes(status);
/** Whether the attempt takes money without the person: there is nothing to show, and no second try beside it. */
export const isDebit = ({ mandate }: Pick<AttemptRow, 'mandate'>): boolean => mandate?.kind === 'debit';
export const OPEN_SQL = OPEN.map((status) => `'${status}'`).join(', ');
