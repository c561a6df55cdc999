import { Injectable } from '@nestjs/common';
import { Prices } from '../catalog/prices.service.js';
import { toFen } from '../common/money.js';
import { fromCursor, type Page, toPage } from '../common/pagination.js';
import { problem } from '../common/problems.js';
import { Database, type Tx } from '../database/database.js';
import type { AttemptPlan } from '../payments/attempts.js';
import { InvoicePayments } from '../payments/invoice-payments.js';
import { paymentView } from '../payments/payment.views.js';
import type { AppRecord, RequestContext } from '../tenancy/caller.js';
import { Idempotency } from '../tenancy/idempotency.js';
import { amountOfPeriod, periodLine, titleOf, totalOf } from './amounts.js';
import { ChangeContracts } from './change-contracts.js';
import { ChangeQuotes } from './change-quotes.js';
import { Cycle } from './cycle.js';
import { InvoiceBook } from './invoice-book.js';
import type { InvoicePreview, InvoiceQuery, InvoiceView, PreviewInvoice } from './invoices.schemas.js';
import { LIST_INVOICES } from './invoices.sql.js';
import type { InvoiceRow, SubscriptionRow } from './rows.js';
import { Situations } from './situations.js';
import { mustBeThere } from './subscription-actions.js';
import { SubscriptionBook } from './subscription-book.js';
import { mustBeSold } from './subscription-start.js';
import type { PayInvoice } from './subscriptions.schemas.js';
import { invoiceView } from './views.js';

/** For how long a person may take over a payment. */
const PAYING_MS = 2 * 3_600_000;

/** How an invoice is to be paid, found before anything is locked. */
interface Payment {
  readonly known: InvoiceRow;
  readonly isDebit: boolean;
  readonly plan: AttemptPlan;
  readonly subject: string;
}

/** Invoices as developers and users see them. */
@Injectable()
export class Invoices {
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
    private readonly idempotency: Idempotency,
  ) {}

  /** Throws `invoice_not_found`, also for another user's. */
  async get(appId: string, id: string, ofUser?: string): Promise<InvoiceView> {
    return invoiceView(await this.invoices.find(appId, id, ofUser));
  }

  async list(appId: string, query: InvoiceQuery): Promise<Page<InvoiceView>> {
    const { limit, cursor, userId, subscriptionId, status } = query;
    const before = cursor === undefined ? null : fromCursor(cursor, /^inv_[0-9a-f]{32}$/);
    const values = [appId, userId ?? null, subscriptionId ?? null, before, status ?? null, limit + 1];
    return toPage(await this.db.run<InvoiceRow>(LIST_INVOICES, values), limit, ({ id }) => id, invoiceView);
  }

  /**
   * Lets a person pay an open invoice. One that a person is paying already goes on with that payment. Throws
   * `invoice_not_open`, and `invoice_being_collected` while it is debited.
   */
  async pay(app: AppRecord, id: string, body: PayInvoice, context: RequestContext, ofUser?: string) {
    const known = await this.invoices.find(app.id, id, ofUser);
    const { idempotency: key } = context;
    const replay = async ({ resourceId }: { resourceId: string }) => resourceId;
    const paymentId = await this.idempotency.orReplay(
      key,
      async () => {
        const row = await this.book.find(app.id, known.subscriptionId);
        const { price, product } = await this.prices.offer(app.id, row.priceId);
        const plan = await this.payments.plan(app, row.userId, body, { price: price.platforms, payment: {} });
        const subject = titleOf({ name: product.name, quantity: row.quantity });
        const isDebit = await this.#isDebited(app.id, known);
        const act = async (tx: Tx) => {
          const made = await this.#pay(tx, app, { known, isDebit, plan, subject });
          return { id: made, result: made };
        };
        return this.idempotency.once(key, act, replay);
      },
      replay,
    );
    return this.#handOver(app, paymentId);
  }

  /** What the next period, or a change now, would cost. Nothing is written. */
  async preview(app: AppRecord, { subscriptionId, change }: PreviewInvoice, ofUser?: string): Promise<InvoicePreview> {
    const row = await this.book.find(app.id, subscriptionId, ofUser);
    mustBeThere(row);
    const situation = await this.db.transaction((tx) => this.situations.of(tx, app, row));
    if (change) {
      const to = await this.prices.offer(app.id, change.priceId);
      const quantity = change.quantity ?? row.quantity;
      mustBeSold(to, quantity, ofUser !== undefined);
      const signs = (await this.contracts.needed(app, row, to, quantity))?.policy;
      const { total, period } = await this.quotes.quote(row, situation, { to, quantity, signs });
      return draftOf('change', total, period);
    }
    const { selection, period } = await this.cycle.next(row, situation);
    const made = await this.invoices.ofPeriod(row, period.start);
    const billed = row.periodsBilled - (made ? 1 : 0);
    const total = totalOf(
      [periodLine(selection, period, amountOfPeriod(selection, billed))],
      row.credit + (made?.creditUsed ?? 0),
      period,
    );
    return draftOf('period', total, period);
  }

  async #isDebited(appId: string, { paymentId }: InvoiceRow): Promise<boolean> {
    if (paymentId === null) return false;
    const { attempt } = await this.payments.find(appId, paymentId);
    return attempt.mandate?.kind === 'debit';
  }

  async #pay(tx: Tx, app: AppRecord, { known, isDebit, plan, subject }: Payment): Promise<string> {
    const row = await this.book.lock(tx, app.id, known.subscriptionId);
    const invoice = await this.invoices.find(app.id, known.id, undefined, tx);
    mustBeOpen(invoice, row);
    if (invoice.paymentId !== null) {
      // The person who left the payment page comes back to it.
      if (invoice.paymentId === known.paymentId && !isDebit) return invoice.paymentId;
      throw problem('invoice_being_collected', `Invoice ${invoice.id} is being paid right now: wait for the outcome.`, {
        invoiceId: invoice.id,
      });
    }
    const { now } = await this.situations.of(tx, app, row);
    const { payment } = await this.payments.create(tx, app, {
      ...{ userId: row.userId, amount: toFen(invoice.amount), subject, reference: invoice.id, plan },
      expiresAt: new Date(now.getTime() + PAYING_MS),
    });
    await this.invoices.change(tx, invoice, { paymentId: payment.id });
    return payment.id;
  }

  async #handOver(app: AppRecord, paymentId: string) {
    const { payment, attempt } = await this.payments.find(app.id, paymentId);
    const isNew = attempt.status === 'created' || attempt.status === 'unknown';
    const current = isNew ? await this.payments.submit(app, payment, attempt) : attempt;
    const clientAction = await this.payments.clientAction(app, payment);
    return { payment: paymentView(payment, [current], clientAction), ...(clientAction ? { clientAction } : {}) };
  }
}

function mustBeOpen({ id, status }: InvoiceRow, { status: of }: SubscriptionRow): void {
  const isOver = of === 'canceled' || of === 'incomplete_expired';
  if (status === 'open' && !isOver) return;
  throw problem('invoice_not_open', `Invoice ${id} is ${isOver ? `of a subscription that is ${of}` : status}.`, {
    invoiceId: id,
    invoiceStatus: status,
  });
}

const draftOf = (
  kind: 'period' | 'change',
  { lines, amount, creditUsed, creditAdded }: ReturnType<typeof totalOf>,
  { start, end }: { start: Date; end: Date },
): InvoicePreview => ({
  ...{ kind, status: 'draft', amount, currency: 'CNY', creditUsed, creditAdded, lines },
  periodStart: start.toISOString(),
  periodEnd: end.toISOString(),
});
