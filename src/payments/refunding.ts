import { Injectable } from '@nestjs/common';
import { Mismatch, TooEarly } from '../callbacks/mismatch.js';
import { Clock } from '../common/clock.js';
import { newId, newNumber } from '../common/ids.js';
import { Database, type Tx } from '../database/database.js';
import type { EventType } from '../events/event-types.js';
import type { RefundFacts, RefundState } from '../platforms/payment-platform.js';
import { clearing, REFUNDS, UNEXPECTED } from './ledger.js';
import { REFUND_MOVES } from './moves.js';
import { PaymentListeners } from './payment-listener.js';
import { PaymentNews } from './payment-news.js';
import { INSERT_REFUND, OPEN_REFUND_OF, RESERVE_ON, SETTLE_LATE } from './refunding.sql.js';
import type { AttemptRow, RefundRow } from './rows.js';
import { BOOK, COUNT_REFUND, FREE_RESERVED, LOCK_PAYMENT, MOVE_REFUND } from './settlement.sql.js';

/** A refund to be written: its amount is reserved already. */
export interface NewRefund {
  readonly attempt: Pick<AttemptRow, 'appId' | 'id' | 'paymentId' | 'platform' | 'merchantAccountId' | 'currency'>;
  readonly amount: number;
  readonly source: RefundRow['source'];
  readonly status: 'requested' | 'pending';
  readonly reason: string | null;
  readonly reference?: string | null;
  readonly platformRefundId?: string;
  readonly decideBefore?: Date | null;
  /** Business time: when to send it, or to ask about it. */
  readonly checkAt: Date | null;
}

/** What a refund has changed. */
type Counted = { kept: boolean; amountPaid: number; amountRefunded: number };

/** The one place that writes refunds and moves them. Who writes one has locked its payment; who moves one locks it here. */
@Injectable()
export class Refunding {
  constructor(
    private readonly db: Database,
    private readonly clock: Clock,
    private readonly listeners: PaymentListeners,
    private readonly news: PaymentNews,
  ) {}

  /** Undefined: another refund has this reference, or the platform's id of this refund. */
  async insert(tx: Tx, refund: NewRefund): Promise<RefundRow | undefined> {
    const { attempt, amount, source, status, reason } = refund;
    const now = this.clock.now();
    const [row] = await this.db.run<RefundRow>(
      INSERT_REFUND,
      [
        attempt.appId,
        newId('refund'),
        attempt.paymentId,
        attempt.id,
        newNumber(),
        attempt.platform,
        attempt.merchantAccountId,
        status,
        source,
        amount,
        attempt.currency,
        reason,
        refund.reference ?? null,
        refund.platformRefundId ?? null,
        refund.decideBefore ?? null,
        refund.checkAt,
        status === 'pending' ? now : null,
        now,
      ],
      tx,
    );
    if (row) await this.news.ofRefund(tx, 'refund.created', row, now);
    return row;
  }

  /** Gives back in full what came although nobody waited for it; the amount is reserved with the success. */
  refundUnexpected(tx: Tx, attempt: AttemptRow): Promise<void> {
    return this.#refundUnwanted(tx, attempt, attempt.amount);
  }

  async #refundUnwanted(tx: Tx, attempt: NewRefund['attempt'], amount: number): Promise<void> {
    const refund = await this.insert(tx, {
      attempt,
      amount,
      source: 'automatic',
      status: 'requested',
      reason: 'paid twice or too late',
      checkAt: this.clock.now(),
    });
    if (!refund) throw new Error(`the automatic refund of ${attempt.id} could not be written`);
  }

  /**
   * A refund that began at the platform. Undefined: it is known already. Throws Mismatch when more is given back than
   * there is, and TooEarly while a refund of ours that may yet fail holds the amount.
   */
  async recordForeign(tx: Tx, refund: Omit<NewRefund, 'source'>): Promise<RefundRow | undefined> {
    const { attempt, amount } = refund;
    const values = [attempt.appId, attempt.id, amount, this.clock.now()];
    const [reserved] = await this.db.run<{ kept: boolean; left: number }>(RESERVE_ON, values, tx);
    if (!reserved) {
      const [held] = await this.db.run(OPEN_REFUND_OF, [attempt.appId, attempt.paymentId, attempt.id], tx);
      if (held) throw new TooEarly(`a refund of ${attempt.id} holds what the platform has given back`);
      throw new Mismatch('refund_amount', 'the platform gives back more than is left', attempt.paymentId);
    }
    const row = await this.insert(tx, { ...refund, source: 'platform' });
    if (!row) await this.db.run(FREE_RESERVED, values, tx);
    else if (!reserved.kept && reserved.left > 0) await this.#refundRest(tx, attempt, reserved.left);
    return row;
  }

  /** The automatic refund came too late for all of it, because somebody gave back a part at the platform. */
  async #refundRest(tx: Tx, attempt: NewRefund['attempt'], left: number): Promise<void> {
    await this.db.run(RESERVE_ON, [attempt.appId, attempt.id, left, this.clock.now()], tx);
    await this.#refundUnwanted(tx, attempt, left);
  }

  /**
   * Applies what the platform says of a refund; says whether it changed anything. `checkAt` (business time): when to ask
   * again if it is not over. Throws Mismatch for another amount than ours.
   */
  async apply(tx: Tx, refund: RefundRow, state: RefundState, checkAt: Date): Promise<boolean> {
    await this.db.run(LOCK_PAYMENT, [refund.appId, refund.paymentId], tx);
    switch (state.kind) {
      case 'succeeded':
        return this.#succeed(tx, refund, state.facts);
      case 'pending':
        return this.#move(tx, refund, 'accepted', 'refund.pending', state.facts, checkAt);
      case 'action_required':
        return this.#move(tx, refund, 'stuck', 'refund.action_required', state.facts, checkAt, state.detail);
      case 'failed':
        return state.isRejected ? this.reject(tx, refund, state.detail) : this.#fail(tx, refund, state);
      case 'later':
      case 'absent':
        return false;
    }
  }

  /** The merchant has said no: nothing goes out, and the amount is free again. */
  async reject(tx: Tx, refund: RefundRow, reason: string): Promise<boolean> {
    await this.db.run(LOCK_PAYMENT, [refund.appId, refund.paymentId], tx);
    const { from, to } = REFUND_MOVES.rejected;
    const now = this.clock.now();
    const moved = await this.db.run(
      MOVE_REFUND,
      [refund.appId, refund.id, to, from, null, 'rejected', reason, null, null, now],
      tx,
    );
    if (moved.length === 0) return false;
    await this.#free(tx, refund, now);
    await this.news.ofRefund(tx, 'refund.rejected', { ...refund, status: to }, now);
    return true;
  }

  async #succeed(tx: Tx, refund: RefundRow, facts: RefundFacts): Promise<boolean> {
    compare(refund, facts);
    const now = this.clock.now();
    const { from, to } = REFUND_MOVES.settled;
    const { appId, id, paymentId, attemptId, amount, currency, platform, merchantAccountId } = refund;
    const values = [
      appId,
      id,
      to,
      from,
      facts.platformRefundId ?? null,
      null,
      null,
      facts.succeededAt ?? now,
      null,
      now,
    ];
    const moved = await this.db.run(MOVE_REFUND, values, tx);
    if (moved.length === 0 && !(await this.#succeedLate(tx, refund, facts, now))) return false;
    const [counted] = await this.db.run<Counted>(COUNT_REFUND, [appId, attemptId, amount, now], tx);
    const debit = counted?.kept ? REFUNDS : UNEXPECTED;
    const credit = clearing(platform, merchantAccountId);
    const transfer = [appId, newId('transfer'), debit, credit, amount, currency, 'refund', id, id, now];
    await this.db.run(BOOK, transfer, tx);
    await this.news.ofRefund(tx, 'refund.succeeded', { ...refund, status: to }, now);
    // What comes back of money that the payment never kept takes nothing from whoever it has paid for.
    if (counted?.kept) {
      const { amountPaid, amountRefunded } = counted;
      const refunded = { appId, id: paymentId, refundId: id, amount, amountPaid, amountRefunded };
      await this.listeners.onRefunded(tx, refunded);
    }
    return true;
  }

  /** False: it had succeeded before. Throws Mismatch when more is given back than there is. */
  async #succeedLate(tx: Tx, refund: RefundRow, facts: RefundFacts, now: Date): Promise<boolean> {
    const { appId, id, attemptId, amount } = refund;
    const values = [appId, id, facts.platformRefundId ?? null, facts.succeededAt ?? now, now];
    if ((await this.db.run(SETTLE_LATE, values, tx)).length === 0) return false;
    if ((await this.db.run(RESERVE_ON, [appId, attemptId, amount, now], tx)).length > 0) return true;
    throw new Mismatch('refund_amount', `refund ${id} had failed, and its amount was given back by another`, id);
  }

  async #fail(tx: Tx, refund: RefundRow, { platformCode, detail }: { platformCode: string; detail: string }) {
    const now = this.clock.now();
    const { from, to } = REFUND_MOVES.failed;
    const values = [refund.appId, refund.id, to, from, null, platformCode, detail, null, null, now];
    const moved = await this.db.run(MOVE_REFUND, values, tx);
    if (moved.length === 0) return false;
    await this.#free(tx, refund, now);
    await this.news.ofRefund(tx, 'refund.failed', { ...refund, status: to }, now, { platformCode });
    return true;
  }

  async #move(
    tx: Tx,
    refund: RefundRow,
    move: 'accepted' | 'stuck',
    event: EventType,
    facts: RefundFacts,
    checkAt: Date,
    detail: string | null = null,
  ): Promise<boolean> {
    compare(refund, facts);
    const now = this.clock.now();
    const { from, to } = REFUND_MOVES[move];
    const platformId = facts.platformRefundId ?? null;
    const values = [refund.appId, refund.id, to, from, platformId, null, detail, null, checkAt, now];
    const moved = await this.db.run(MOVE_REFUND, values, tx);
    if (moved.length === 0) return false;
    await this.news.ofRefund(tx, event, { ...refund, status: to }, now);
    return true;
  }

  async #free(tx: Tx, { appId, attemptId, amount }: RefundRow, now: Date): Promise<void> {
    await this.db.run(FREE_RESERVED, [appId, attemptId, amount, now], tx);
  }
}

function compare({ id, amount }: RefundRow, facts: RefundFacts): void {
  if (facts.amount === undefined || facts.amount === amount) return;
  throw new Mismatch('refund_amount', `the platform's amount is not that of refund ${id}`, id);
}
