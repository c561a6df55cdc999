import { Injectable } from '@nestjs/common';
import { Prices } from '../catalog/prices.service.js';
import { notFound, problem } from '../common/problems.js';
import { Database, type Tx } from '../database/database.js';
import { Relay } from '../events/relay.js';
import { BusinessTime } from '../tenancy/business-time.js';
import type { AppRecord, RequestContext } from '../tenancy/caller.js';
import { Idempotency, type Remembered } from '../tenancy/idempotency.js';
import { Payers } from '../tenancy/payers.js';
import { type AttemptPlan, Attempts, isPayable } from './attempts.js';
import { attemptView } from './payment.views.js';
import { PaymentNews } from './payment-news.js';
import type { CreateAttempt, StartedAttempt } from './payments.schemas.js';
import { Payments } from './payments.service.js';
import { MARK_PENDING } from './payments.sql.js';
import { isDebit, isOpen, type PaymentRow } from './rows.js';
import { LOCK_PAYMENT } from './settlement.sql.js';

/** Further attempts on a payment: on another platform, or once more on one that gave no answer. */
@Injectable()
export class PayingAgain {
  constructor(
    private readonly db: Database,
    private readonly time: BusinessTime,
    private readonly payments: Payments,
    private readonly attempts: Attempts,
    private readonly prices: Prices,
    private readonly payers: Payers,
    private readonly news: PaymentNews,
    private readonly idempotency: Idempotency,
    private readonly relay: Relay,
  ) {}

  /**
   * An open attempt in the same mini-program is taken up again, under its number, so that nobody can pay there twice;
   * else there is a new one. Throws `payment_not_open`, `payment_closing`.
   */
  async start(
    app: AppRecord,
    paymentId: string,
    body: CreateAttempt,
    context: RequestContext,
    ofUser?: string,
  ): Promise<StartedAttempt> {
    const known = await this.payments.find(app.id, paymentId, ofUser);
    const { idempotency: key } = context;
    const replay = ({ resourceId }: Remembered) => this.#started(app.id, paymentId, resourceId);
    const { payment, attempt } = await this.idempotency.orReplay(
      key,
      async () => {
        const plan = await this.attempts.plan(app, known.userId, body, await this.#layers(known));
        const act = async (tx: Tx) => {
          const started = await this.#startIn(tx, app, paymentId, plan);
          return { id: started.attempt.id, result: started };
        };
        return this.idempotency.once(key, act, replay);
      },
      replay,
    );
    this.relay.nudge();
    const needsPlatform = isOpen(attempt) && !isPayable(attempt, this.time.now(app));
    const current = needsPlatform ? await this.attempts.submit(app, payment, attempt) : attempt;
    const clientAction = await this.attempts.clientAction(app, payment, [current]);
    return {
      attempt: attemptView(current),
      ...(clientAction ? { clientAction: clientAction } : {}),
    };
  }

  async #startIn(tx: Tx, app: AppRecord, paymentId: string, plan: AttemptPlan) {
    const [payment] = await this.db.run<PaymentRow>(LOCK_PAYMENT, [app.id, paymentId], tx);
    if (!payment) throw notFound('payment', paymentId);
    this.#mustBeOpen(app, payment);
    // An erasure that is done by now has forgotten the payers of this payment: no new one is written.
    await this.payers.userOf(app.id, payment.userId, tx);
    const attempts = await this.payments.attemptsOf(app.id, [paymentId], tx);
    if (attempts.some(isDebit)) {
      throw problem('payment_not_open', `Payment ${paymentId} is a debit: nobody pays it by hand.`, { paymentId });
    }
    const open = attempts.find((one) => isOpen(one) && one.platformAccountId === plan.accounts.program.id);
    if (open) return { payment, attempt: open };
    const attempt = await this.attempts.add(tx, app, payment, plan);
    return { payment: await this.#pending(tx, payment), attempt };
  }

  async #pending(tx: Tx, payment: PaymentRow): Promise<PaymentRow> {
    const values = [payment.appId, payment.id, payment.updatedAt];
    const [pending] = await this.db.run<PaymentRow>(MARK_PENDING, values, tx);
    if (!pending) return payment;
    await this.news.ofPayment(tx, 'payment.pending', pending, pending.sequence);
    return pending;
  }

  async #started(appId: string, paymentId: string, attemptId: string) {
    const payment = await this.payments.find(appId, paymentId);
    const attempt = (await this.payments.attemptsOf(appId, [paymentId])).find(({ id }) => id === attemptId);
    if (!attempt) throw new Error(`attempt ${attemptId} is gone`);
    return { payment, attempt };
  }

  async #layers({ appId, priceId, platformOptions }: PaymentRow) {
    const price = priceId === null ? undefined : await this.prices.find(appId, priceId);
    return { price: price?.platforms ?? {}, payment: platformOptions };
  }

  #mustBeOpen(app: AppRecord, { id, status, closingSince, expiresAt }: PaymentRow): void {
    if (status !== 'created' && status !== 'pending') {
      throw problem('payment_not_open', `Payment ${id} is ${status}.`, { paymentId: id, paymentStatus: status });
    }
    if (closingSince !== null || expiresAt <= this.time.now(app)) {
      throw problem('payment_closing', `Payment ${id} was canceled or has run out.`, { paymentId: id });
    }
  }
}
