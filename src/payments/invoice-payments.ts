import { Injectable, Logger } from '@nestjs/common';
import { Clock } from '../common/clock.js';
import { DomainError } from '../common/errors.js';
import type { Fen } from '../common/money.js';
import { problem } from '../common/problems.js';
import { Database, type Tx } from '../database/database.js';
import { Relay } from '../events/relay.js';
import type { AttemptMandate } from '../platforms/mandate-platform.js';
import type { ClientAction } from '../platforms/payment-platform.js';
import type { PlatformCode } from '../platforms/platform.js';
import { Lanes } from '../queues/lane.js';
import { BusinessTime } from '../tenancy/business-time.js';
import type { AppRecord } from '../tenancy/caller.js';
import type { SettingsByPlatform } from '../tenancy/platform-settings.js';
import { type AttemptPlan, Attempts, type DebitMandate } from './attempts.js';
import { Closing } from './closing.js';
import { contentOf, NewPayments } from './new-payments.js';
import { Payments } from './payments.service.js';
import { IS_COLLECTING } from './payments.sql.js';
import { Refunding } from './refunding.js';
import { LEFT, RESERVE } from './refunding.sql.js';
import { type AttemptRow, isDebit, type PaymentRow } from './rows.js';
import { PAYMENT_LANES } from './settlement.js';

/** A payment that an upper domain wants to be made, and to hear of. */
export interface InvoicePaymentDraft {
  readonly userId: string;
  readonly amount: Fen;
  /** What the payer reads: at most 127 characters, none of which a platform refuses. */
  readonly subject: string;
  /** The invoice: it has at most one payment that is open or paid. */
  readonly reference: string;
  /** Business time: until then it may be paid, or debited. */
  readonly expiresAt: Date;
  readonly metadata?: Readonly<Record<string, string>>;
  readonly plan: AttemptPlan;
  /** Overrides that of the plan. */
  readonly mandate?: AttemptMandate;
  /** Gives the payment that the invoice has, if it is for the same, instead of throwing. */
  readonly orExisting?: boolean;
}

/** A payment with its newest attempt. */
export interface InvoicePayment {
  readonly payment: PaymentRow;
  readonly attempt: AttemptRow;
}

/** Payments by which an upper domain collects what it has invoiced; PaymentListeners tell it how each of them ends. */
@Injectable()
export class InvoicePayments {
  readonly #log = new Logger(InvoicePayments.name);

  constructor(
    private readonly db: Database,
    private readonly attempts: Attempts,
    private readonly newPayments: NewPayments,
    private readonly payments: Payments,
    private readonly closing: Closing,
    private readonly relay: Relay,
    private readonly lanes: Lanes,
    private readonly clock: Clock,
    private readonly time: BusinessTime,
    private readonly refunding: Refunding,
  ) {}

  /** How a person is to pay. Throws 422 problems: accounts, settings, or a user who never came from that mini-program. */
  plan(
    app: AppRecord,
    userId: string,
    chosen: { readonly platform: PlatformCode; readonly platformAppId?: string | undefined },
    layers: { readonly price: SettingsByPlatform; readonly payment: SettingsByPlatform },
  ): Promise<AttemptPlan> {
    return this.attempts.plan(app, userId, chosen, layers);
  }

  /** How a debit under a signed contract is to be made: through its accounts, with its settings, from who signed it. */
  planDebit(app: AppRecord, mandate: DebitMandate): Promise<AttemptPlan> {
    return this.attempts.planDebit(app, mandate);
  }

  /**
   * Writes the payment, its first attempt and the event; call `submit` after the commit. Throws `payment_reference_taken`
   * when the invoice has a payment that has not ended without money, and `unavailable` or `user_gone` when the user is no
   * longer there.
   */
  async create(tx: Tx, app: AppRecord, draft: InvoicePaymentDraft): Promise<InvoicePayment & { isNew: boolean }> {
    const { userId, amount, subject, reference, expiresAt, metadata = {}, orExisting = false } = draft;
    const plan = draft.mandate ? { ...draft.plan, mandate: draft.mandate } : draft.plan;
    const made = await this.newPayments.insertOrFind(
      tx,
      app,
      {
        ...{ userId, amount, currency: 'CNY', subject, reference, expiresAt, metadata, options: {} },
        ...{ source: 'server', isHeard: true },
        // A developer's own reference may look the same, and is never the same.
        contentHash: contentOf('invoice', amount, 'CNY', subject),
      },
      plan,
    );
    const { isNew, payment } = made;
    if (!isNew && !orExisting) {
      throw problem('payment_reference_taken', `${reference} is being paid by ${payment.id}.`, {
        paymentId: payment.id,
      });
    }
    return { isNew, payment, attempt: made.attempt ?? (await this.#newest(payment, tx)) };
  }

  /**
   * Hands the attempt to its platform, for the first time or again, and gives it as it is then. Throws what the person
   * should know (a refusal, PlatformError), but never for a debit: a refused one has ended, and its payment has failed; of
   * one in doubt the platform is asked until it tells.
   */
  async submit(app: AppRecord, payment: PaymentRow, attempt: AttemptRow): Promise<AttemptRow> {
    this.relay.nudge();
    if (!isDebit(attempt)) return this.attempts.submit(app, payment, attempt);
    try {
      const submitted = await this.attempts.submit(app, payment, attempt);
      if (submitted !== attempt) return submitted;
    } catch (error) {
      if (!(error instanceof DomainError)) throw error;
      this.#log.warn({ attempt: attempt.id, code: error.code }, error.message);
      this.relay.nudge();
    }
    const current = await this.#newest(payment);
    const lane = current.merchantAccountId;
    if (current.status === 'unknown') void this.lanes.nudge(PAYMENT_LANES, { appId: app.id, lane });
    return current;
  }

  /** What the person's front end does next; undefined for a debit, and when it can no longer be paid. */
  async clientAction(app: AppRecord, payment: PaymentRow): Promise<ClientAction | undefined> {
    const attempts = await this.payments.attemptsOf(app.id, [payment.id]);
    return this.attempts.clientAction(app, payment, attempts);
  }

  /** Throws `payment_not_found`. */
  async find(appId: string, id: string): Promise<InvoicePayment> {
    const payment = await this.payments.find(appId, id);
    return { payment, attempt: await this.#newest(payment) };
  }

  /** Whether the invoice has a payment for which money may still come, being closed or not. */
  async isCollecting(appId: string, reference: string, tx?: Tx): Promise<boolean> {
    return (await this.db.run(IS_COLLECTING, [appId, reference], tx)).length > 0;
  }

  /**
   * Nobody is to pay it any more. It stays open until every platform has said so, and may yet succeed; where none has to be
   * asked, `onClosed` is called within. One that has ended stays as it is.
   */
  withdraw(tx: Tx, app: AppRecord, id: string): Promise<void> {
    return this.closing.withdraw(tx, app, id);
  }

  /**
   * Gives all of a payment back that has just settled, because what it was for is no longer there. The caller's transaction
   * has locked it; the refund goes out by its sweep.
   */
  async giveBack(tx: Tx, app: AppRecord, id: string, reason: string): Promise<void> {
    const [left] = await this.db.run<{ left: number }>(LEFT, [app.id, id, null], tx);
    if (!left || left.left === 0) return;
    const values = [app.id, id, null, left.left, this.clock.now()];
    const [attempt] = await this.db.run<Pick<AttemptRow, 'id' | 'platform' | 'merchantAccountId'>>(RESERVE, values, tx);
    if (!attempt) throw new Error(`payment ${id} was not locked`);
    await this.refunding.insert(tx, {
      attempt: { ...attempt, appId: app.id, paymentId: id, currency: 'CNY' },
      ...{ amount: left.left, source: 'automatic', status: 'requested', reason, checkAt: this.time.now(app) },
    });
  }

  async #newest(payment: PaymentRow, tx?: Tx): Promise<AttemptRow> {
    const newest = (await this.payments.attemptsOf(payment.appId, [payment.id], tx)).at(-1);
    if (!newest) throw new Error(`payment ${payment.id} has no attempt`);
    return newest;
  }
}
