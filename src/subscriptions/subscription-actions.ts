import { Injectable } from '@nestjs/common';
import { problem } from '../common/problems.js';
import { Database, type Tx } from '../database/database.js';
import { InvoicePayments } from '../payments/invoice-payments.js';
import type { AppRecord, RequestContext } from '../tenancy/caller.js';
import { Idempotency } from '../tenancy/idempotency.js';
import { Access } from './access.js';
import { ordinaryAmount, titleOf } from './amounts.js';
import { BillingLane } from './billing-lane.js';
import { Cycle } from './cycle.js';
import { Ending } from './ending.js';
import { InvoiceBook } from './invoice-book.js';
import { type MandatePlan, Mandates } from './mandates.service.js';
import { SUBSCRIPTION_MOVES } from './moves.js';
import type { SubscriptionRow } from './rows.js';
import { isUsable, recurringOf, selectionOf, type Situation, Situations } from './situations.js';
import { SubscriptionBook } from './subscription-book.js';
import { mostOf } from './subscription-start.js';
import type { CancelSubscription, StartedSubscription } from './subscriptions.schemas.js';
import { Subscriptions } from './subscriptions.service.js';

type Act = (tx: Tx) => Promise<void>;

/** What is done with a subscription that is there: ended, kept, paused, resumed. */
@Injectable()
export class SubscriptionActions {
  constructor(
    private readonly db: Database,
    private readonly payments: InvoicePayments,
    private readonly book: SubscriptionBook,
    private readonly invoices: InvoiceBook,
    private readonly situations: Situations,
    private readonly cycle: Cycle,
    private readonly access: Access,
    private readonly ending: Ending,
    private readonly mandates: Mandates,
    private readonly subscriptions: Subscriptions,
    private readonly idempotency: Idempotency,
    private readonly lane: BillingLane,
  ) {}

  /** Throws `subscription_over`. One that ends at the end of the period already stays so. */
  async cancel(
    app: AppRecord,
    id: string,
    { at }: CancelSubscription,
    context: RequestContext,
    ofUser?: string,
  ): Promise<StartedSubscription> {
    await this.book.find(app.id, id, ofUser);
    return this.#act(app, id, context, (tx) => this.end(tx, app, id, at, 'requested'));
  }

  /** In a transaction that has locked nothing yet. Throws `subscription_over`. */
  async end(tx: Tx, app: AppRecord, id: string, at: 'now' | 'period_end', reason: string): Promise<void> {
    await this.#withdraw(tx, app, id);
    const row = await this.#lock(tx, app, id);
    const hasTimeLeft = row.status === 'active' || row.status === 'trialing' || row.status === 'paused';
    const situation = await this.situations.of(tx, app, row);
    const until = await this.#paidUntil(tx, row);
    if (at === 'period_end' && hasTimeLeft && until > situation.now)
      await this.#schedule(tx, row, situation, until, reason);
    else await this.ending.end(tx, app, row, situation.now, reason);
  }

  /**
   * Undoes a cancellation, or ends a pause. Where the contract is over by then the user signs another one first, and the
   * answer has what the front end does. Throws `subscription_over`, and `subscription_not_ready` when there is nothing to
   * resume.
   */
  async resume(app: AppRecord, id: string, context: RequestContext, ofUser?: string): Promise<StartedSubscription> {
    const known = await this.book.find(app.id, id, ofUser);
    const plan = await this.#newMandate(app, known);
    return this.#act(app, id, context, async (tx) => {
      const row = await this.#lock(tx, app, id);
      const situation = await this.situations.of(tx, app, row);
      if (row.status === 'paused') await this.#unpause(tx, row, situation);
      else if (row.cancelAt === null) throw notReady(row, 'is neither paused nor canceled');
      else if (row.renewal === 'manual' || situation.debits) await this.#keep(tx, row, situation);
      else if (plan) await this.#sign(tx, app, row, situation, plan);
      else throw notReady(row, 'has lost its contract in this moment');
    });
  }

  /** No period follows the current one. Throws `subscription_not_ready`, and 409 while the next period is being paid. */
  async pause(app: AppRecord, id: string, context: RequestContext, ofUser?: string): Promise<StartedSubscription> {
    await this.book.find(app.id, id, ofUser);
    return this.#act(app, id, context, async (tx) => {
      const row = await this.#lock(tx, app, id);
      if (row.status !== 'active' && row.status !== 'trialing') throw notReady(row, `is ${row.status}`);
      const situation = await this.situations.of(tx, app, row);
      const free = await this.takeBackNext(tx, row);
      const change = { pausedAt: situation.now, nextAt: null, pendingChange: null, cancelAt: null, cancelReason: null };
      const paused = await this.book.move(tx, free, SUBSCRIPTION_MOVES.paused, 'subscription.paused', change);
      await this.access.give(tx, paused, situation, paused.currentPeriodEnd);
    });
  }

  /** Takes the next period's invoice back. Throws 409 when it is paid, or being paid. */
  async takeBackNext(tx: Tx, row: SubscriptionRow): Promise<SubscriptionRow> {
    const next = await this.invoices.ofPeriod(row, row.currentPeriodEnd, tx);
    if (next?.status === 'paid') throw notReady(row, 'has its next period paid already');
    let current = row;
    for (const invoice of await this.invoices.open(row, tx)) {
      if (invoice.paymentId !== null) {
        throw problem('invoice_being_collected', `Invoice ${invoice.id} is being paid right now. Try again later.`, {
          invoiceId: invoice.id,
        });
      }
      current = await this.ending.void(tx, current, invoice);
    }
    return current;
  }

  async #act(app: AppRecord, id: string, context: RequestContext, act: Act): Promise<StartedSubscription> {
    await this.idempotency.once(
      context.idempotency,
      async (tx) => {
        await act(tx);
        return { id, result: undefined };
      },
      async () => undefined,
    );
    this.lane.nudge(app.id);
    this.mandates.nudge(app.id);
    return this.subscriptions.started(app, id);
  }

  async #lock(tx: Tx, app: AppRecord, id: string): Promise<SubscriptionRow> {
    const row = await this.book.lock(tx, app.id, id);
    mustBeThere(row);
    return row;
  }

  /** Payments are locked before subscriptions, as when they settle. */
  async #withdraw(tx: Tx, app: AppRecord, id: string): Promise<void> {
    const row = await this.book.find(app.id, id, undefined, tx);
    for (const { kind, paymentId, periodStart } of await this.invoices.open(row, tx)) {
      const isUnwanted = row.status === 'incomplete' || kind === 'change' || periodStart >= row.currentPeriodEnd;
      if (paymentId !== null && isUnwanted) await this.payments.withdraw(tx, app, paymentId);
    }
  }

  async #paidUntil(tx: Tx, row: SubscriptionRow): Promise<Date> {
    const next = await this.invoices.ofPeriod(row, row.currentPeriodEnd, tx);
    return next?.status === 'paid' ? next.periodEnd : row.currentPeriodEnd;
  }

  async #schedule(tx: Tx, row: SubscriptionRow, situation: Situation, cancelAt: Date, reason: string): Promise<void> {
    if (row.cancelAt !== null) return;
    let current = row;
    for (const invoice of await this.invoices.open(row, tx)) current = await this.ending.void(tx, current, invoice);
    const change = { cancelAt, cancelReason: reason, pendingChange: null };
    const scheduled = await this.book.change(tx, current, change, 'subscription.cancel_scheduled');
    await this.access.give(tx, scheduled, situation, cancelAt);
    await this.cycle.schedule(tx, scheduled, situation);
  }

  async #keep(tx: Tx, row: SubscriptionRow, situation: Situation): Promise<void> {
    const until = row.cancelAt ?? row.currentPeriodEnd;
    const change = { cancelAt: null, cancelReason: null };
    const kept = await this.book.change(tx, row, change, 'subscription.cancel_undone');
    if (kept.status === 'active' || kept.status === 'trialing') await this.access.give(tx, kept, situation, until);
    await this.cycle.schedule(tx, kept, situation);
  }

  /** What is left of the paid period goes on; after it a new one begins now. */
  async #unpause(tx: Tx, row: SubscriptionRow, situation: Situation): Promise<void> {
    const { now } = situation;
    const isOver = now >= row.currentPeriodEnd;
    const isTrial = !isOver && row.trialEnd?.getTime() === row.currentPeriodEnd.getTime();
    const change = {
      pausedAt: null,
      cancelAt: null,
      cancelReason: null,
      ...(isOver ? { anchor: now, periodNumber: -1 } : {}),
    };
    const move = isTrial ? SUBSCRIPTION_MOVES.trialResumed : SUBSCRIPTION_MOVES.resumed;
    const resumed = await this.book.move(tx, row, move, 'subscription.resumed', change);
    if (!isOver) await this.access.give(tx, resumed, situation, resumed.currentPeriodEnd);
    await this.cycle.advance(tx, resumed, situation);
  }

  /** For a subscription that was debited, and whose contract is over. */
  async #newMandate(app: AppRecord, row: SubscriptionRow): Promise<MandatePlan | undefined> {
    if (row.renewal === 'manual' || row.platform === null || row.cancelAt === null) return undefined;
    const mandate = row.mandateId === null ? undefined : await this.mandates.find(app.id, row.mandateId);
    if (mandate && isUsable(mandate)) return undefined;
    const { offer } = await this.db.transaction((tx) => this.situations.of(tx, app, row));
    const platformAppId = mandate && (await this.mandates.attemptPlanOf(app, mandate)).accounts.program.platformAppId;
    const amount = ordinaryAmount(selectionOf(offer, row.quantity));
    return this.mandates.plan(app, row.userId, { platform: row.platform, platformAppId }, offer.price, amount);
  }

  async #sign(tx: Tx, app: AppRecord, row: SubscriptionRow, { offer }: Situation, plan: MandatePlan): Promise<void> {
    if (row.pendingChange?.mandateId) return;
    const selection = selectionOf(offer, row.quantity);
    const { id: mandateId } = await this.mandates.insert(tx, app, {
      ...{
        plan,
        subscriptionId: row.id,
        userId: row.userId,
        subject: titleOf(selection),
        recurring: recurringOf(offer),
      },
      ...{ amount: ordinaryAmount(selection), mostAmount: mostOf(selection), firstDebitAt: row.currentPeriodEnd },
    });
    const { priceId, quantity } = row;
    const pendingChange = { kind: 'resume', at: 'now', priceId, quantity, mandateId, invoiceId: null } as const;
    await this.book.change(tx, row, { pendingChange });
  }
}

/** Throws 409 `subscription_over`. */
export function mustBeThere({ id, status }: SubscriptionRow): void {
  if (status !== 'canceled' && status !== 'incomplete_expired') return;
  throw problem('subscription_over', `Subscription ${id} is ${status}.`, { subscriptionId: id });
}

export const notReady = ({ id, status }: SubscriptionRow, why: string) =>
  problem('subscription_not_ready', `Subscription ${id} ${why}.`, { subscriptionId: id, subscriptionStatus: status });
