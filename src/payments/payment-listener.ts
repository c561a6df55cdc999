import { Injectable } from '@nestjs/common';
import type { Tx } from '../database/database.js';
import type { PlatformCode } from '../platforms/platform.js';

/** What listeners learn of a payment. Amounts in fen. */
export interface SettledPayment {
  readonly appId: string;
  readonly id: string;
  readonly userId: string;
  readonly amount: number;
  /** The invoice of one that InvoicePayments made; else the developer's own. */
  readonly reference: string | null;
  /** What was bought; null: not a price, but an invoice or an amount. */
  readonly priceId: string | null;
  readonly quantity: number | null;
  /** The attempt that was paid, and where. */
  readonly attemptId: string;
  readonly platform: PlatformCode;
  readonly platformAccountId: string;
  /** As the platform tells it: business time. */
  readonly paidAt: Date;
}

export interface ClosedPayment {
  readonly appId: string;
  readonly id: string;
  /** `failed`: a debit that brought no money. */
  readonly status: 'closed' | 'failed';
  readonly reference: string | null;
  /**
   * Why a debit failed: the platform's code, or ours where it gave none: `expired` and `canceled` (we no longer wanted it),
   * `closed` (the platform never got it, or has closed it). Null when closed.
   */
  readonly failureCode: string | null;
}

export interface RefundedPayment {
  readonly appId: string;
  readonly id: string;
  readonly refundId: string;
  /** Of this refund. */
  readonly amount: number;
  /** Of the payment; all of it is given back when both are equal. */
  readonly amountPaid: number;
  /** Of all its refunds so far, this one included. */
  readonly amountRefunded: number;
}

/**
 * What an upper domain does in the transaction in which a payment changes. It registers with PaymentListeners when it
 * starts. Writes rows, nothing else: no network, no queue. A throw undoes the change.
 */
export interface PaymentListener {
  /** Only of payments that were made to be heard (`payments.is_heard`): all others settle without a transaction. */
  onSettled?(tx: Tx, payment: SettledPayment): Promise<void>;
  onRefunded?(tx: Tx, refund: RefundedPayment): Promise<void>;
  onClosed?(tx: Tx, payment: ClosedPayment): Promise<void>;
}

@Injectable()
export class PaymentListeners {
  readonly #listeners: PaymentListener[] = [];

  register(listener: PaymentListener): void {
    this.#listeners.push(listener);
  }

  async onSettled(tx: Tx, payment: SettledPayment): Promise<void> {
    for (const listener of this.#listeners) await listener.onSettled?.(tx, payment);
  }

  async onRefunded(tx: Tx, refund: RefundedPayment): Promise<void> {
    for (const listener of this.#listeners) await listener.onRefunded?.(tx, refund);
  }

  async onClosed(tx: Tx, payment: ClosedPayment): Promise<void> {
    for (const listener of this.#listeners) await listener.onClosed?.(tx, payment);
  }
}
