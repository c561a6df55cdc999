import { Injectable } from '@nestjs/common';
import type { Tx } from '../database/database.js';

/** What listeners learn of a payment. Amounts in fen. */
export interface SettledPayment {
  readonly appId: string;
  readonly id: string;
  readonly userId: string;
  readonly amount: number;
  readonly paidAt: Date;
}

export interface ClosedPayment {
  readonly appId: string;
  readonly id: string;
  readonly status: 'closed' | 'failed';
}

export interface RefundedPayment {
  readonly appId: string;
  readonly id: string;
  readonly refundId: string;
  readonly amount: number;
}

/**
 * What an upper domain does in the transaction in which a payment changes. It registers with PaymentListeners when it
 * starts. Writes rows, nothing else: no network, no queue. A throw undoes the change.
 */
export interface PaymentListener {
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

  /** Whether anybody wants to act when money has come; if not, a settlement needs no transaction of its own. */
  get hearsSettled(): boolean {
    return this.#listeners.some((listener) => 'onSettled' in listener);
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
