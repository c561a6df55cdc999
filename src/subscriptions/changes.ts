import { Injectable } from '@nestjs/common';
import { type Offer, Prices } from '../catalog/prices.service.js';
import { problem } from '../common/problems.js';
import { Database, type Tx } from '../database/database.js';
import type { AttemptPlan } from '../payments/attempts.js';
import { InvoicePayments } from '../payments/invoice-payments.js';
import type { AppRecord, RequestContext } from '../tenancy/caller.js';
import { Idempotency } from '../tenancy/idempotency.js';
import { ordinaryAmount, titleOf } from './amounts.js';
import { BillingLane } from './billing-lane.js';
import { ChangeContracts } from './change-contracts.js';
import { ChangeEffect } from './change-effect.js';
import { type ChangeQuote, ChangeQuotes } from './change-quotes.js';
import { Cycle } from './cycle.js';
import { InvoiceBook } from './invoice-book.js';
import { type MandatePlan, Mandates } from './mandates.service.js';
import type { PendingChange, SubscriptionRow } from './rows.js';
import { recurringOf, selectionOf, type Situation, Situations } from './situations.js';
import { mustBeThere, notReady, SubscriptionActions } from './subscription-actions.js';
import { SubscriptionBook } from './subscription-book.js';
import { mostOf, mustBeSold } from './subscription-start.js';
import type { ChangeSubscription, StartedSubscription } from './subscriptions.schemas.js';
import { FIND_LIVE, TAKE_PLACE } from './subscriptions.sql.js';
import { Subscriptions } from './subscriptions.service.js';

/** For how long the person may take over paying a change. */
const PAYING_MS = 2 * 3_600_000;

/** Everything that a change is decided by, before anything is written. */
interface ChangePlan {
  readonly to: Offer;
  readonly quantity: number;
  readonly at: 'now' | 'period_end';
  /** How the person would pay now. */
  readonly attempt: AttemptPlan;
  /** The contract does not allow it, so another one must be signed. */
  readonly mandate: MandatePlan | undefined;
}

/** Another price or quantity for a subscription. */
@Injectable()
export class Changes {
  constructor(
    private readonly db: Database,
    private readonly prices: Prices,
    private readonly payments: InvoicePayments,
    private readonly book: SubscriptionBook,
    private readonly invoices: InvoiceBook,
    private readonly situations: Situations,
    private readonly cycle: Cycle,
    private readonly quotes: ChangeQuotes,
    private readonly contracts: ChangeContracts,
    private readonly effect: ChangeEffect,
    private readonly actions: SubscriptionActions,
    private readonly mandates: Mandates,
    private readonly subscriptions: Subscriptions,
    private readonly idempotency: Idempotency,
    private readonly lane: BillingLane,
  ) {}

  /**
   * Takes effect at once where nothing is to be paid or signed, else when that is done: the answer has what the front end
   * does. Throws `price_not_payable`, `recurring_not_possible`, `subscription_exists`, `subscription_not_ready`.
   */
  async request(
    app: AppRecord,
    id: string,
    body: ChangeSubscription,
    context: RequestContext,
    ofUser?: string,
  ): Promise<StartedSubscription> {
    const known = await this.book.find(app.id, id, ofUser);
    const { idempotency: key } = context;
    const replay = async (): Promise<void> => undefined;
    await this.idempotency.orReplay(
      key,
      async () => {
        const plan = await this.#plan(app, known, body, ofUser !== undefined);
        const act = async (tx: Tx) => {
          await this.#request(tx, app, id, plan);
          return { id, result: undefined };
        };
        await this.idempotency.once(key, act, replay);
      },
      replay,
    );
    this.lane.nudge(app.id);
    await this.subscriptions.submitFirst(app, id);
    return this.subscriptions.started(app, id);
  }

  async #plan(app: AppRecord, row: SubscriptionRow, body: ChangeSubscription, isPublic: boolean): Promise<ChangePlan> {
    mustBeThere(row);
    const chosen = await this.contracts.chosen(app, row);
    if (!chosen) throw notReady(row, 'has no platform');
    const to = await this.prices.offer(app.id, body.priceId);
    const quantity = body.quantity ?? row.quantity;
    mustBeSold(to, quantity, isPublic);
    const layers = { price: to.price.platforms, payment: {} };
    return {
      ...{ to, quantity, at: body.at },
      attempt: await this.payments.plan(app, row.userId, chosen, layers),
      mandate: await this.contracts.needed(app, row, to, quantity),
    };
  }

  async #request(tx: Tx, app: AppRecord, id: string, plan: ChangePlan): Promise<void> {
    const row = await this.book.lock(tx, app.id, id);
    // Asked for again, by somebody who has left the page on which it is paid or signed.
    if (isWaiting(row, plan)) return;
    await this.#mustBeReady(tx, row, plan);
    const free = await this.actions.takeBackNext(tx, await this.#forget(tx, app, row));
    const situation = await this.situations.of(tx, app, free);
    if (isAsItIs(free, plan)) return void (await this.cycle.schedule(tx, free, situation));
    const quote = await this.quotes.quote(free, situation, { ...plan, signs: plan.mandate?.policy }, tx);
    const mandateId = plan.mandate ? await this.#sign(tx, app, free, plan, plan.mandate, quote) : null;
    const change: PendingChange = {
      ...{ kind: 'price', at: plan.at, priceId: plan.to.price.id, quantity: plan.quantity },
      ...{ mandateId, invoiceId: null },
    };
    if (plan.at === 'now') await this.#now(tx, free, situation, plan, change, quote);
    else await this.cycle.schedule(tx, await this.book.change(tx, free, { pendingChange: change }), situation);
  }

  async #now(
    tx: Tx,
    row: SubscriptionRow,
    situation: Situation,
    plan: ChangePlan,
    change: PendingChange,
    quote: ChangeQuote,
  ): Promise<void> {
    const paysHere = quote.total.amount > 0 && plan.mandate?.policy.firstCharge !== 'sign_then_debit';
    if (paysHere) await this.#pay(tx, row, situation, plan, change, quote);
    else if (change.mandateId !== null) {
      await this.cycle.schedule(tx, await this.book.change(tx, row, { pendingChange: change }), situation);
    } else await this.effect.applyFree(tx, row, situation, change, quote);
  }

  /** The person who asks for it pays it, also where later periods are debited. */
  async #pay(
    tx: Tx,
    row: SubscriptionRow,
    { app, now }: Situation,
    { to, quantity, attempt, mandate }: ChangePlan,
    change: PendingChange,
    { total, period }: ChangeQuote,
  ): Promise<void> {
    const invoice = await this.invoices.insert(tx, row, { kind: 'change', period, total }, now);
    const signs = change.mandateId === null ? undefined : await this.mandates.find(app.id, change.mandateId, tx);
    const { payment } = await this.payments.create(tx, app, {
      ...{
        userId: row.userId,
        amount: total.amount,
        subject: titleOf(selectionOf(to, quantity)),
        reference: invoice.id,
      },
      expiresAt: new Date(now.getTime() + PAYING_MS),
      plan: mandate?.attempt ?? attempt,
      ...(signs && { mandate: { kind: 'first', terms: this.mandates.termsOf(signs) } }),
    });
    await this.invoices.change(tx, invoice, { paymentId: payment.id });
    const pendingChange = { ...change, invoiceId: invoice.id };
    await this.book.change(tx, row, { pendingChange, credit: row.credit - total.creditUsed });
  }

  async #sign(
    tx: Tx,
    app: AppRecord,
    row: SubscriptionRow,
    { to, quantity, at }: ChangePlan,
    plan: MandatePlan,
    { total, period }: ChangeQuote,
  ): Promise<string> {
    const selection = selectionOf(to, quantity);
    const debitsNow = at === 'now' && total.amount > 0 && plan.policy.firstCharge === 'sign_then_debit';
    const next = at === 'now' ? period.end : row.currentPeriodEnd;
    const { id } = await this.mandates.insert(tx, app, {
      ...{ plan, subscriptionId: row.id, userId: row.userId, subject: titleOf(selection), recurring: recurringOf(to) },
      ...{ amount: ordinaryAmount(selection), mostAmount: mostOf(selection) },
      firstDebitAt: debitsNow ? period.start : next,
    });
    return id;
  }

  async #mustBeReady(tx: Tx, row: SubscriptionRow, { to, quantity }: ChangePlan): Promise<void> {
    if (row.status !== 'active' && row.status !== 'trialing') throw notReady(row, `is ${row.status}`);
    if (row.cancelAt !== null) throw notReady(row, 'ends with this period: resume it first');
    if (isAsItIs(row, { to, quantity }) && row.pendingChange === null) {
      throw notReady(row, 'has this price and quantity already');
    }
    if (to.product.id === row.productId) return;
    await this.db.run(TAKE_PLACE, [row.appId, row.userId, to.product.id], tx);
    const [other] = await this.db.run<{ id: string }>(FIND_LIVE, [row.appId, row.userId, to.product.id, row.id], tx);
    if (!other) return;
    throw problem('subscription_exists', `This user has the subscription ${other.id} to that product.`, {
      subscriptionId: other.id,
    });
  }

  /** One change waits at a time: the last one asked for. */
  async #forget(tx: Tx, app: AppRecord, row: SubscriptionRow): Promise<SubscriptionRow> {
    const change = row.pendingChange;
    if (!change) return row;
    if (change.mandateId !== null) await this.mandates.end(tx, app, change.mandateId, 'another change was asked for');
    return this.book.change(tx, row, { pendingChange: null });
  }
}

const isWaiting = ({ pendingChange: change }: SubscriptionRow, { to, quantity, at }: ChangePlan): boolean =>
  change?.kind === 'price' && change.priceId === to.price.id && change.quantity === quantity && change.at === at;

/** What is asked for then is that no other change is waited for. */
const isAsItIs = (
  { priceId, quantity: before }: SubscriptionRow,
  { to, quantity }: Pick<ChangePlan, 'to' | 'quantity'>,
) => to.price.id === priceId && quantity === before;
