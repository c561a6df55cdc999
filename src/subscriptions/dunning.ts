import { Injectable } from '@nestjs/common';
import type { Tx } from '../database/database.js';
import type { AppRecord } from '../tenancy/caller.js';
import { ChangeEffect } from './change-effect.js';
import { deadlineOf, type Debits, giveUpAt, later, type Step } from './billing-times.js';
import { Ending } from './ending.js';
import { InvoiceBook } from './invoice-book.js';
import { Mandates } from './mandates.service.js';
import { SUBSCRIPTION_MOVES } from './moves.js';
import { nextTry } from './next-try.js';
import type { InvoiceChange, InvoiceRow, SubscriptionRow } from './rows.js';
import { isUsable, Situations } from './situations.js';
import { SubscriptionBook } from './subscription-book.js';

/** What becomes of invoices that are not paid. Every method works in a transaction that has locked the subscription. */
@Injectable()
export class Dunning {
  constructor(
    private readonly book: SubscriptionBook,
    private readonly invoices: InvoiceBook,
    private readonly situations: Situations,
    private readonly ending: Ending,
    private readonly effect: ChangeEffect,
    private readonly mandates: Mandates,
  ) {}

  /** A payment has ended without money. `failureCode`: the platform's, of a debit; null: a person did not pay. */
  async unpaid(
    tx: Tx,
    app: AppRecord,
    row: SubscriptionRow,
    invoice: InvoiceRow,
    failureCode: string | null,
  ): Promise<void> {
    const free = { ...invoice, paymentId: null };
    if (row.status === 'canceled' || row.status === 'incomplete_expired') {
      await this.ending.void(tx, row, free);
    } else if (isTakenBack(row, free)) {
      // The lane makes another one, if the period is wanted again by now.
      await this.book.change(tx, await this.ending.void(tx, row, free), { nextAt: this.situations.now(app) });
    } else if (failureCode === null) {
      await this.#notPaid(tx, row, free);
    } else await this.#failed(tx, app, row, free, failureCode);
  }

  /** Nobody tries any more: the subscription ends, or waits for the user to pay. */
  async giveUp(tx: Tx, app: AppRecord, row: SubscriptionRow, invoice: InvoiceRow): Promise<void> {
    if (invoice.kind === 'change') {
      await this.effect.dropped(tx, await this.ending.void(tx, row, invoice));
      return;
    }
    if (row.status === 'incomplete') {
      await this.invoices.change(tx, invoice, { nextAction: null, nextAt: null });
      return;
    }
    // The lane was down: its period begins first.
    if (row.status === 'active' || row.status === 'trialing') return;
    const { finalAction } = (await this.situations.of(tx, app, row)).settings;
    if (finalAction === 'mark_unpaid' && row.status === 'past_due') {
      await this.invoices.change(tx, invoice, { nextAction: null, nextAt: null });
      await this.book.move(tx, row, SUBSCRIPTION_MOVES.givenUp, 'subscription.unpaid', { nextAt: row.cancelAt });
      return;
    }
    await this.invoices.move(tx, invoice, 'givenUp');
    const current = await this.book.lock(tx, app.id, row.id);
    await this.ending.end(tx, app, current, this.situations.now(app), 'payment_failed');
  }

  /** The mandate is over: the user may pay by hand until the grace ends. */
  async notDebited(tx: Tx, invoice: InvoiceRow, now: Date): Promise<void> {
    if (invoice.nextAction === null || invoice.nextAction === 'give_up') return;
    const nextAt = later(invoice.graceUntil ?? now, now);
    await this.invoices.change(tx, invoice, { nextAction: 'give_up', nextAt });
  }

  /** The person left the payment page: what was to be done next is done. */
  async #notPaid(tx: Tx, row: SubscriptionRow, invoice: InvoiceRow): Promise<void> {
    if (invoice.kind === 'change' && row.pendingChange?.invoiceId === invoice.id && invoice.nextAction === null) {
      await this.effect.dropped(tx, await this.ending.void(tx, row, invoice));
      return;
    }
    await this.invoices.change(tx, invoice, { paymentId: null });
    // Its end may have waited for that.
    if (row.status === 'incomplete') await this.book.change(tx, row, { nextAt: deadlineOf(row) });
  }

  async #failed(tx: Tx, app: AppRecord, row: SubscriptionRow, invoice: InvoiceRow, failureCode: string): Promise<void> {
    const { now, debits, mandate } = await this.#debited(tx, app, row, invoice);
    const failures = invoice.failures + 1;
    const change: InvoiceChange = { paymentId: null, failures, failureCode };
    const tried = { ...invoice, failures };
    const next = this.#next(tried, debits, failureCode, now);
    const failed = await this.invoices.change(tx, invoice, { ...change, ...next });
    if (!failed) return;
    const isOver = next.nextAction === 'give_up';
    const nextTryAt = isOver ? null : (next.nextAt?.toISOString() ?? null);
    await this.invoices.tell(tx, 'invoice.payment_failed', failed, { failureCode, failures, nextTryAt });
    // The lane looks at it at once, and lets the user know.
    if (row.status !== 'incomplete') await this.book.change(tx, row, { nextAt: now });
    if (debits && mandate && debits.policy.decline(failureCode) === 'ended') {
      await this.mandates.end(tx, app, mandate.id, 'ended at the platform');
    }
  }

  /** A change may be debited under another contract than the periods so far. */
  async #debited(tx: Tx, app: AppRecord, row: SubscriptionRow, invoice: InvoiceRow) {
    const situation = await this.situations.of(tx, app, row);
    const { now } = situation;
    const signedFor = invoice.kind === 'change' && row.pendingChange?.mandateId;
    const mandate = signedFor ? await this.mandates.find(app.id, signedFor, tx) : situation.mandate;
    return { now, mandate, debits: mandate && isUsable(mandate) ? this.situations.debitsOf(mandate) : undefined };
  }

  #next(invoice: InvoiceRow, debits: Debits | undefined, code: string, now: Date): Step & Partial<InvoiceChange> {
    const last = { nextAction: 'give_up', nextAt: later(giveUpAt(invoice), now) } as const;
    return (debits && nextTry(debits, invoice, code, now)) ?? last;
  }
}

/** The invoice of a next period, or of a change, that was no longer wanted while somebody paid it; it may be by now. */
const isTakenBack = ({ status, pendingChange }: SubscriptionRow, { id, kind, nextAction }: InvoiceRow): boolean =>
  (status === 'active' || status === 'trialing') &&
  nextAction === null &&
  (kind === 'period' || pendingChange?.invoiceId !== id);
