import { Injectable } from '@nestjs/common';
import { fromCursor, type Page, toPage } from '../common/pagination.js';
import { Database } from '../database/database.js';
import { InvoicePayments } from '../payments/invoice-payments.js';
import type { AppRecord, RequestContext, ServerCaller, UserCaller } from '../tenancy/caller.js';
import { Idempotency } from '../tenancy/idempotency.js';
import { BillingLane } from './billing-lane.js';
import { ClientActions } from './client-actions.js';
import { InvoiceBook } from './invoice-book.js';
import type { SubscriptionRow } from './rows.js';
import { type NewSubscription, SubscriptionStart } from './subscription-start.js';
import { SubscriptionBook } from './subscription-book.js';
import type { CreateMySubscription, CreateSubscription, StartedSubscription, SubscriptionQuery, SubscriptionView } from './subscriptions.schemas.js'; // prettier-ignore
import { LIST_SUBSCRIPTIONS } from './subscriptions.sql.js';
import { subscriptionView } from './views.js';

/** Subscriptions as developers and users see them. */
@Injectable()
export class Subscriptions {
  constructor(
    private readonly db: Database,
    private readonly book: SubscriptionBook,
    private readonly invoices: InvoiceBook,
    private readonly payments: InvoicePayments,
    private readonly beginning: SubscriptionStart,
    private readonly actions: ClientActions,
    private readonly idempotency: Idempotency,
    private readonly lane: BillingLane,
  ) {}

  /**
   * Throws `price_not_found`, 422 `price_not_payable`, 422 `recurring_not_possible`, 409 `subscription_exists`, and what
   * an attempt to pay is refused for.
   */
  create({ app }: ServerCaller, body: CreateSubscription, context: RequestContext): Promise<StartedSubscription> {
    return this.#create(app, { ...body, isPublic: false }, context);
  }

  /** Like `create`; only public prices, within their bounds. */
  createMine({ app, userId }: UserCaller, body: CreateMySubscription, context: RequestContext) {
    return this.#create(app, { ...body, userId, metadata: {}, isPublic: true }, context);
  }

  /** Throws `subscription_not_found`, also for another user's. */
  async get(app: AppRecord, id: string, ofUser?: string): Promise<SubscriptionView> {
    const row = await this.book.find(app.id, id, ofUser);
    return subscriptionView(row, await this.actions.of(app, row));
  }

  async list(appId: string, query: SubscriptionQuery): Promise<Page<SubscriptionView>> {
    const { limit, cursor, userId, status, productId } = query;
    const before = cursor === undefined ? null : fromCursor(cursor, /^sub_[0-9a-f]{32}$/);
    const values = [appId, userId ?? null, before, status ?? null, productId ?? null, limit + 1];
    const rows = await this.db.run<SubscriptionRow>(LIST_SUBSCRIPTIONS, values);
    return toPage(rows, limit, ({ id }) => id, (row) => subscriptionView(row)); // prettier-ignore
  }

  /** As it is now, with what the front end does next. */
  async started(app: AppRecord, id: string): Promise<StartedSubscription> {
    const row = await this.book.find(app.id, id);
    const clientAction = await this.actions.of(app, row);
    const subscription = subscriptionView(row);
    return {
      subscription,
      ...(clientAction ? { clientAction: clientAction } : {}),
    };
  }

  async #create(app: AppRecord, wanted: NewSubscription, context: RequestContext): Promise<StartedSubscription> {
    const { idempotency: key } = context;
    const replay = async ({ resourceId: id }: { resourceId: string }) => ({ id });
    const { id } = await this.idempotency.orReplay(
      key,
      async () => {
        const plan = await this.beginning.plan(app, wanted);
        const act = async (tx: Parameters<SubscriptionStart['insert']>[0]) => {
          const { id: made } = await this.beginning.insert(tx, app, plan);
          return { id: made, result: { id: made } };
        };
        return this.idempotency.once(key, act, replay);
      },
      replay,
    );
    this.lane.nudge(app.id);
    await this.submitFirst(app, id);
    return this.started(app, id);
  }

  /** Hands the payment of the first invoice, or of a change, to its platform, unless that was done. */
  async submitFirst(app: AppRecord, id: string): Promise<void> {
    const row = await this.book.find(app.id, id);
    const wanted = row.status === 'incomplete' ? undefined : row.pendingChange?.invoiceId;
    if (wanted === undefined && row.status !== 'incomplete') return;
    const invoice = (await this.invoices.open(row)).find((one) => wanted === undefined || one.id === wanted);
    if (!invoice || invoice.paymentId === null) return;
    const { payment, attempt } = await this.payments.find(app.id, invoice.paymentId);
    const isNew = attempt.status === 'created' || attempt.status === 'unknown';
    if (isNew && payment.closingSince === null) await this.payments.submit(app, payment, attempt);
  }
}
