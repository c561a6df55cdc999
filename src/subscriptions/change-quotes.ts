import { Injectable } from '@nestjs/common';
import type { Offer } from '../catalog/prices.service.js';
import type { Tx } from '../database/database.js';
import type { MandatePolicy } from '../platforms/mandate-platform.js';
import { ordinaryAmount, switchLines, type Total, totalOf } from './amounts.js';
import { isSame } from './cycle.js';
import { InvoiceBook } from './invoice-book.js';
import { type Period, periodOf } from './periods.js';
import type { SubscriptionRow } from './rows.js';
import { recurringOf, selectionOf, type Situation } from './situations.js';

/** What a change in the middle of a period costs. */
export interface ChangeQuote {
  readonly total: Total;
  /** What the invoice is for: the rest of the current period, or a whole new one that begins now. */
  readonly period: Period;
  readonly beginsAnew: boolean;
}

/** What is changed to. */
export interface Wanted {
  readonly to: Offer;
  readonly quantity: number;
  /** Of the platform where another contract is signed for it. */
  readonly signs: MandatePolicy | undefined;
}

@Injectable()
export class ChangeQuotes {
  constructor(private readonly invoices: InvoiceBook) {}

  /** A trial costs nothing, so its change does not either: it goes on. */
  async quote(
    row: SubscriptionRow,
    { now, offer, recurring }: Situation,
    { to, quantity, signs }: Wanted,
    tx?: Tx,
  ): Promise<ChangeQuote> {
    const current = { start: row.currentPeriodStart, end: row.currentPeriodEnd };
    const rest = { start: now, end: current.end };
    if (row.status === 'trialing') return { total: totalOf([], row.credit, rest), period: rest, beginsAnew: false };
    const beginsAnew = signs?.countsPeriods === true || !isSame(recurring, recurringOf(to));
    const next = periodOf({ anchor: now, recurring: recurringOf(to), timeZone: row.timeZone }, 0);
    const lines = switchLines({
      from: selectionOf(offer, row.quantity),
      to: selectionOf(to, quantity),
      paid: await this.#paidFor(row, selectionOf(offer, row.quantity), tx),
      period: current,
      at: now,
      timeZone: row.timeZone,
      next: beginsAnew ? next : undefined,
    });
    const period = beginsAnew ? next : rest;
    return { total: totalOf(lines, row.credit, period), period, beginsAnew };
  }

  /** What the whole current period costs at the current price: less in an introduction, which no change has. */
  async #paidFor(row: SubscriptionRow, selection: ReturnType<typeof selectionOf>, tx?: Tx) {
    const invoice = await this.invoices.ofPeriod(row, row.currentPeriodStart, tx);
    const line = invoice?.lines.find(({ kind }) => kind === 'period');
    const changed = await this.invoices.lastChange(row, tx);
    const charged = changed?.lines.find(({ kind }) => kind === 'period' || kind === 'remaining');
    const isChanged = charged?.priceId === row.priceId && charged.quantity === row.quantity;
    const isCurrent = line?.priceId === row.priceId && line.quantity === row.quantity && !isChanged;
    const amount = isCurrent ? line.amount : ordinaryAmount(selection);
    return amount as ReturnType<typeof ordinaryAmount>;
  }
}
