import type { ClientAction } from '../platforms/payment-platform.js';
import type { PaymentView } from './payments.schemas.js';
import type { AttemptRow, PaymentRow } from './rows.js';

export const attemptView = (attempt: AttemptRow): PaymentView['attempts'][number] => ({
  id: attempt.id,
  number: attempt.number,
  platform: attempt.platform,
  platformAccountId: attempt.platformAccountId,
  merchantAccountId: attempt.merchantAccountId,
  status: attempt.status,
  platformTransactionId: attempt.platformTransactionId,
  failureCode: attempt.failureCode,
  createdAt: attempt.createdAt.toISOString(),
});

export const paymentView = (
  payment: PaymentRow,
  attempts: readonly AttemptRow[],
  clientAction?: ClientAction,
): PaymentView => ({
  id: payment.id,
  userId: payment.userId,
  status: payment.status,
  amount: payment.amount,
  amountRefunded: payment.amountRefunded,
  currency: payment.currency,
  subject: payment.subject,
  reference: payment.reference,
  priceId: payment.priceId,
  quantity: payment.quantity,
  metadata: payment.metadata,
  attempts: attempts.map(attemptView),
  ...(clientAction ? { clientAction: clientAction } : {}),
  expiresAt: payment.expiresAt.toISOString(),
  failureCode: payment.failureCode,
  closingSince: payment.closingSince?.toISOString() ?? null,
  paidAt: payment.paidAt?.toISOString() ?? null,
  createdAt: payment.createdAt.toISOString(),
  updatedAt: payment.updatedAt.toISOString(),
});
