import { type Agreement, paidOf, statusOf } from './agreement.js';
import { isInWindow } from './agreement-plan.js';

/**
 * Tries of one period that may find no money. Docs recommend at most two retries and have a code for too many tries,
 * without a number: read as the first try and two more, until the plan moves on.
 */
const MOST_FAILURES = 3;

/** Why the merchant must not debit `amount` (fen) at `now`; undefined: it may. */
export function debitRefusalOf(agreement: Agreement, amount: number, now: number): string | undefined {
  if (statusOf(agreement, now) !== 'NORMAL') return 'ACQ.AGREEMENT_STATUS_NOT_NORMAL';
  const { plan } = agreement;
  if (!plan) return undefined;
  const { singleAmount, totalAmount = Infinity, totalPayments = Infinity, failures } = plan;
  const paid = paidOf(agreement);
  if (amount > singleAmount) return 'ACQ.CYCLE_PAY_SINGLE_FEE_EXCEED';
  if (paid.length >= totalPayments) return 'ACQ.CYCLE_PAY_TOTAL_TIMES_EXCEED';
  if (paid.reduce((sum, one) => sum + one.amount, amount) > totalAmount) return 'ACQ.CYCLE_PAY_TOTAL_FEE_EXCEED';
  if (!isInWindow(plan, now)) return 'ACQ.CYCLE_PAY_DATE_NOT_MATCH';
  return failures >= MOST_FAILURES ? 'ACQ.OVER_MAX_DEDUCT_COUNT' : undefined;
}
