import { Injectable } from '@nestjs/common';
import { type Offer, Prices } from '../catalog/prices.service.js';
import { Clock } from '../common/clock.js';
import { newId } from '../common/ids.js';
import { MOST_FEN, toFen } from '../common/money.js';
import { problem } from '../common/problems.js';
import { Database, type Tx } from '../database/database.js';
import type { AttemptPlan } from '../payments/attempts.js';
import { InvoicePayments } from '../payments/invoice-payments.js';
import { BusinessTime } from '../tenancy/business-time.js';
import type { AppRecord } from '../tenancy/caller.js';
import { Payers } from '../tenancy/payers.js';
import { amountOfPeriod, ordinaryAmount, periodLine, type Selection, titleOf, totalOf } from './amounts.js';
import { INCOMPLETE_MS } from './billing-times.js';
import { Cycle } from './cycle.js';
import { InvoiceBook } from './invoice-book.js';
import { type MandatePlan, Mandates } from './mandates.service.js';
import { addDays, type Period, periodOf } from './periods.js';
import type { Renewal, SubscriptionRow } from './rows.js';
import { recurringOf, selectionOf, Situations } from './situations.js';
import { BillingSettings } from './billing-settings.service.js';
import { SubscriptionBook } from './subscription-book.js';
import type { CreateSubscription } from './subscriptions.schemas.js';
import { FIND_LIVE, HAS_TRIED, INSERT_SUBSCRIPTION, OPEN_OF_USER, TAKE_PLACE } from './subscriptions.sql.js';
import { Ending } from './ending.js';

/** For how long a person may take over a payment. */
const PAYING_MS = 2 * 3_600_000;
/** A contract leaves room for changes: the user can be charged so many times the price without signing again. */
const ROOM = 2;

export interface NewSubscription extends CreateSubscription {
  /** Asked for by a front end: only what is public. */
  readonly isPublic: boolean;
}

/** Everything that a new subscription is decided by, before anything is written. */
export interface StartPlan {
  readonly wanted: NewSubscription;
  readonly userId: string;
  readonly offer: Offer;
  readonly selection: Selection;
  readonly timeZone: string;
  readonly hasTrial: boolean;
  readonly attempt: AttemptPlan;
  readonly mandate: MandatePlan | undefined;
}

/** From the wish to subscribe to the first thing that the user pays or signs. */
@Injectable()
export class SubscriptionStart {
  constructor(
    private readonly db: Database,
    private readonly clock: Clock,
    private readonly time: BusinessTime,
    private readonly prices: Prices,
    private readonly payers: Payers,
    private readonly payments: InvoicePayments,
    private readonly mandates: Mandates,
    private readonly settings: BillingSettings,
    private readonly situations: Situations,
    private readonly book: SubscriptionBook,
    private readonly invoices: InvoiceBook,
    private readonly cycle: Cycle,
    private readonly ending: Ending,
  ) {}

  async plan(app: AppRecord, wanted: NewSubscription): Promise<StartPlan> {
    const { platform, platformAppId, quantity } = wanted;
    const offer = await this.prices.offer(app.id, wanted.priceId);
    mustBeSold(offer, quantity, wanted.isPublic);
    const userId = await this.payers.userOf(app.id, wanted.userId);
    const selection = selectionOf(offer, quantity);
    const chosen = { platform, platformAppId };
    const mandate =
      wanted.renewal === 'automatic'
        ? await this.mandates.plan(app, userId, chosen, offer.price, ordinaryAmount(selection))
        : undefined;
    const layers = { price: offer.price.platforms, payment: {} };
    const attempt = mandate?.attempt ?? (await this.payments.plan(app, userId, chosen, layers));
    const [tried] = await this.db.run(HAS_TRIED, [app.id, userId, offer.product.id]);
    const { timeZone } = await this.settings.of(app.id);
    const hasTrial = offer.price.trialDays > 0 && !tried;
    return { wanted, userId, offer, selection, timeZone, hasTrial, attempt, mandate };
  }

  async insert(tx: Tx, app: AppRecord, plan: StartPlan): Promise<SubscriptionRow> {
    await this.#makeRoom(tx, app, plan);
    const period = this.#firstPeriod(app, plan);
    const row = await this.#row(tx, app, plan, period);
    const signing = plan.mandate && (await this.#withMandate(tx, app, plan, row, period));
    const begun = signing ?? row;
    if (plan.hasTrial) {
      if (plan.mandate) return begun;
      return this.cycle.beginTrial(tx, begun, await this.situations.of(tx, app, begun), period.start);
    }
    return this.#invoice(tx, app, plan, begun, period);
  }

  /** One subscription to a product at a time; one that was begun and left takes nobody's place. */
  async #makeRoom(tx: Tx, app: AppRecord, { userId, offer }: StartPlan): Promise<void> {
    const left: SubscriptionRow[] = [];
    for (const { id, status, productId } of await this.db.run<SubscriptionRow>(OPEN_OF_USER, [app.id, userId], tx)) {
      const isLeft = status === 'incomplete' && productId === offer.product.id;
      if (isLeft) left.push(await this.book.lock(tx, app.id, id));
    }
    // After the rows, as when one of them begins.
    await this.db.run(TAKE_PLACE, [app.id, userId, offer.product.id], tx);
    const [live] = await this.db.run<{ id: string }>(FIND_LIVE, [app.id, userId, offer.product.id, ''], tx);
    if (live) {
      const detail = `This user has the subscription ${live.id} to the same product: change that one.`;
      throw problem('subscription_exists', detail, { subscriptionId: live.id });
    }
    for (const row of left) if (row.status === 'incomplete') await this.ending.expire(tx, app, row);
  }

  #firstPeriod(app: AppRecord, { offer, timeZone }: StartPlan): Period {
    return periodOf({ anchor: this.time.now(app), recurring: recurringOf(offer), timeZone }, 0);
  }

  async #row(tx: Tx, app: AppRecord, plan: StartPlan, { start, end }: Period): Promise<SubscriptionRow> {
    const { wanted, userId, offer, timeZone, attempt, hasTrial } = plan;
    const { program } = attempt.accounts;
    const renewal: Renewal = plan.mandate ? 'automatic' : 'manual';
    const trialEnd = hasTrial ? addDays(start, offer.price.trialDays, timeZone) : null;
    const values = [
      ...[app.id, newId('subscription'), userId, offer.product.id, offer.price.id, wanted.quantity],
      ...[program.platform, program.id, renewal, timeZone, start, 0, trialEnd ?? end, trialEnd],
      ...[JSON.stringify(wanted.metadata), new Date(start.getTime() + INCOMPLETE_MS), this.clock.now()],
    ];
    const [row] = await this.db.run<SubscriptionRow>(INSERT_SUBSCRIPTION, values, tx);
    if (!row) throw problem('user_gone', `User ${userId} was merged or erased a moment ago.`);
    await this.book.tell(tx, 'subscription.created', row);
    return row;
  }

  async #withMandate(tx: Tx, app: AppRecord, plan: StartPlan, row: SubscriptionRow, period: Period) {
    const { mandate, selection, offer, userId, hasTrial } = plan;
    if (!mandate) return row;
    const debitsAtOnce = mandate.policy.firstCharge === 'sign_then_debit' && amountOfPeriod(selection, 0) > 0;
    const firstDebitAt = hasTrial ? row.currentPeriodEnd : debitsAtOnce ? period.start : period.end;
    const { id } = await this.mandates.insert(tx, app, {
      ...{ plan: mandate, subscriptionId: row.id, userId, subject: titleOf(selection), firstDebitAt },
      ...{ amount: ordinaryAmount(selection), mostAmount: mostOf(selection), recurring: recurringOf(offer) },
    });
    return this.book.change(tx, row, { mandateId: id });
  }

  /** The first period: paid now, debited once the contract is signed, or free. */
  async #invoice(tx: Tx, app: AppRecord, plan: StartPlan, row: SubscriptionRow, period: Period) {
    const { selection, mandate } = plan;
    const total = totalOf([periodLine(selection, period, amountOfPeriod(selection, 0))], 0, period);
    const now = this.time.now(app);
    const invoice = await this.invoices.insert(tx, row, { kind: 'period', period, total }, now);
    const billed = await this.book.change(tx, row, { periodsBilled: 1 });
    if (total.amount === 0) {
      if (mandate) return billed;
      await this.invoices.move(tx, invoice, 'paid', { paidAt: period.start });
      return this.cycle.begin(tx, billed, await this.situations.of(tx, app, billed), period.start);
    }
    if (mandate?.policy.firstCharge === 'sign_then_debit') return billed;
    const signs = mandate && row.mandateId !== null ? await this.mandates.find(app.id, row.mandateId, tx) : undefined;
    const { payment } = await this.payments.create(tx, app, {
      ...{ userId: row.userId, amount: total.amount, subject: titleOf(selection), reference: invoice.id },
      expiresAt: new Date(now.getTime() + PAYING_MS),
      plan: plan.attempt,
      ...(signs && { mandate: { kind: 'first', terms: this.mandates.termsOf(signs) } }),
    });
    await this.invoices.change(tx, invoice, { paymentId: payment.id });
    return billed;
  }
}

/** Fen: no debit of the contract will be above that. */
export const mostOf = (selection: Selection) =>
  toFen(Math.min(MOST_FEN, ROOM * Math.max(ordinaryAmount(selection), amountOfPeriod(selection, 0))));

/** Throws 422 `price_not_payable`. */
export function mustBeSold({ price, product }: Offer, quantity: number, isPublic: boolean): void {
  const obstacle = obstacleOf(price, product.active, quantity, isPublic);
  if (obstacle) throw problem('price_not_payable', `Price ${price.id} ${obstacle}.`);
}

function obstacleOf(price: Offer['price'], isSold: boolean, quantity: number, isPublic: boolean): string | undefined {
  if (!price.active || !isSold) return 'is no longer sold';
  if (!price.recurring) return 'is charged once: pay it';
  if (Math.max(price.amount, price.introductory?.amount ?? 0) * quantity > MOST_FEN)
    return 'costs more than any platform takes at once, for that many';
  if (!isPublic) return undefined;
  if (price.audience !== 'public') return 'is not for users: only the secret key can charge it';
  return quantity <= price.maxQuantity ? undefined : `can be had for a quantity of 1 to ${price.maxQuantity}`;
}
