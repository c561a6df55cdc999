import { Injectable } from '@nestjs/common';
import {
  type Arrival,
  type CallbackHandler,
  CallbackHandlers,
  type Concluded,
  type KeptCallback,
} from '../callbacks/callback-handler.js';
import { Mismatch, TooEarly } from '../callbacks/mismatch.js';
import { Database, statement, type Tx } from '../database/database.js';
import type { ContentOf } from '../platforms/callback.js';
import type { RefundState } from '../platforms/payment-platform.js';
import { Platforms } from '../platforms/registry.js';
import type { PlatformCode } from '../platforms/platform.js';
import { BusinessTime } from '../tenancy/business-time.js';
import { asMismatch } from './mismatches.js';
import { Refunding } from './refunding.js';
import { FIND_REFUND_BY_NUMBER, FIND_REFUND_BY_PLATFORM } from './refunding.sql.js';
import { type AttemptRow, attemptColumns, isOpen, type RefundRow } from './rows.js';
import { Settlement } from './settlement.js';
import { LOCK_PAYMENT } from './settlement.sql.js';

const PAID_ATTEMPT = statement(`
  select ${attemptColumns('a')} from payment_attempts a
  where a.app_id = $1 and a.platform = $2 and (a.number = $3 or a.platform_transaction_id = $4) limit 1`);

/** Asks soon about an attempt that has brought no money. $2 platform  $3 number  $4 account  $5 business now */
const DOUBT = statement(`
  update payment_attempts set check_at = least(check_at, $5), checks = 0
  where app_id = $1 and platform = $2 and number = $3 and $4 in (merchant_account_id, platform_account_id)
    and status <> 'succeeded'`);

/** The time for a decision where the platform does not name its end: Douyin usually gives three days. */
const DECISION_MS = 72 * 3_600_000;

type Kind = 'payment' | 'refund' | 'refund_request';
type RefundContent = ContentOf<'refund'>;
type RequestContent = ContentOf<'refund_request'>;

/** Does what callbacks say of payments and refunds. */
@Injectable()
export class CallbackContents implements CallbackHandler<Kind> {
  readonly kinds = ['payment', 'refund', 'refund_request'] as const;
  /** Each repeat of a request wants the same number of ours. */
  readonly answered = ['refund_request'] as const;

  constructor(
    private readonly db: Database,
    private readonly time: BusinessTime,
    private readonly platforms: Platforms,
    private readonly settlement: Settlement,
    private readonly refunding: Refunding,
    handlers: CallbackHandlers,
  ) {
    handlers.register(this);
  }

  /** The usual success of a payment. */
  async atOnce(arrival: Arrival, content: ContentOf<Kind>, kept: KeptCallback): Promise<boolean> {
    if (content.kind !== 'payment' || content.state.kind !== 'succeeded') return false;
    const { app, platform, accountId } = arrival;
    const success = { platform, number: content.number, paid: content.state.paid, accountId };
    return this.settlement.settleAtOnce(app, success, kept).catch((error: unknown) => {
      if (asMismatch(error)) return false;
      throw error;
    });
  }

  async apply(tx: Tx, arrival: Arrival, content: ContentOf<Kind>): Promise<Concluded> {
    try {
      return await this.#do(tx, arrival, content);
    } catch (error) {
      throw asMismatch(error) ?? error;
    }
  }

  /** Also of an attempt that had ended: money may have come for it, and only the platform can tell how much. */
  async doubt(tx: Tx, { app, platform, accountId }: Arrival, content: ContentOf<Kind>): Promise<void> {
    if (content.kind !== 'payment') return;
    await this.db.run(DOUBT, [app.id, platform, content.number, accountId, this.time.now(app)], tx);
  }

  #do(tx: Tx, arrival: Arrival, content: ContentOf<Kind>): Promise<Concluded> {
    switch (content.kind) {
      case 'payment':
        return this.#payment(tx, arrival, content);
      case 'refund':
        return this.#refund(tx, arrival, content);
      case 'refund_request':
        return this.#requested(tx, arrival, content);
    }
  }

  async #payment(
    tx: Tx,
    { app, platform, accountId }: Arrival,
    { number, state }: ContentOf<'payment'>,
  ): Promise<Concluded> {
    switch (state.kind) {
      case 'succeeded': {
        const success = { platform, number, paid: state.paid, accountId };
        const { paymentId } = await this.settlement.settle(tx, app, success);
        return { status: 'settled', objectId: paymentId };
      }
      case 'closed':
      case 'failed': {
        const attempt = await this.#attempt(tx, { app, platform, accountId }, number, null);
        const isFailed = state.kind === 'failed';
        await this.settlement.end(tx, app, number, isFailed ? 'refused' : 'closed', isFailed ? state.platformCode : undefined); // prettier-ignore
        return { status: 'settled', objectId: attempt.paymentId };
      }
      case 'pending':
      case 'absent':
        return { status: 'ignored', objectId: null };
    }
  }

  async #refund(tx: Tx, arrival: Arrival, content: RefundContent): Promise<Concluded> {
    const known = await this.#known(tx, arrival, content);
    if (!known) return this.#foreign(tx, arrival, content);
    await this.#mustBeOurs(tx, arrival, known);
    return this.#apply(tx, arrival, known, content.state);
  }

  async #apply(tx: Tx, arrival: Arrival, refund: RefundRow, state: RefundState): Promise<Concluded> {
    await this.refunding.apply(tx, refund, state, this.#soon(arrival, refund));
    return { status: 'settled', objectId: refund.id };
  }

  /** A refund that somebody began at the platform, of which the platform tells only now. */
  async #foreign(tx: Tx, arrival: Arrival, content: RefundContent): Promise<Concluded> {
    const { paymentNumber, transactionId, state } = content;
    const attempt = await this.#lockedAttempt(tx, arrival, paymentNumber ?? null, transactionId ?? null);
    // Another notice of it may have been done while this one waited.
    const known = await this.#known(tx, arrival, content);
    if (known) return this.#apply(tx, arrival, known, state);
    if (state.kind === 'failed' || state.kind === 'absent' || state.kind === 'later') {
      return { status: 'ignored', objectId: attempt.paymentId };
    }
    if (isOpen(attempt)) throw new TooEarly(`the refund of ${attempt.id} is told before its payment`);
    const { facts } = state;
    const amount =
      facts.amount ?? (facts.refundedTotal === undefined ? 0 : facts.refundedTotal - attempt.amountRefunded);
    if (facts.amount === undefined && facts.refundedTotal !== undefined && amount <= 0) {
      return { status: 'settled', objectId: attempt.paymentId };
    }
    if (amount <= 0)
      throw new Mismatch('refund_amount', 'the platform does not tell how much it gave back', attempt.paymentId);
    const refund = await this.refunding.recordForeign(tx, {
      attempt,
      amount,
      status: 'pending',
      reason: null,
      ...(facts.platformRefundId === undefined ? {} : { platformRefundId: facts.platformRefundId }),
      checkAt: this.#soon(arrival, { platform: arrival.platform }),
    });
    if (!refund) return { status: 'settled', objectId: attempt.paymentId };
    await this.refunding.apply(tx, refund, state, this.#soon(arrival, refund));
    return { status: 'settled', objectId: refund.id };
  }

  /** Somebody asks for a refund: it gets our number, and a decision is waited for where one is needed. */
  async #requested(tx: Tx, arrival: Arrival, content: RequestContent): Promise<Concluded> {
    const { platformRefundId, paymentNumber, amount, reason, needsDecision } = content;
    const decideBefore = content.decideBefore ?? new Date(this.time.now(arrival.app).getTime() + DECISION_MS);
    const attempt = await this.#lockedAttempt(tx, arrival, paymentNumber, null);
    const known = await this.#byPlatform(tx, arrival, platformRefundId);
    if (known) return requestedRefund(known, attempt);
    if (isOpen(attempt)) throw new TooEarly(`the refund of ${attempt.id} is asked for before its payment is told`);
    const refund = await this.refunding.recordForeign(tx, {
      attempt,
      amount,
      status: needsDecision ? 'requested' : 'pending',
      reason: reason?.slice(0, 200) ?? null,
      platformRefundId,
      decideBefore: needsDecision ? decideBefore : null,
      checkAt: needsDecision ? decideBefore : this.#soon(arrival, { platform: arrival.platform }),
    });
    if (!refund) throw new Error('the requested refund is neither new nor known');
    return requestedRefund(refund, attempt);
  }

  async #known(tx: Tx, arrival: Arrival, content: RefundContent): Promise<RefundRow | undefined> {
    const { refundNumber, state } = content;
    if (refundNumber !== undefined) {
      const [refund] = await this.db.run<RefundRow>(FIND_REFUND_BY_NUMBER, [arrival.app.id, refundNumber], tx);
      if (refund) return refund;
    }
    const platformRefundId = content.platformRefundId ?? ('facts' in state ? state.facts.platformRefundId : undefined);
    return platformRefundId === undefined ? undefined : this.#byPlatform(tx, arrival, platformRefundId);
  }

  async #byPlatform(tx: Tx, { app, platform }: Arrival, platformRefundId: string): Promise<RefundRow | undefined> {
    const [refund] = await this.db.run<RefundRow>(FIND_REFUND_BY_PLATFORM, [app.id, platform, platformRefundId], tx);
    return refund;
  }

  async #attempt(tx: Tx, arrival: Arrival, number: string | null, transactionId: string | null): Promise<AttemptRow> {
    const values = [arrival.app.id, arrival.platform, number, transactionId];
    const [attempt] = await this.db.run<AttemptRow>(PAID_ATTEMPT, values, tx);
    if (!attempt) throw new Mismatch('unknown_payment', 'there is no payment under that number');
    mustBelong(arrival, attempt, attempt.paymentId);
    return attempt;
  }

  /** Locks the payment first, so that what is read of the attempt is what others have left. */
  async #lockedAttempt(tx: Tx, arrival: Arrival, number: string | null, transactionId: string | null) {
    const { paymentId } = await this.#attempt(tx, arrival, number, transactionId);
    await this.db.run(LOCK_PAYMENT, [arrival.app.id, paymentId], tx);
    return this.#attempt(tx, arrival, number, transactionId);
  }

  async #mustBeOurs(tx: Tx, arrival: Arrival, refund: RefundRow): Promise<void> {
    const [attempt] = await this.db.run<AttemptRow>(ATTEMPT, [arrival.app.id, refund.attemptId], tx);
    if (!attempt) throw new Error(`refund ${refund.id} has no attempt`);
    mustBelong(arrival, attempt, refund.id);
  }

  #soon({ app }: Arrival, { platform }: { platform: PlatformCode }): Date {
    const [seconds = 60] = this.platforms.payments(platform).askAfter.refund;
    return new Date(this.time.now(app).getTime() + seconds * 1_000);
  }
}

const ATTEMPT = statement(`select ${attemptColumns('a')} from payment_attempts a where a.app_id = $1 and a.id = $2`);

const requestedRefund = ({ id, number }: RefundRow, { settings }: AttemptRow): Concluded => ({
  status: 'settled',
  objectId: id,
  answer: { refundNumber: number, settings },
});

/** A callback may speak only of the payments of the account at whose address it arrived. */
function mustBelong({ platform, accountId }: Arrival, attempt: AttemptRow, objectId: string): void {
  const isOwn =
    attempt.platform === platform && [attempt.merchantAccountId, attempt.platformAccountId].includes(accountId);
  if (!isOwn) throw new Mismatch('account', 'it is about a payment of another account', objectId);
}
