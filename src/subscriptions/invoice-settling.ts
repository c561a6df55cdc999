import { Injectable } from '@nestjs/common';
import type { Tx } from '../database/database.js';
import { InvoicePayments } from '../payments/invoice-payments.js';
import type { AppRecord } from '../tenancy/caller.js';
import { Access } from './access.js';
import { ChangeEffect } from './change-effect.js';
import { Cycle } from './cycle.js';
import { Ending } from './ending.js';
import { InvoiceBook } from './invoice-book.js';
import { Mandates } from './mandates.service.js';
import { LIVE_STATUSES } from './moves.js';
import type { InvoiceRow, SubscriptionRow } from './rows.js';
import { type Situation, Situations } from './situations.js';
import { SubscriptionBook } from './subscription-book.js';

/** Money for an invoice, and when it came (business time). */
export interface Settled {
  readonly invoice: InvoiceRow;
  /** Null: nothing was to pay. */
  readonly paymentId: string | null;
  readonly at: Date;
}

/** What follows when an invoice is paid. Works in a transaction that has locked the subscription. */
@Injectable()
export class InvoiceSettling {
  constructor(
    private readonly payments: InvoicePayments,
    private readonly book: SubscriptionBook,
    private readonly invoices: InvoiceBook,
    private readonly situations: Situations,
    private readonly cycle: Cycle,
    private readonly access: Access,
    private readonly effect: ChangeEffect,
    private readonly mandates: Mandates,
    private readonly ending: Ending,
  ) {}

  async settle(tx: Tx, app: AppRecord, row: SubscriptionRow, settled: Settled): Promise<void> {
    const { invoice, paymentId, at } = settled;
    const paid = await this.invoices.move(tx, invoice, 'paid', { paymentId, paidAt: at, failureCode: null });
    const current = await this.book.lock(tx, app.id, row.id);
    const situation = await this.situations.of(tx, app, current);
    if (isWithdrawn(current, paid)) return this.#giveBack(tx, app, current, settled, paid);
    if (!(await this.#isWanted(tx, current))) {
      // Nothing follows from it: who was charged for nothing gets it back.
      if (paymentId !== null) await this.payments.giveBack(tx, app, paymentId, 'the subscription is over');
      if (current.mandateId !== null) await this.mandates.end(tx, app, current.mandateId, 'the subscription is over');
      return;
    }
    if (paid.kind === 'change') await this.effect.paid(tx, current, situation, paid);
    else await this.#paidPeriod(tx, current, situation, paid, at);
  }

  /** Whether the subscription is there, or can begin: not beside another one to the same product. */
  async #isWanted(tx: Tx, row: SubscriptionRow): Promise<boolean> {
    if ((LIVE_STATUSES as readonly string[]).includes(row.status)) return true;
    return row.status !== 'canceled' && !(await this.book.isTaken(tx, row));
  }

  /**
   * Charged after it was canceled: the money goes back, and the invoice stands for no time. The contract stays, for the
   * user may undo the cancellation.
   */
  async #giveBack(tx: Tx, app: AppRecord, row: SubscriptionRow, { paymentId, at }: Settled, invoice: InvoiceRow) {
    if (paymentId !== null) await this.payments.giveBack(tx, app, paymentId, 'it was canceled before');
    await this.ending.unbill(tx, row, invoice, at);
  }

  async #paidPeriod(tx: Tx, row: SubscriptionRow, situation: Situation, invoice: InvoiceRow, at: Date): Promise<void> {
    if (row.status === 'incomplete' || row.status === 'incomplete_expired') {
      const begun = await this.cycle.begin(tx, row, situation, at);
      await this.#move(tx, invoice, begun);
      return;
    }
    if (row.status === 'past_due' || row.status === 'unpaid') {
      const recovered = await this.cycle.recover(tx, row, situation, at, invoice);
      await this.#move(tx, invoice, recovered);
      return;
    }
    if (invoice.periodStart < row.currentPeriodEnd) {
      // Paid for a period that a change has taken the place of: it is left for the next ones.
      const credit = row.credit + invoice.amount + invoice.creditUsed;
      await this.book.change(tx, row, { credit, periodsBilled: row.periodsBilled - 1 });
      return;
    }
    // Paid in advance: where it was to end, it ends with that.
    const ends = row.cancelAt !== null && row.cancelAt < invoice.periodEnd;
    const kept = ends ? await this.book.change(tx, row, { cancelAt: invoice.periodEnd }) : row;
    await this.access.give(tx, kept, situation, invoice.periodEnd);
    await this.cycle.schedule(tx, kept, situation);
  }

  /** A period that begins when it is paid: so does what its invoice says. */
  async #move(tx: Tx, invoice: InvoiceRow, { currentPeriodStart, currentPeriodEnd }: SubscriptionRow): Promise<void> {
    const span = { periodStart: currentPeriodStart, periodEnd: currentPeriodEnd };
    if (invoice.periodStart.getTime() !== currentPeriodStart.getTime()) await this.invoices.change(tx, invoice, span);
  }
}

/** What the user has taken back with the cancellation, while it was under way: the next period, or a change. */
function isWithdrawn({ status, cancelAt, cancelReason, pendingChange }: SubscriptionRow, invoice: InvoiceRow): boolean {
  if (!(LIVE_STATUSES as readonly string[]).includes(status)) return false;
  if (cancelAt === null || cancelReason === 'mandate_terminated') return false;
  return invoice.kind === 'change' ? pendingChange?.invoiceId !== invoice.id : invoice.periodStart >= cancelAt;
}
