import type { ClientAction } from '../platforms/payment-platform.js';
import type { InvoiceView } from './invoices.schemas.js';
import type { InvoiceRow, PendingChange, SubscriptionRow } from './rows.js';
import type { SubscriptionView } from './subscriptions.schemas.js';

const text = (at: Date | null): string | null => at?.toISOString() ?? null;

export function subscriptionView(row: SubscriptionRow, clientAction?: ClientAction): SubscriptionView {
  const { id, userId, productId, priceId, quantity, platform, renewal, status, timeZone } = row;
  const { cancelReason, credit, mandateId, metadata } = row;
  return {
    ...{ id, userId, productId, priceId, quantity, platform, renewal, status, timeZone },
    currentPeriodStart: row.currentPeriodStart.toISOString(),
    currentPeriodEnd: row.currentPeriodEnd.toISOString(),
    trialEnd: text(row.trialEnd),
    cancelAt: text(row.cancelAt),
    cancelReason,
    endedAt: text(row.endedAt),
    pausedAt: text(row.pausedAt),
    pendingChange: row.pendingChange?.kind === 'price' ? changeView(row.pendingChange) : null,
    ...{ credit, mandateId, metadata },
    ...(clientAction ? { clientAction: clientAction } : {}),
    createdAt: row.createdAt.toISOString(),
    updatedAt: row.updatedAt.toISOString(),
  };
}

function changeView({ priceId, quantity, at, mandateId, invoiceId }: PendingChange) {
  const waitsFor = invoiceId !== null ? 'payment' : mandateId !== null ? 'signature' : 'period_end';
  return { priceId, quantity, at, waitsFor } as const;
}

export function invoiceView(row: InvoiceRow): InvoiceView {
  const { id, subscriptionId, userId, number, kind, status, amount, currency, creditUsed, lines } = row;
  const { failures, failureCode, paymentId } = row;
  return {
    ...{ id, subscriptionId, userId, number, kind, status, amount, currency, creditUsed, lines },
    periodStart: row.periodStart.toISOString(),
    periodEnd: row.periodEnd.toISOString(),
    noticeAt: text(row.noticeAt),
    collectFrom: text(row.collectFrom),
    collectUntil: text(row.collectUntil),
    graceUntil: text(row.graceUntil),
    ...{ failures, failureCode, paymentId },
    openedAt: text(row.openedAt),
    paidAt: text(row.paidAt),
    createdAt: row.createdAt.toISOString(),
    updatedAt: row.updatedAt.toISOString(),
  };
}
