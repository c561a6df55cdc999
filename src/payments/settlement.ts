import { Injectable } from '@nestjs/common';
import type { KeptCallback } from '../callbacks/callback-handler.js';
import { Mismatch } from '../callbacks/mismatch.js';
import { Clock } from '../common/clock.js';
import { newId } from '../common/ids.js';
import { Database, type Tx } from '../database/database.js';
import type { PlatformCode } from '../platforms/platform.js';
import type { PaidFacts } from '../platforms/payment-platform.js';
import { Lanes } from '../queues/lane.js';
import { BusinessTime } from '../tenancy/business-time.js';
import type { AppRecord } from '../tenancy/caller.js';
import { clearing, UNEXPECTED } from './ledger.js';
import { ATTEMPT_MOVES } from './moves.js';
import { PaymentListeners, type SettledPayment } from './payment-listener.js';
import { PaymentNews } from './payment-news.js';
import { Refunding } from './refunding.js';
import { type AttemptRow, isDebit, isOpen, type PaymentRow } from './rows.js';
import {
  BOOK,
  CLEAR_DOUBT,
  CLOSE_PAYMENT,
  END_ATTEMPT,
  FAIL_PAYMENT,
  FIND_ATTEMPT,
  LOCK_PAYMENT_OF,
  RAISE_PAYMENT,
  REOPEN,
  SETTLE,
  TAKE_UNEXPECTED,
} from './settlement.sql.js';

/** A success as a platform has told it, from a callback or an answer. */
export interface Success {
  readonly platform: PlatformCode;
  /** Our number of the attempt. */
  readonly number: string;
  readonly paid: PaidFacts;
  /** At which account's address it arrived, if it came by itself: it may speak only of that account's payments. */
  readonly accountId?: string;
}

/** What became of a success. `unexpected`: nobody waited for it, so it is being refunded. */
export interface Settled {
  readonly outcome: 'settled' | 'already' | 'unexpected';
  readonly paymentId: string;
}

/** The payer of attempts whose user was erased. */
export const ERASED = 'erased';

type FoundAttempt = AttemptRow & { merchantId: string; platformAppId: string };
type SettledRow = Omit<SettledPayment, 'appId' | 'paidAt'> & { isHeard: boolean; othersAt: string[] };

/** Ask about open attempts; one lane is one merchant account. */
export const PAYMENT_LANES = 'payments';

/** Where money is believed: the one place that moves an attempt and its payment to succeeded, closed or failed. */
@Injectable()
export class Settlement {
  constructor(
    private readonly db: Database,
    private readonly clock: Clock,
    private readonly time: BusinessTime,
    private readonly listeners: PaymentListeners,
    private readonly news: PaymentNews,
    private readonly refunding: Refunding,
    private readonly lanes: Lanes,
  ) {}

  /**
   * The usual case in one round trip, with the callback that told it: true when the payment is paid by it, just now.
   * False: nothing was changed; call `settle`, which lets listeners act or says why.
   */
  async settleAtOnce(app: AppRecord, success: Success, toldBy?: KeptCallback): Promise<boolean> {
    const settled = await this.#settle(app, success, toldBy);
    // Where the payment can still be paid, it is closed now, before anybody does.
    for (const lane of settled?.othersAt ?? []) void this.lanes.nudge(PAYMENT_LANES, { appId: app.id, lane });
    return settled !== undefined;
  }

  /**
   * Safe to call any number of times for one success. Throws Mismatch when the platform's facts are not those of our
   * row; nothing is changed then.
   */
  async settle(tx: Tx, app: AppRecord, success: Success): Promise<Settled> {
    const { number, paid } = success;
    const [payment] = await this.db.run<PaymentRow>(LOCK_PAYMENT_OF, [app.id, number], tx);
    const [attempt] = payment ? await this.db.run<FoundAttempt>(FIND_ATTEMPT, [app.id, number], tx) : [];
    if (!payment || !attempt) throw new Mismatch('unknown_payment', `there is no payment under the number ${number}`);
    compare(attempt, success);
    if (attempt.status === 'succeeded') {
      if (attempt.platformTransactionId === paid.transactionId) return { outcome: 'already', paymentId: payment.id };
      throw new Mismatch('transaction', 'the attempt was paid by another transaction', payment.id);
    }
    const isWanted = payment.status === 'created' || payment.status === 'pending';
    if (!isWanted) return this.#takeUnexpected(tx, payment, attempt, paid);
    // The platform had called it closed or refused, and now has money for it: the payer's word counts.
    if (!isOpen(attempt)) await this.db.run(REOPEN, [app.id, attempt.id], tx);
    const settled = await this.#settle(app, success, undefined, tx);
    if (!settled) throw new Error(`payment ${payment.id} is locked and open, and yet did not settle`);
    return { outcome: 'settled', paymentId: payment.id };
  }

  /**
   * An attempt that will bring no money, on the platform's word; ends its payment too when that was waiting for it. That of
   * a debit has failed then: nobody is there who could pay in another way.
   */
  async end(tx: Tx, app: AppRecord, number: string, how: 'closed' | 'refused', failureCode?: string): Promise<void> {
    const [payment] = await this.db.run<PaymentRow>(LOCK_PAYMENT_OF, [app.id, number], tx);
    const [attempt] = payment ? await this.db.run<FoundAttempt>(FIND_ATTEMPT, [app.id, number], tx) : [];
    if (!payment || !attempt) return;
    const { from, to } = ATTEMPT_MOVES[how];
    const values = [app.id, attempt.id, to, from, failureCode ?? null, this.clock.now()];
    const ended = await this.db.run(END_ATTEMPT, values, tx);
    if (ended.length === 0) await this.db.run(CLEAR_DOUBT, [app.id, attempt.id], tx);
    else if (isDebit(attempt)) await this.#fail(tx, payment, failureCode);
    else await this.closeIfDone(tx, app.id, payment.id);
  }

  /** Ends a payment that is being closed, if nothing of it is open any more. The caller has locked it. */
  async closeIfDone(tx: Tx, appId: string, paymentId: string): Promise<boolean> {
    const [closed] = await this.db.run<PaymentRow>(CLOSE_PAYMENT, [appId, paymentId, this.clock.now()], tx);
    if (!closed) return false;
    await this.news.ofPayment(tx, 'payment.closed', closed, closed.sequence, { reason: closed.closeReason });
    const { reference } = closed;
    await this.listeners.onClosed(tx, { appId, id: paymentId, status: 'closed', reference, failureCode: null });
    return true;
  }

  /** Without a word of the platform the code is ours: why it was closed. */
  async #fail(tx: Tx, { appId, id, closeReason }: PaymentRow, platformCode?: string): Promise<void> {
    const failureCode = platformCode ?? closeReason ?? 'closed';
    const [failed] = await this.db.run<PaymentRow>(FAIL_PAYMENT, [appId, id, failureCode, this.clock.now()], tx);
    if (!failed) return;
    await this.news.ofPayment(tx, 'payment.failed', failed, failed.sequence, { failureCode });
    const { reference } = failed;
    await this.listeners.onClosed(tx, { appId, id, status: 'failed', reference, failureCode });
  }

  async #settle(app: AppRecord, { platform, number, paid, accountId }: Success, toldBy?: KeptCallback, tx?: Tx) {
    const [settled] = await this.db.run<SettledRow>(
      SETTLE,
      [
        app.id,
        number,
        platform,
        paid.transactionId,
        paid.amount,
        paid.currency,
        paid.merchantId ?? null,
        paid.platformAppId ?? null,
        paid.payer ?? null,
        paid.paidAt,
        this.clock.now(),
        newId('transfer'),
        newId('event'),
        this.time.now(app),
        toldBy?.id ?? null,
        accountId ?? null,
        toldBy?.deduplicationKey ?? null,
        toldBy?.type ?? null,
        toldBy?.sealed ?? null,
        toldBy?.receivedAt ?? null,
        tx !== undefined,
      ],
      tx,
    );
    if (settled?.isHeard && tx) {
      const { isHeard: _, othersAt: __, ...payment } = settled;
      await this.listeners.onSettled(tx, { ...payment, appId: app.id, paidAt: paid.paidAt });
    }
    return settled;
  }

  /** A second success, or a late one: kept apart in the books, announced, and given back in full. */
  async #takeUnexpected(tx: Tx, payment: PaymentRow, attempt: FoundAttempt, paid: PaidFacts): Promise<Settled> {
    const now = this.clock.now();
    const { appId } = payment;
    const taken = await this.db.run(TAKE_UNEXPECTED, [appId, attempt.id, paid.transactionId, paid.paidAt, now], tx);
    if (taken.length === 0) throw new Error(`attempt ${attempt.id} is ${attempt.status} and yet took no money`);
    const { platform, merchantAccountId, amount, currency } = attempt;
    await this.db.run(
      BOOK,
      [
        ...[appId, newId('transfer'), clearing(platform, merchantAccountId), UNEXPECTED],
        ...[amount, currency, 'payment', payment.id, attempt.id, now],
      ],
      tx,
    );
    const [raised] = await this.db.run<{ sequence: number }>(RAISE_PAYMENT, [appId, payment.id, now], tx);
    await this.news.ofPayment(tx, 'payment.unexpected_success', payment, raised?.sequence ?? 0, {
      attemptId: attempt.id,
      platform,
      platformTransactionId: paid.transactionId,
    });
    await this.refunding.refundUnexpected(tx, attempt);
    return { outcome: 'unexpected', paymentId: payment.id };
  }
}

/** Everything that the platform says of a success must be what we asked for. */
function compare(attempt: FoundAttempt, { platform, paid, accountId }: Success): void {
  const differs = (field: string): Mismatch =>
    new Mismatch(field, `the platform's ${field} is not that of attempt ${attempt.id}`, attempt.paymentId);
  if (attempt.platform !== platform) throw differs('platform');
  const ownAccounts = [attempt.merchantAccountId, attempt.platformAccountId];
  if (accountId !== undefined && !ownAccounts.includes(accountId)) throw differs('account');
  if (paid.amount !== attempt.amount) throw differs('amount');
  if (paid.currency !== attempt.currency) throw differs('currency');
  if (paid.merchantId !== undefined && paid.merchantId !== attempt.merchantId) throw differs('merchant');
  if (paid.platformAppId !== undefined && paid.platformAppId !== attempt.platformAppId) throw differs('program');
  const isPayer = paid.payer === undefined || paid.payer === attempt.payer || attempt.payer === ERASED;
  if (!isPayer) throw differs('payer');
}
