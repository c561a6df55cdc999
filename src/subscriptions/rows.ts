import type { PlatformCode } from '../platforms/platform.js';
import type { InvoiceLine } from './amounts.js';
import type { InvoiceStatus, SubscriptionStatus } from './moves.js';

export type Renewal = 'automatic' | 'manual';

/** A change that was asked for and has not taken effect. */
export interface PendingChange {
  /** `resume`: only the cancellation is undone, once the new mandate is signed. */
  readonly kind: 'price' | 'resume';
  readonly at: 'now' | 'period_end';
  readonly priceId: string;
  readonly quantity: number;
  /** Must be signed first. */
  readonly mandateId: string | null;
  /** Must be paid first. */
  readonly invoiceId: string | null;
}

/** A subscription as our statements read it. Amounts in fen; all times but the last two are business time. */
export interface SubscriptionRow extends Record<string, unknown> {
  appId: string;
  id: string;
  userId: string;
  productId: string;
  priceId: string;
  quantity: number;
  platform: PlatformCode | null;
  platformAccountId: string | null;
  renewal: Renewal;
  status: SubscriptionStatus;
  timeZone: string;
  anchor: Date;
  /** −1: the first period after the anchor is still to come (a trial, a pause, missed periods). */
  periodNumber: number;
  periodsBilled: number;
  currentPeriodStart: Date;
  currentPeriodEnd: Date;
  trialEnd: Date | null;
  cancelAt: Date | null;
  cancelReason: string | null;
  endedAt: Date | null;
  pausedAt: Date | null;
  pendingChange: PendingChange | null;
  credit: number;
  mandateId: string | null;
  metadata: Record<string, string>;
  sequence: number;
  nextAt: Date | null;
  createdAt: Date;
  updatedAt: Date;
}

export type InvoiceAction = 'notice' | 'collect' | 'give_up';

/** An invoice as our statements read it; compare SubscriptionRow. */
export interface InvoiceRow extends Record<string, unknown> {
  appId: string;
  id: string;
  subscriptionId: string;
  userId: string;
  number: number | null;
  kind: 'period' | 'change';
  status: InvoiceStatus;
  amount: number;
  currency: 'CNY';
  creditUsed: number;
  lines: InvoiceLine[];
  periodStart: Date;
  periodEnd: Date;
  noticeAt: Date | null;
  noticedAt: Date | null;
  collectFrom: Date | null;
  collectUntil: Date | null;
  graceUntil: Date | null;
  failures: number;
  failureCode: string | null;
  /** While it is open: the payment by which somebody tries to pay it. */
  paymentId: string | null;
  nextAction: InvoiceAction | null;
  nextAt: Date | null;
  openedAt: Date | null;
  paidAt: Date | null;
  createdAt: Date;
  updatedAt: Date;
}

/** What changes in the life of a row, in the order in which SAVE statements take it. */
export const SUBSCRIPTION_CHANGES = [
  ...(['userId', 'productId', 'priceId', 'quantity', 'platform', 'platformAccountId', 'renewal', 'status'] as const),
  ...(['anchor', 'periodNumber', 'periodsBilled', 'currentPeriodStart', 'currentPeriodEnd', 'trialEnd'] as const),
  ...(['cancelAt', 'cancelReason', 'endedAt', 'pausedAt', 'pendingChange', 'credit', 'mandateId', 'nextAt'] as const),
] as const;
export type SubscriptionChange = Partial<Pick<SubscriptionRow, (typeof SUBSCRIPTION_CHANGES)[number]>>;

export const INVOICE_CHANGES = [
  ...([
    'userId',
    'status',
    'periodStart',
    'periodEnd',
    'noticeAt',
    'noticedAt',
    'collectFrom',
    'collectUntil',
  ] as const),
  ...(['graceUntil', 'failures', 'failureCode', 'paymentId', 'nextAction', 'nextAt', 'paidAt'] as const),
] as const;
export type InvoiceChange = Partial<Pick<InvoiceRow, (typeof INVOICE_CHANGES)[number]>>;

/** `periodStart` → `period_start` */
export const snake = (name: string): string => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

/** `float8` holds amounts in fen exactly, and arrives as a number. */
const COUNTED = ['amount', 'credit', 'creditUsed', 'number'];
const columns =
  (names: string) =>
  (table: string): string =>
    names
      .trim()
      .split(/\s+/)
      .map((name) => `${table}.${snake(name)}${COUNTED.includes(name) ? '::float8' : ''} as "${name}"`)
      .join(', ');

export const subscriptionColumns = columns(`
  appId id userId productId priceId quantity platform platformAccountId renewal status timeZone anchor periodNumber
  periodsBilled currentPeriodStart currentPeriodEnd trialEnd cancelAt cancelReason endedAt pausedAt pendingChange credit
  mandateId metadata sequence nextAt createdAt updatedAt`);

export const invoiceColumns = columns(`
  appId id subscriptionId userId number kind status amount currency creditUsed lines periodStart periodEnd noticeAt
  noticedAt collectFrom collectUntil graceUntil failures failureCode paymentId nextAction nextAt openedAt paidAt createdAt
  updatedAt`);
