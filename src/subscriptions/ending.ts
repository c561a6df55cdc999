import { Injectable } from '@nestjs/common';
import type { Tx } from '../database/database.js';
import type { AppRecord } from '../tenancy/caller.js';
import { Access } from './access.js';
import { InvoiceBook } from './invoice-book.js';
import { Mandates } from './mandates.service.js';
import { SUBSCRIPTION_MOVES } from './moves.js';
import type { InvoiceRow, SubscriptionRow } from './rows.js';
import { SubscriptionBook } from './subscription-book.js';

/** How subscriptions end. Every method works in a transaction that has locked the subscription. */
@Injectable()
export class Ending {
  constructor(
    private readonly book: SubscriptionBook,
    private readonly invoices: InvoiceBook,
    private readonly access: Access,
    private readonly mandates: Mandates,
  ) {}

  /** It is over at `at` (business time): nothing is invoiced, collected or used any more. Call `mandates.nudge` after. */
  async end(tx: Tx, app: AppRecord, row: SubscriptionRow, at: Date, reason?: string): Promise<SubscriptionRow> {
    const released = await this.release(tx, app, row, reason ?? row.cancelReason ?? 'requested');
    const ended = await this.book.move(tx, released, SUBSCRIPTION_MOVES.ended, 'subscription.canceled', {
      cancelReason: reason ?? row.cancelReason ?? 'requested',
      ...{ cancelAt: row.cancelAt ?? at, endedAt: at, nextAt: null, pendingChange: null },
    });
    await this.access.end(tx, ended, at);
    return ended;
  }

  /** The period that is paid is the last one: what was paid for the next has gone back. `now` is business time. */
  async endWithPeriod(tx: Tx, row: SubscriptionRow, next: InvoiceRow, now: Date, reason: string): Promise<void> {
    const at = row.currentPeriodEnd;
    let current = await this.unbill(tx, row, next, now);
    for (const invoice of await this.invoices.open(row, tx)) current = await this.void(tx, current, invoice);
    const change = { cancelAt: at, cancelReason: reason, pendingChange: null, nextAt: at };
    const scheduled = await this.book.change(tx, current, change, 'subscription.cancel_scheduled');
    await this.access.end(tx, scheduled, at);
  }

  /** The money for a paid invoice goes back: it stands for no time, and its period may be billed anew. */
  async unbill(tx: Tx, row: SubscriptionRow, invoice: InvoiceRow, now: Date): Promise<SubscriptionRow> {
    const isPeriod = invoice.kind === 'period';
    if (isPeriod) await this.invoices.change(tx, invoice, { periodStart: now, periodEnd: now });
    return this.#giveBack(tx, row, invoice);
  }

  /** Nobody paid or signed in time. */
  async expire(tx: Tx, app: AppRecord, row: SubscriptionRow): Promise<SubscriptionRow> {
    const released = await this.release(tx, app, row, 'not begun in time');
    return this.book.move(tx, released, SUBSCRIPTION_MOVES.expired, 'subscription.incomplete_expired', {
      nextAt: null,
    });
  }

  /** Voids the invoices that nobody is paying right now, and ends the mandates. */
  async release(tx: Tx, app: AppRecord, row: SubscriptionRow, why: string): Promise<SubscriptionRow> {
    let current = row;
    for (const invoice of await this.invoices.open(row, tx)) current = await this.void(tx, current, invoice);
    const signed = [row.mandateId, row.pendingChange?.mandateId ?? null].filter((id) => id !== null);
    for (const id of signed) await this.mandates.end(tx, app, id, why);
    return current;
  }

  /**
   * Takes an open invoice back, with the credit that it used. While somebody pays it, only nobody tries to collect it any
   * more: when that payment ends without money it is taken back.
   */
  async void(tx: Tx, row: SubscriptionRow, invoice: InvoiceRow): Promise<SubscriptionRow> {
    if (invoice.paymentId !== null) {
      await this.invoices.change(tx, invoice, { nextAction: null, nextAt: null });
      return row;
    }
    await this.invoices.move(tx, invoice, 'voided');
    return this.#giveBack(tx, row, invoice);
  }

  /** What an invoice has taken from the subscription that nobody is to pay. */
  #giveBack(tx: Tx, row: SubscriptionRow, { kind, creditUsed }: InvoiceRow): Promise<SubscriptionRow> {
    return this.book.change(tx, row, {
      credit: row.credit + creditUsed,
      periodsBilled: row.periodsBilled - (kind === 'period' ? 1 : 0),
    });
  }
}
