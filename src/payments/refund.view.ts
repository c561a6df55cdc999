import type { RefundView } from './refunds.schemas.js';
import type { RefundRow } from './rows.js';

export const refundView = (refund: RefundRow): RefundView => ({
  id: refund.id,
  number: refund.number,
  paymentId: refund.paymentId,
  platform: refund.platform,
  status: refund.status,
  source: refund.source,
  amount: refund.amount,
  currency: refund.currency,
  reason: refund.reason,
  reference: refund.reference,
  failureCode: refund.failureCode,
  failureDetail: refund.failureDetail,
  decideBefore: refund.decision === null ? (refund.decideBefore?.toISOString() ?? null) : null,
  succeededAt: refund.succeededAt?.toISOString() ?? null,
  createdAt: refund.createdAt.toISOString(),
  updatedAt: refund.updatedAt.toISOString(),
});
