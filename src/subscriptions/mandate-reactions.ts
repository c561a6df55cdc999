import { Injectable } from '@nestjs/common';
import type { Tx } from '../database/database.js';
import type { AppRecord } from '../tenancy/caller.js';
import { Access } from './access.js';
import { firstStep } from './billing-times.js';
import { ChangeEffect } from './change-effect.js';
import { Cycle } from './cycle.js';
import { Dunning } from './dunning.js';
import { InvoiceBook } from './invoice-book.js';
import { type MandateListener, MandateListeners } from './mandate-listener.js';
import type { MandateRow } from './mandate-rows.js';
import { Mandates } from './mandates.service.js';
import { LIVE_STATUSES } from './moves.js';
import type { SubscriptionRow } from './rows.js';
import { type Situation, Situations } from './situations.js';
import { SubscriptionBook } from './subscription-book.js';
import { TrialStart } from './trial-start.js';

/** What a signature, and the end of a contract, mean for the subscription. */
@Injectable()
export class MandateReactions implements MandateListener {
  constructor(
    private readonly book: SubscriptionBook,
    private readonly invoices: InvoiceBook,
    private readonly situations: Situations,
    private readonly cycle: Cycle,
    private readonly trials: TrialStart,
    private readonly effect: ChangeEffect,
    private readonly dunning: Dunning,
    private readonly access: Access,
    private readonly mandates: Mandates,
    listeners: MandateListeners,
  ) {
    listeners.register(this);
  }

  async onSigned(tx: Tx, app: AppRecord, mandate: MandateRow): Promise<void> {
    const row = await this.book.lock(tx, app.id, mandate.subscriptionId);
    const situation = await this.situations.of(tx, app, row);
    if (row.pendingChange?.mandateId === mandate.id) return this.effect.signed(tx, row, situation, mandate);
    // What it was to be signed for is no longer wanted.
    const isOver = row.status === 'canceled' || row.status === 'incomplete_expired';
    if (row.mandateId !== mandate.id || isOver) return this.mandates.end(tx, app, mandate.id, 'no longer wanted');
    if (row.status === 'incomplete') await this.#begin(tx, row, situation, mandate);
    // Lapsed, and signed after all: from now on it is debited.
    else if (row.renewal === 'manual') await this.#automatic(tx, row, situation);
    else await this.cycle.schedule(tx, row, situation);
  }

  async onEnded(tx: Tx, app: AppRecord, mandate: MandateRow): Promise<void> {
    const row = await this.book.lock(tx, app.id, mandate.subscriptionId);
    if (row.pendingChange?.mandateId === mandate.id && row.pendingChange.invoiceId === null) {
      await this.effect.dropped(tx, row);
      return;
    }
    const isLive = (LIVE_STATUSES as readonly string[]).includes(row.status);
    if (row.mandateId !== mandate.id || !isLive) return;
    const { now } = await this.situations.of(tx, app, row);
    for (const invoice of await this.invoices.open(row, tx)) {
      if (invoice.paymentId === null) await this.dunning.notDebited(tx, invoice, now);
    }
    if (mandate.status === 'lapsed') await this.#manual(tx, app, row);
    else await this.#cancel(tx, app, row);
  }

  /** Trials begin with the signature; what is to be paid is debited now, unless it is being paid already. */
  async #begin(tx: Tx, row: SubscriptionRow, situation: Situation, mandate: MandateRow): Promise<void> {
    const [invoice] = await this.invoices.open(row, tx);
    if (!invoice) return this.trials.start(tx, row, situation);
    const { now } = situation;
    if (invoice.amount === 0) {
      const paid = await this.invoices.move(tx, invoice, 'paid', { paidAt: now });
      const { currentPeriodStart, currentPeriodEnd } = await this.cycle.begin(tx, row, situation, now);
      await this.invoices.change(tx, paid, { periodStart: currentPeriodStart, periodEnd: currentPeriodEnd });
      return;
    }
    if (invoice.paymentId !== null || invoice.nextAction !== null) return;
    const { policy, terms } = this.situations.debitsOf(mandate);
    const window = policy.window({ periodStart: now, now, terms });
    await this.invoices.change(tx, invoice, { ...window, ...firstStep(policy, window, now) });
  }

  /** The payer took the tick off: paid, and no contract. */
  async #manual(tx: Tx, app: AppRecord, row: SubscriptionRow): Promise<void> {
    const manual = await this.book.change(tx, row, { renewal: 'manual' });
    await this.cycle.schedule(tx, manual, await this.situations.of(tx, app, manual));
  }

  async #automatic(tx: Tx, row: SubscriptionRow, { app }: Situation): Promise<void> {
    const automatic = await this.book.change(tx, row, { renewal: 'automatic' });
    await this.cycle.schedule(tx, automatic, await this.situations.of(tx, app, automatic));
  }

  /** Nothing is debited any more, so it ends with what is paid. */
  async #cancel(tx: Tx, app: AppRecord, row: SubscriptionRow): Promise<void> {
    if (row.cancelAt !== null || row.renewal === 'manual') return;
    const situation = await this.situations.of(tx, app, row);
    const invoice = await this.invoices.ofPeriod(row, row.currentPeriodEnd, tx);
    const cancelAt = invoice?.status === 'paid' ? invoice.periodEnd : row.currentPeriodEnd;
    const change = { cancelAt, cancelReason: 'mandate_terminated' };
    const canceled = await this.book.change(tx, row, change, 'subscription.cancel_scheduled');
    if (row.status === 'active' || row.status === 'trialing') await this.access.give(tx, canceled, situation, cancelAt);
    await this.cycle.schedule(tx, canceled, situation);
  }
}
