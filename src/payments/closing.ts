import { Injectable, Logger } from '@nestjs/common';
import { Clock } from '../common/clock.js';
import { notFound, problem } from '../common/problems.js';
import { Database, type Tx } from '../database/database.js';
import { Relay } from '../events/relay.js';
import { PlatformError } from '../platforms/errors.js';
import { BusinessTime } from '../tenancy/business-time.js';
import type { AppRecord, RequestContext } from '../tenancy/caller.js';
import { Idempotency } from '../tenancy/idempotency.js';
import { Inquiry } from './inquiry.js';
import type { PaymentView } from './payments.schemas.js';
import { Payments } from './payments.service.js';
import { BEGIN_CLOSING } from './payments.sql.js';
import { type AttemptRow, isDebit, isOpen, type PaymentRow } from './rows.js';
import { Settlement } from './settlement.js';
import { LOCK_PAYMENT } from './settlement.sql.js';

/** Ends payments that nobody wants any more: canceled, or run out. Closed is only what no platform can still be paid for. */
@Injectable()
export class Closing {
  readonly #log = new Logger(Closing.name);

  constructor(
    private readonly db: Database,
    private readonly clock: Clock,
    private readonly time: BusinessTime,
    private readonly payments: Payments,
    private readonly settlement: Settlement,
    private readonly inquiry: Inquiry,
    private readonly idempotency: Idempotency,
    private readonly relay: Relay,
  ) {}

  /**
   * Asks every platform first and closes there. The answer is `closed`, or `succeeded` when somebody was faster, or still
   * open with `closingSince` until the last platform has said that nobody can pay.
   */
  async cancel(app: AppRecord, id: string, context: RequestContext, ofUser?: string): Promise<PaymentView> {
    await this.payments.find(app.id, id, ofUser);
    if (ofUser !== undefined) await this.#mustBePaidByPerson(app, id);
    await this.idempotency.once(
      context.idempotency,
      async (tx) => {
        await this.#cancel(tx, app, id);
        return { id, result: undefined };
      },
      async () => undefined,
    );
    this.relay.nudge();
    return this.#ask(app, id, isOpen, ofUser);
  }

  /**
   * Asks the platforms now, for a user about every open attempt. For the developer also about those that ended without
   * money: a platform may have some for it all the same. One that does not answer is asked again later if it is open.
   */
  refresh(app: AppRecord, id: string, ofUser?: string): Promise<PaymentView> {
    return this.#ask(app, id, ofUser === undefined ? hasNoMoney : isOpen, ofUser);
  }

  async #ask(
    app: AppRecord,
    id: string,
    isAskedAbout: (attempt: AttemptRow) => boolean,
    ofUser?: string,
  ): Promise<PaymentView> {
    const payment = await this.payments.find(app.id, id, ofUser);
    const attempts = (await this.payments.attemptsOf(app.id, [id])).filter(isAskedAbout);
    const asked = await Promise.allSettled(attempts.map((attempt) => this.inquiry.ask(app, payment, attempt)));
    for (const result of asked) {
      if (result.status === 'fulfilled') continue;
      if (!(result.reason instanceof PlatformError)) throw result.reason;
      this.#log.warn({ payment: id, problem: result.reason.problem }, result.reason.message);
    }
    return this.payments.get(app, id, ofUser);
  }

  /** Nobody is to pay it any more: what is open is closed at its platform after the commit. One that has ended stays so. */
  async withdraw(tx: Tx, app: AppRecord, id: string): Promise<void> {
    const [payment] = await this.db.run<PaymentRow>(LOCK_PAYMENT, [app.id, id], tx);
    if (payment) await this.#begin(tx, app, payment, 'canceled');
  }

  /** Begins to close what has run out; one that was paid in this moment stays as it is. */
  expire(app: AppRecord, id: string): Promise<void> {
    return this.db.transaction(async (tx) => {
      const [payment] = await this.db.run<PaymentRow>(LOCK_PAYMENT, [app.id, id], tx);
      if (payment) await this.#begin(tx, app, payment, 'expired');
    });
  }

  /** A user ends the contract under which they are debited, not the debit. */
  async #mustBePaidByPerson(app: AppRecord, id: string): Promise<void> {
    const attempts = await this.payments.attemptsOf(app.id, [id]);
    if (attempts.some(isDebit)) {
      throw problem('payment_not_open', `Payment ${id} is a debit: cancel what it pays for.`, { paymentId: id });
    }
  }

  /** Throws `payment_not_open` for one that was paid or failed; one that is closed, or being closed, stays so. */
  async #cancel(tx: Tx, app: AppRecord, id: string): Promise<void> {
    const [payment] = await this.db.run<PaymentRow>(LOCK_PAYMENT, [app.id, id], tx);
    if (!payment) throw notFound('payment', id);
    const { status } = payment;
    if (status === 'succeeded' || status === 'failed') {
      throw problem('payment_not_open', `Payment ${id} is ${status} and cannot be canceled.`, {
        paymentId: id,
        paymentStatus: status,
      });
    }
    await this.#begin(tx, app, payment, 'canceled');
  }

  async #begin(tx: Tx, app: AppRecord, { id, status, closingSince }: PaymentRow, reason: 'canceled' | 'expired') {
    if ((status !== 'created' && status !== 'pending') || closingSince !== null) return;
    await this.db.run(BEGIN_CLOSING, [app.id, id, reason, this.clock.now(), this.time.now(app)], tx);
    await this.settlement.closeIfDone(tx, app.id, id);
  }
}

const hasNoMoney = ({ status }: AttemptRow): boolean => status !== 'succeeded';
