import { Injectable } from '@nestjs/common';
import { Prices } from '../catalog/prices.service.js';
import type { Tx } from '../database/database.js';
import { Access } from './access.js';
import { firstStep } from './billing-times.js';
import { type ChangeQuote, ChangeQuotes } from './change-quotes.js';
import { Cycle } from './cycle.js';
import { Ending } from './ending.js';
import { InvoiceBook } from './invoice-book.js';
import type { MandateRow } from './mandate-rows.js';
import { Mandates } from './mandates.service.js';
import { newWindow } from './next-try.js';
import type { InvoiceRow, PendingChange, SubscriptionChange, SubscriptionRow } from './rows.js';
import { isUsable, type Situation, Situations } from './situations.js';
import { SubscriptionBook } from './subscription-book.js';

/** How a change takes effect. Every method works in a transaction that has locked the subscription. */
@Injectable()
export class ChangeEffect {
  constructor(
    private readonly prices: Prices,
    private readonly book: SubscriptionBook,
    private readonly invoices: InvoiceBook,
    private readonly situations: Situations,
    private readonly cycle: Cycle,
    private readonly ending: Ending,
    private readonly access: Access,
    private readonly quotes: ChangeQuotes,
    private readonly mandates: Mandates,
  ) {}

  /** Nothing is to be paid: what is given back beyond the new price becomes credit, what was left of it is used. */
  async applyFree(
    tx: Tx,
    row: SubscriptionRow,
    situation: Situation,
    change: Pick<PendingChange, 'priceId' | 'quantity' | 'mandateId'>,
    quote: ChangeQuote,
  ): Promise<void> {
    const { total, period } = quote;
    if (total.lines.length === 0) return void (await this.apply(tx, row, situation, change, quote));
    const invoice = await this.invoices.insert(tx, row, { kind: 'change', period, total }, situation.now);
    await this.invoices.move(tx, invoice, 'paid', { paidAt: situation.now });
    const used = await this.book.change(tx, row, { credit: row.credit - total.creditUsed });
    await this.apply(tx, used, situation, change, quote);
  }

  /** Nothing (more) is to be paid or signed for it. */
  async apply(
    tx: Tx,
    row: SubscriptionRow,
    before: Situation,
    change: Pick<PendingChange, 'priceId' | 'quantity' | 'mandateId'>,
    { total, period, beginsAnew }: Pick<ChangeQuote, 'period' | 'beginsAnew'> & { total: { creditAdded: number } },
  ): Promise<SubscriptionRow> {
    const { price } = await this.prices.offer(row.appId, change.priceId, tx);
    const free = await this.#takeBack(tx, row);
    const signed = await this.#sign(tx, free, before, change.mandateId);
    const replaced = beginsAnew ? await this.invoices.ofPeriod(row, row.currentPeriodEnd, tx) : undefined;
    // A next period that was paid before this one took its place is left for those to come.
    const left = replaced?.status === 'paid' ? replaced.amount + replaced.creditUsed : 0;
    const changed = await this.book.change(
      tx,
      signed,
      {
        ...{ priceId: change.priceId, quantity: change.quantity, productId: price.productId, pendingChange: null },
        credit: signed.credit + total.creditAdded + left,
        ...endAfter(signed, change, beginsAnew ? period.end : row.currentPeriodEnd),
        ...(beginsAnew
          ? { anchor: period.start, periodNumber: 0, currentPeriodStart: period.start, currentPeriodEnd: period.end }
          : {}),
      },
      'subscription.changed',
    );
    const situation = await this.situations.of(tx, before.app, changed);
    await this.access.give(tx, changed, situation, changed.currentPeriodEnd);
    return this.cycle.schedule(tx, changed, situation);
  }

  /** The invoice of a change is paid. One whose period is over by then leaves a credit, and waits for the next one. */
  async paid(tx: Tx, row: SubscriptionRow, situation: Situation, invoice: InvoiceRow): Promise<void> {
    const change = row.pendingChange;
    const end = invoice.lines[0]?.periodEnd;
    const isCurrent = end === undefined || end === row.currentPeriodEnd.toISOString();
    const isWaited = change?.invoiceId === invoice.id;
    if (isWaited && isCurrent && row.status === 'active') {
      const period = { start: invoice.periodStart, end: invoice.periodEnd };
      const beginsAnew = invoice.lines.some(({ kind }) => kind === 'period');
      await this.apply(tx, row, situation, change, { total: { creditAdded: 0 }, period, beginsAnew });
      return;
    }
    const mandate =
      isWaited && change.mandateId ? await this.mandates.find(row.appId, change.mandateId, tx) : undefined;
    const isSigned = mandate !== undefined && isUsable(mandate);
    const current = isSigned ? await this.#sign(tx, row, situation, mandate.id) : row;
    const mandateId = isSigned ? null : (change?.mandateId ?? null);
    const pendingChange = isWaited ? ({ ...change, at: 'period_end', mandateId, invoiceId: null } as const) : change;
    const credit = current.credit + invoice.amount + invoice.creditUsed;
    await this.book.change(tx, current, { credit, pendingChange });
  }

  /** The new mandate, without which it could not be, is signed. */
  async signed(tx: Tx, row: SubscriptionRow, before: Situation, mandate: MandateRow): Promise<void> {
    const change = row.pendingChange;
    if (change?.mandateId !== mandate.id || change.invoiceId !== null) return;
    if (change.kind === 'resume') return this.#resume(tx, row, before, mandate.id);
    // One that has fallen due meanwhile has nothing paid that could be divided.
    if (change.at === 'period_end' || (row.status !== 'active' && row.status !== 'trialing')) {
      const free = await this.#takeBack(tx, row);
      const signed = await this.#sign(tx, free, before, mandate.id);
      const next = { pendingChange: { ...change, at: 'period_end', mandateId: null } } as const;
      await this.#schedule(tx, before, await this.book.change(tx, signed, next));
      return;
    }
    const to = await this.prices.offer(row.appId, change.priceId, tx);
    const { policy: signs } = this.situations.debitsOf(mandate);
    const quote = await this.quotes.quote(row, before, { to, quantity: change.quantity, signs }, tx);
    if (quote.total.amount === 0) await this.applyFree(tx, row, before, change, quote);
    else await this.#collect(tx, row, before, mandate, quote);
  }

  /** Nobody will sign or pay it. */
  async dropped(tx: Tx, row: SubscriptionRow): Promise<void> {
    await this.book.change(tx, row, { pendingChange: null });
  }

  async #collect(tx: Tx, row: SubscriptionRow, { now }: Situation, mandate: MandateRow, quote: ChangeQuote) {
    const { policy, terms } = this.situations.debitsOf(mandate);
    const window = policy.window({ periodStart: now, now, terms });
    const { total, period } = quote;
    const draft = { kind: 'change', period, total, graceUntil: window.collectUntil, window } as const;
    const invoice = await this.invoices.insert(tx, row, { ...draft, step: firstStep(policy, window, now) }, now);
    const change = row.pendingChange && { ...row.pendingChange, invoiceId: invoice.id };
    await this.book.change(tx, row, { pendingChange: change, credit: row.credit - total.creditUsed });
  }

  async #resume(tx: Tx, row: SubscriptionRow, before: Situation, mandateId: string): Promise<void> {
    const signed = await this.#sign(tx, row, before, mandateId);
    const undone = { cancelAt: null, cancelReason: null, pendingChange: null };
    const resumed = await this.book.change(tx, signed, undone, 'subscription.cancel_undone');
    const situation = await this.situations.of(tx, before.app, resumed);
    if (resumed.status === 'past_due') await this.#collectDue(tx, resumed, situation);
    else if (resumed.status !== 'unpaid') await this.access.give(tx, resumed, situation, resumed.currentPeriodEnd);
    await this.cycle.schedule(tx, resumed, situation);
  }

  /** The period that has begun unpaid can be debited again. */
  async #collectDue(tx: Tx, row: SubscriptionRow, { debits, now }: Situation): Promise<void> {
    const due = await this.invoices.ofPeriod(row, row.currentPeriodStart, tx);
    if (debits && due?.status === 'open' && due.paymentId === null) {
      await this.invoices.change(tx, due, newWindow(debits, due, now));
    }
  }

  /** From now on it is debited under another mandate. */
  async #sign(tx: Tx, row: SubscriptionRow, { app }: Situation, mandateId: string | null): Promise<SubscriptionRow> {
    if (mandateId === null || mandateId === row.mandateId) return row;
    if (row.mandateId !== null) await this.mandates.end(tx, app, row.mandateId, 'replaced by another one');
    return this.book.change(tx, row, { mandateId, renewal: 'automatic' });
  }

  /** The next period's invoice was made for the old price. */
  async #takeBack(tx: Tx, row: SubscriptionRow): Promise<SubscriptionRow> {
    let current = row;
    for (const invoice of await this.invoices.open(row, tx)) {
      const isNext = invoice.kind === 'period' && invoice.periodStart >= row.currentPeriodEnd;
      if (isNext && invoice.paymentId === null) current = await this.ending.void(tx, current, invoice);
    }
    return current;
  }

  async #schedule(tx: Tx, { app }: Situation, row: SubscriptionRow): Promise<void> {
    await this.cycle.schedule(tx, row, await this.situations.of(tx, app, row));
  }
}

/** One that was to end because its contract did goes on under the new one, or ends with the period that is paid now. */
const endAfter = (
  { cancelAt, mandateId }: SubscriptionRow,
  change: Pick<PendingChange, 'mandateId'>,
  end: Date,
): SubscriptionChange => {
  if (cancelAt === null) return {};
  return change.mandateId !== null && change.mandateId === mandateId
    ? { cancelAt: null, cancelReason: null }
    : { cancelAt: end };
};
