import { Injectable } from '@nestjs/common';
import { isId } from '../common/ids.js';
import type { Tx } from '../database/database.js';
import { type ClosedPayment, type PaymentListener, PaymentListeners, type RefundedPayment, type SettledPayment } from '../payments/payment-listener.js'; // prettier-ignore
import { BusinessTime } from '../tenancy/business-time.js';
import { Dunning } from './dunning.js';
import { Ending } from './ending.js';
import { InvoiceBook } from './invoice-book.js';
import { InvoiceSettling } from './invoice-settling.js';
import { LIVE_STATUSES } from './moves.js';
import { SubscriptionBook } from './subscription-book.js';

/** What payments of invoices come to, in the transactions in which they end. */
@Injectable()
export class SubscriptionListener implements PaymentListener {
  constructor(
    private readonly book: SubscriptionBook,
    private readonly invoices: InvoiceBook,
    private readonly settling: InvoiceSettling,
    private readonly dunning: Dunning,
    private readonly ending: Ending,
    private readonly time: BusinessTime,
    listeners: PaymentListeners,
  ) {
    listeners.register(this);
  }

  async onSettled(tx: Tx, { appId, id, reference, paidAt }: SettledPayment): Promise<void> {
    const found = await this.#invoice(tx, appId, id, reference);
    if (!found) return;
    const row = await this.book.lock(tx, appId, found.subscriptionId);
    const invoice = await this.invoices.find(appId, found.id, undefined, tx);
    const app = await this.book.appOf(tx, appId);
    await this.settling.settle(tx, app, row, { invoice, paymentId: id, at: paidAt });
  }

  /** What was paid for the period has gone back: there is nothing left that it could go on with. */
  async onRefunded(tx: Tx, { appId, id, amountPaid, amountRefunded }: RefundedPayment): Promise<void> {
    if (amountRefunded < amountPaid) return;
    const found = await this.invoices.paidBy(appId, id, tx);
    if (!found) return;
    const row = await this.book.lock(tx, appId, found.subscriptionId);
    const app = await this.book.appOf(tx, appId);
    const now = this.time.now(app);
    const isLive = (LIVE_STATUSES as readonly string[]).includes(row.status);
    // What was paid for the rest of a period leaves what that had cost before.
    const isWhole = found.kind === 'period' || found.lines.some(({ kind }) => kind === 'period');
    if (!isLive || !isWhole || found.periodEnd <= now) return;
    const isNext = found.periodStart >= row.currentPeriodEnd;
    if (isNext) await this.ending.endWithPeriod(tx, row, found, now, 'refunded');
    else await this.ending.end(tx, app, row, now, 'refunded');
  }

  async onClosed(tx: Tx, { appId, id, reference, status, failureCode }: ClosedPayment): Promise<void> {
    const found = await this.#invoice(tx, appId, id, reference);
    if (!found) return;
    const row = await this.book.lock(tx, appId, found.subscriptionId);
    const invoice = await this.invoices.find(appId, found.id, undefined, tx);
    const app = await this.book.appOf(tx, appId);
    if (invoice.status !== 'open' || invoice.paymentId !== id) return;
    await this.dunning.unpaid(tx, app, row, invoice, status === 'failed' ? failureCode : null);
  }

  /** The invoice that the payment was made for; developers may use any reference of their own. */
  async #invoice(tx: Tx, appId: string, paymentId: string, reference: string | null) {
    if (reference === null || !isId('invoice', reference)) return undefined;
    const invoice = await this.invoices.paidBy(appId, paymentId, tx);
    return invoice?.id === reference ? invoice : undefined;
  }
}
