import { Injectable, Logger } from '@nestjs/common';
import { toFen } from '../common/money.js';
import { Database, type Tx } from '../database/database.js';
import type { AttemptPlan } from '../payments/attempts.js';
import { InvoicePayments } from '../payments/invoice-payments.js';
import { PlatformError } from '../platforms/errors.js';
import type { CollectionWindow } from '../platforms/mandate-platform.js';
import type { AppRecord } from '../tenancy/caller.js';
import { firstStep, giveUpAt, later } from './billing-times.js';
import { Dunning } from './dunning.js';
import { InvoiceBook } from './invoice-book.js';
import type { MandateRow } from './mandate-rows.js';
import { Mandates } from './mandates.service.js';
import { newWindow } from './next-try.js';
import type { InvoiceChange, InvoiceRow, SubscriptionRow } from './rows.js';
import { type Situation, Situations } from './situations.js';
import { SubscriptionBook } from './subscription-book.js';

/** When to look at an invoice again whose payment is open: its end is told, this is for what was never told. */
const SAFETY_MS = 3_600_000;
/** When to ask the platform again that would not have it, in the first hour. */
const AGAIN_MS = 600_000;
/** Statuses in which somebody wants the next period. */
const WANTED = ['incomplete', 'trialing', 'active', 'past_due'];

/** What an invoice is to be collected by, found before anything is locked. */
interface Found {
  readonly invoice: InvoiceRow;
  readonly row: SubscriptionRow;
  readonly mandate: MandateRow | undefined;
}

/** Takes the next step about an invoice that is due: tells of the debit, debits, or gives up. */
@Injectable()
export class Collection {
  readonly #log = new Logger(Collection.name);

  constructor(
    private readonly db: Database,
    private readonly payments: InvoicePayments,
    private readonly book: SubscriptionBook,
    private readonly invoices: InvoiceBook,
    private readonly situations: Situations,
    private readonly mandates: Mandates,
    private readonly dunning: Dunning,
  ) {}

  /** `lease`: the `next_at` with which the invoice was claimed; nothing is done if it has another one by now. */
  async take(app: AppRecord, id: string, lease: Date): Promise<void> {
    const invoice = await this.invoices.find(app.id, id);
    const row = await this.book.find(app.id, invoice.subscriptionId);
    const mandateId = (invoice.kind === 'change' && row.pendingChange?.mandateId) || row.mandateId;
    const mandate = mandateId === null ? undefined : await this.mandates.find(app.id, mandateId);
    const found = { invoice, row, mandate };
    if (invoice.nextAction === 'notice') await this.#notice(app, found, lease);
    else if (invoice.nextAction === 'collect') await this.#collect(app, found, lease);
    else if (invoice.nextAction === 'give_up') {
      await this.#locked(app, found, lease, (tx, current) => this.#giveUp(tx, app, current));
    }
  }

  /** The platform is told first: a debit of which it does not know is not made. */
  async #notice(app: AppRecord, found: Found, lease: Date): Promise<void> {
    const { invoice, mandate } = found;
    const blocked = await this.#locked(app, found, lease, (tx, current) => this.#unlessReady(tx, app, current));
    if (!mandate || blocked !== 'ready') return;
    try {
      await this.mandates.notice(app, mandate, toFen(invoice.amount));
    } catch (error) {
      if (!(error instanceof PlatformError)) throw error;
      return this.#postpone(app, found, mandate, lease, error);
    }
    const noticedAt = this.situations.now(app);
    await this.#locked(app, found, lease, (tx, { invoice: told }) => {
      const { policy, terms } = this.situations.debitsOf(mandate);
      // A notice that went out a day late moves the window with it.
      const window = policy.window({ periodStart: told.periodStart, now: noticedAt, terms });
      const collectFrom = later(told.collectFrom ?? noticedAt, window.collectFrom);
      const collectUntil = later(told.collectUntil ?? noticedAt, window.collectUntil);
      const nextAt = policy.debitTime(later(collectFrom, noticedAt));
      return this.#change(tx, told, { noticedAt, collectFrom, collectUntil, nextAction: 'collect', nextAt });
    });
  }

  async #collect(app: AppRecord, found: Found, lease: Date): Promise<void> {
    const { mandate } = found;
    if (!mandate) {
      await this.#locked(app, found, lease, (tx, current) => this.#unlessReady(tx, app, current));
      return;
    }
    let plan: AttemptPlan;
    let another: CollectionWindow | undefined;
    try {
      plan = await this.mandates.attemptPlanOf(app, mandate);
      another = await this.#reschedule(app, found);
    } catch (error) {
      if (!(error instanceof PlatformError)) throw error;
      return this.#postpone(app, found, mandate, lease, error);
    }
    const made = await this.#locked(app, found, lease, async (tx, current) => {
      if ((await this.#unlessReady(tx, app, current)) !== 'ready') return undefined;
      const { invoice } = current;
      if (another) {
        const step = firstStep(this.situations.debitsOf(mandate).policy, another, this.situations.now(app));
        return this.#change(tx, invoice, { ...another, ...step });
      }
      const terms = this.mandates.termsOf(mandate);
      const { payment, attempt } = await this.payments.create(tx, app, {
        ...{ userId: plan.userId, amount: toFen(invoice.amount), subject: mandate.terms.subject, plan },
        ...{ reference: invoice.id, expiresAt: invoice.collectUntil!, mandate: { kind: 'debit', terms } },
      });
      const nextAt = new Date(this.situations.now(app).getTime() + SAFETY_MS);
      await this.invoices.change(tx, invoice, { paymentId: payment.id, nextAt });
      return { payment, attempt };
    });
    if (made) await this.payments.submit(app, made.payment, made.attempt);
  }

  /** The platform would not have it: the contract may be over. It is tried again for as long as there is time. */
  async #postpone(app: AppRecord, found: Found, mandate: MandateRow, lease: Date, error: PlatformError): Promise<void> {
    this.#log.warn({ invoice: found.invoice.id, problem: error.problem }, error.message);
    await this.mandates.ask(app, mandate).catch((silence: unknown) => {
      this.#log.warn({ mandate: mandate.id, err: silence }, 'the platform does not say whether the contract is over');
    });
    const { policy } = this.situations.debitsOf(mandate);
    const now = this.situations.now(app);
    const since = now.getTime() - (found.invoice.noticeAt ?? found.invoice.collectFrom ?? now).getTime();
    const pause = since < SAFETY_MS ? AGAIN_MS : SAFETY_MS;
    const nextAt = policy.debitTime(new Date(now.getTime() + pause));
    await this.#locked(app, found, lease, async (tx, { invoice }) => {
      if (giveUpAt(invoice) <= now) await this.dunning.notDebited(tx, invoice, now);
      else await this.invoices.change(tx, invoice, { nextAt });
    });
  }

  /** Where the platform keeps a plan of its own, it must expect the debit; gives the window in which it will. */
  async #reschedule(app: AppRecord, { invoice, mandate }: Found): Promise<CollectionWindow | undefined> {
    const { noticeAt, collectFrom, collectUntil, failures } = invoice;
    if (!mandate || failures > 0 || !collectFrom || !collectUntil) return undefined;
    return this.mandates.reschedule(app, mandate, { noticeAt, collectFrom, collectUntil });
  }

  /** `ready` when nothing stands against a debit now; else what follows from that is written. */
  async #unlessReady(tx: Tx, app: AppRecord, { row, invoice, mandate }: Found): Promise<'ready' | undefined> {
    const situation = await this.situations.of(tx, app, row);
    const { now } = situation;
    if (invoice.paymentId !== null) {
      return this.#change(tx, invoice, { nextAt: new Date(now.getTime() + SAFETY_MS) });
    }
    const isUsable = mandate?.status === 'active' && mandate.terminationReason === null;
    if (!isUsable || !WANTED.includes(row.status)) {
      await this.dunning.notDebited(tx, invoice, now);
      return undefined;
    }
    return invoice.nextAction === 'notice' ? 'ready' : this.#unlessInWindow(tx, invoice, mandate, situation);
  }

  /** Outside the platform's window, at the wrong time of day or without its notice nothing is debited. */
  async #unlessInWindow(tx: Tx, invoice: InvoiceRow, mandate: MandateRow, { now }: Situation) {
    const debits = this.situations.debitsOf(mandate);
    const { collectFrom, collectUntil, noticeAt, noticedAt } = invoice;
    if (!collectFrom || !collectUntil || now >= collectUntil) return this.#newWindow(tx, invoice, mandate, now);
    if (noticeAt && !noticedAt)
      return this.#change(tx, invoice, { nextAction: 'notice', nextAt: later(noticeAt, now) });
    const at = debits.policy.debitTime(later(collectFrom, now));
    if (at <= now) return 'ready' as const;
    if (at >= collectUntil) return this.#newWindow(tx, invoice, mandate, now);
    return this.#change(tx, invoice, { nextAt: at });
  }

  /** Nobody tried while it was open. After a failure there is no other one. */
  async #newWindow(tx: Tx, invoice: InvoiceRow, mandate: MandateRow, now: Date): Promise<undefined> {
    if (invoice.failures > 0) return this.dunning.notDebited(tx, invoice, now) as Promise<undefined>;
    return this.#change(tx, invoice, newWindow(this.situations.debitsOf(mandate), invoice, now));
  }

  async #giveUp(tx: Tx, app: AppRecord, { row, invoice }: Found): Promise<undefined> {
    if (invoice.paymentId === null) await this.dunning.giveUp(tx, app, row, invoice);
    else {
      const nextAt = new Date(this.situations.now(app).getTime() + SAFETY_MS);
      await this.#change(tx, invoice, { nextAt });
    }
    return undefined;
  }

  async #change(tx: Tx, invoice: InvoiceRow, change: InvoiceChange): Promise<undefined> {
    await this.invoices.change(tx, invoice, change);
    return undefined;
  }

  /** With everything read again under the lock; undefined when somebody else was faster. */
  #locked<T>(
    app: AppRecord,
    { invoice: { id }, row: { id: subscriptionId }, mandate }: Found,
    lease: Date,
    work: (tx: Tx, current: Found) => Promise<T>,
  ): Promise<T | undefined> {
    return this.db.transaction(async (tx) => {
      const row = await this.book.lock(tx, app.id, subscriptionId);
      const invoice = await this.invoices.find(app.id, id, undefined, tx);
      if (invoice.status !== 'open' || invoice.nextAt?.getTime() !== lease.getTime()) return undefined;
      return work(tx, { row, invoice, mandate: mandate && (await this.mandates.find(app.id, mandate.id, tx)) });
    });
  }
}
