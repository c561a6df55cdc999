import { Injectable } from '@nestjs/common';
import { Prices } from '../catalog/prices.service.js';
import type { Tx } from '../database/database.js';
import { Access } from './access.js';
import { amountOfPeriod, periodLine, totalOf } from './amounts.js';
import { deadlineOf, firstStep, graceOf, invoiceAt, upcomingPeriod } from './billing-times.js';
import { Ending } from './ending.js';
import { InvoiceBook, type InvoiceDraft } from './invoice-book.js';
import { SUBSCRIPTION_MOVES } from './moves.js';
import { addDays, type Period, periodOf } from './periods.js';
import type { InvoiceRow, SubscriptionChange, SubscriptionRow } from './rows.js';
import { recurringOf, selectionOf, type Situation, Situations } from './situations.js';
import { SubscriptionBook } from './subscription-book.js';

/** More than can ever be due at once. */
const MOST_STEPS = 5;
/** How long the end of a subscription waits for a payment whose outcome is open. */
const PATIENCE_MS = 3_600_000;

/** From one period to the next. Every method works in a transaction that has locked the subscription. */
@Injectable()
export class Cycle {
  constructor(
    private readonly prices: Prices,
    private readonly book: SubscriptionBook,
    private readonly invoices: InvoiceBook,
    private readonly situations: Situations,
    private readonly access: Access,
    private readonly ending: Ending,
  ) {}

  /** Does whatever is due about a subscription, one thing after the other, and writes down when to look again. */
  async advance(tx: Tx, locked: SubscriptionRow, first: Situation): Promise<SubscriptionRow> {
    let subscription = locked;
    let situation = first;
    for (let steps = 0; steps < MOST_STEPS; steps += 1) {
      const next = await this.#step(tx, subscription, situation);
      if (!next) break;
      if (next.priceId !== subscription.priceId) situation = await this.situations.of(tx, situation.app, next);
      subscription = next;
    }
    return this.schedule(tx, subscription, situation);
  }

  /** Writes down when something is to be done about a subscription next. */
  async schedule(tx: Tx, subscription: SubscriptionRow, situation: Situation): Promise<SubscriptionRow> {
    const nextAt = await this.#nextAt(tx, subscription, situation);
    if (nextAt?.getTime() === subscription.nextAt?.getTime()) return subscription;
    return this.book.change(tx, subscription, { nextAt });
  }

  /** The first period begins, because it is paid. */
  async begin(tx: Tx, row: SubscriptionRow, situation: Situation, anchor: Date): Promise<SubscriptionRow> {
    const change = { ...anew(row, situation, anchor), trialEnd: null };
    const begun = await this.book.move(tx, row, SUBSCRIPTION_MOVES.activated, 'subscription.activated', change);
    await this.access.give(tx, begun, situation, begun.currentPeriodEnd);
    return this.schedule(tx, begun, situation);
  }

  /** The days before the first period, which cost nothing. */
  async beginTrial(tx: Tx, row: SubscriptionRow, situation: Situation, start: Date): Promise<SubscriptionRow> {
    const end = addDays(start, situation.offer.price.trialDays, row.timeZone);
    const change = { anchor: end, periodNumber: -1, currentPeriodStart: start, currentPeriodEnd: end, trialEnd: end };
    const begun = await this.book.move(tx, row, SUBSCRIPTION_MOVES.trialStarted, 'subscription.trialing', change);
    await this.access.give(tx, begun, situation, end);
    return this.schedule(tx, begun, situation);
  }

  /**
   * What had begun unpaid is paid. If it is over by then it begins anew: nobody pays for a time that has passed. So does one
   * by whose debit the platform counts.
   */
  async recover(
    tx: Tx,
    row: SubscriptionRow,
    situation: Situation,
    at: Date,
    { collectUntil }: Pick<InvoiceRow, 'collectUntil'>,
  ): Promise<SubscriptionRow> {
    const beginsAnew = at >= row.currentPeriodEnd || isPlanMoved(row, situation, collectUntil);
    const begun = beginsAnew ? anew(row, situation, at) : {};
    // One that was to end with the period ends with the one that was paid.
    const change = row.cancelAt && begun.currentPeriodEnd ? { ...begun, cancelAt: begun.currentPeriodEnd } : begun;
    const recovered = await this.book.move(tx, row, SUBSCRIPTION_MOVES.recovered, 'subscription.activated', change);
    await this.access.give(tx, recovered, situation, recovered.currentPeriodEnd);
    return this.schedule(tx, recovered, situation);
  }

  /** Undefined: nothing is due. */
  async #step(tx: Tx, row: SubscriptionRow, situation: Situation): Promise<SubscriptionRow | undefined> {
    const { app, now, recurring } = situation;
    if (row.status === 'incomplete') {
      return deadlineOf(row) <= now && !(await this.#isBeingPaid(tx, row))
        ? this.ending.expire(tx, app, row)
        : undefined;
    }
    if (row.cancelAt && row.cancelAt <= now && row.status !== 'canceled') {
      return this.ending.end(tx, app, row, row.cancelAt);
    }
    if (row.status !== 'active' && row.status !== 'trialing') return undefined;
    const { start } = upcomingPeriod(row, recurring);
    if (row.cancelAt && row.cancelAt <= start) return undefined;
    const invoice = await this.invoices.ofPeriod(row, start, tx);
    if (invoice) return start <= now ? this.#roll(tx, row, situation, invoice) : undefined;
    return this.#invoiceAt(row, situation) <= now ? this.#invoice(tx, row, situation) : undefined;
  }

  async #nextAt(tx: Tx, row: SubscriptionRow, situation: Situation): Promise<Date | null> {
    const { now, recurring } = situation;
    if (row.status === 'incomplete') {
      const deadline = deadlineOf(row);
      return deadline > now ? deadline : new Date(now.getTime() + PATIENCE_MS);
    }
    if (row.status !== 'active' && row.status !== 'trialing') return row.status === 'canceled' ? null : row.cancelAt;
    const { start } = upcomingPeriod(row, recurring);
    if (row.cancelAt && row.cancelAt <= start) return row.cancelAt;
    const isInvoiced = await this.invoices.ofPeriod(row, start, tx);
    return isInvoiced ? start : this.#invoiceAt(row, situation);
  }

  #invoiceAt(row: SubscriptionRow, { now, recurring, debits, settings }: Situation): Date {
    return invoiceAt(upcomingPeriod(row, recurring), now, debits, settings, row.timeZone);
  }

  async #isBeingPaid(tx: Tx, row: SubscriptionRow): Promise<boolean> {
    return (await this.invoices.open(row, tx)).some(({ paymentId }) => paymentId !== null);
  }

  /** The invoice of the next period; what nobody billed while the service was down is left out. */
  async #invoice(tx: Tx, row: SubscriptionRow, situation: Situation): Promise<SubscriptionRow> {
    const { now, recurring, debits } = situation;
    const isMissed = now >= upcomingPeriod(row, recurring).end && !debits?.policy.billsMissedPeriods;
    const based = isMissed ? await this.book.change(tx, row, { anchor: now, periodNumber: -1 }) : row;
    const { selection, period } = await this.next(based, situation, tx);
    const line = periodLine(selection, period, amountOfPeriod(selection, based.periodsBilled));
    const total = totalOf([line], based.credit, period);
    const draft = { kind: 'period', period, total } as const;
    const invoice = await this.invoices.insert(tx, based, { ...draft, ...collectionOf(based, draft, situation) }, now);
    if (total.amount === 0) {
      await this.invoices.move(tx, invoice, 'paid', { paidAt: now });
      await this.access.give(tx, based, situation, period.end);
    }
    return this.book.change(tx, based, {
      credit: based.credit - total.creditUsed,
      periodsBilled: based.periodsBilled + 1,
      nextAt: period.start,
    });
  }

  /** What the next period is of: of another price, if that was asked for. */
  async next(row: SubscriptionRow, { offer, recurring }: Situation, tx?: Tx) {
    const { start, end } = upcomingPeriod(row, recurring);
    const change = dueChange(row);
    if (!change) return { selection: selectionOf(offer, row.quantity), period: { start, end } };
    const next = await this.prices.offer(row.appId, change.priceId, tx);
    const selection = selectionOf(next, change.quantity);
    if (isSame(recurringOf(next), recurring)) return { selection, period: { start, end } };
    return {
      selection,
      period: periodOf({ anchor: start, recurring: recurringOf(next), timeZone: row.timeZone }, 0),
    };
  }

  /** The next period begins, paid or not. */
  async #roll(tx: Tx, row: SubscriptionRow, before: Situation, invoice: InvoiceRow): Promise<SubscriptionRow> {
    const changed = await this.#applyChange(tx, row, before, invoice.periodStart);
    const situation = changed === row ? before : await this.situations.of(tx, before.app, changed);
    const period: SubscriptionChange = {
      periodNumber: changed.periodNumber + 1,
      currentPeriodStart: invoice.periodStart,
      currentPeriodEnd: invoice.periodEnd,
    };
    if (invoice.status !== 'paid') {
      const change = { ...period, nextAt: null };
      return this.book.move(tx, changed, SUBSCRIPTION_MOVES.fellDue, 'subscription.past_due', change);
    }
    const renewed = await this.book.move(tx, changed, SUBSCRIPTION_MOVES.renewed, 'subscription.renewed', period);
    await this.access.give(tx, renewed, situation, invoice.periodEnd);
    return renewed;
  }

  /** A change that was to take effect with this period. */
  async #applyChange(tx: Tx, row: SubscriptionRow, { recurring }: Situation, start: Date): Promise<SubscriptionRow> {
    const change = dueChange(row);
    if (!change) return row;
    const { price } = await this.prices.offer(row.appId, change.priceId, tx);
    const isOther = price.recurring && !isSame(price.recurring, recurring);
    const { priceId, quantity } = change;
    return this.book.change(
      tx,
      row,
      {
        ...{ priceId, quantity, productId: price.productId, pendingChange: null },
        ...(isOther ? { anchor: start, periodNumber: -1 } : {}),
      },
      'subscription.changed',
    );
  }
}

/** When an invoice is collected, and by whom. */
function collectionOf(
  row: SubscriptionRow,
  { period, total }: Pick<InvoiceDraft, 'period' | 'total'>,
  { now, debits, settings }: Situation,
): Pick<InvoiceDraft, 'graceUntil' | 'window' | 'step'> {
  if (total.amount === 0) return {};
  const graceUntil = graceOf(period, settings.graceDays, row.timeZone);
  if (!debits) return { graceUntil, step: { nextAction: 'give_up', nextAt: graceUntil } };
  const window = debits.policy.window({ periodStart: period.start, now, terms: debits.terms });
  return { graceUntil, window, step: firstStep(debits.policy, window, now) };
}

/** Whether the window of a current period was moved at a platform that counts on from there. */
function isPlanMoved(
  { currentPeriodStart: start }: SubscriptionRow,
  { debits }: Situation,
  collectUntil: Date | null,
): boolean {
  if (!debits?.policy.countsPeriods || collectUntil === null) return false;
  return collectUntil > debits.policy.window({ periodStart: start, now: start, terms: debits.terms }).collectUntil;
}

/** Period 0 begins at `anchor`. */
export function anew({ timeZone }: SubscriptionRow, { recurring }: Situation, anchor: Date): SubscriptionChange {
  const { start, end }: Period = periodOf({ anchor, timeZone, recurring }, 0);
  return { anchor, periodNumber: 0, currentPeriodStart: start, currentPeriodEnd: end };
}

/** A change that waits for nothing but the end of the period. */
const dueChange = ({ pendingChange: change }: SubscriptionRow) =>
  change?.kind === 'price' && change.at === 'period_end' && change.mandateId === null ? change : undefined;

export const isSame = (
  a: { readonly interval: string; readonly intervalCount: number },
  b: { readonly interval: string; readonly intervalCount: number },
): boolean => a.interval === b.interval && a.intervalCount === b.intervalCount;
