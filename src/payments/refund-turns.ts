import { Injectable } from '@nestjs/common';
import { Clock } from '../common/clock.js';
import { toFen } from '../common/money.js';
import { Database, statement } from '../database/database.js';
import { Relay } from '../events/relay.js';
import type { PayAccounts, PlatformPayments, RefundOrder, RefundState } from '../platforms/payment-platform.js';
import { Platforms } from '../platforms/registry.js';
import { BusinessTime } from '../tenancy/business-time.js';
import type { AppRecord } from '../tenancy/caller.js';
import { PayAccountsBook } from './pay-accounts.js';
import { Payments } from './payments.service.js';
import { Refunding } from './refunding.js';
import { type AttemptRow, orderOf, type RefundRow } from './rows.js';

/**
 * Takes the attempt's turn: the platform wants refunds of one payment apart from each other, and in our order. No row:
 * an earlier refund was not sent yet, or the last one is too fresh. $3 refund  $4 business now  $5 next turn
 */
const TAKE_TURN = statement(`
  update payment_attempts a set next_refund_at = $5
  where a.app_id = $1 and a.id = $2 and coalesce(a.next_refund_at, $4) <= $4
    and not exists (
      select from refunds r
      where r.app_id = $1 and r.attempt_id = $2 and r.id < $3 and r.status = 'requested' and r.submitted_at is null
        and r.decide_before is null)
  returning a.id`);
const NEXT_TURN = statement(`select next_refund_at as at from payment_attempts where app_id = $1 and id = $2`);
const SENT = statement(`update refunds set submitted_at = coalesce(submitted_at, $3) where app_id = $1 and id = $2`);
/** Waiting is not asking: `checks` counts only how often the platform has left it open. */
const WAIT = statement(`update refunds set check_at = $3 where app_id = $1 and id = $2 and status = 'requested'`);
const ASK_AGAIN = statement(`
  update refunds set check_at = $3, checks = checks + 1, failure_code = coalesce($4, failure_code),
    failure_detail = coalesce($5, failure_detail), updated_at = $6
  where app_id = $1 and id = $2 and status in ('requested', 'pending', 'action_required')`);

/** Between two tries to tell a decision, however close its deadline is. */
const LEAST_SECONDS = 5;

/** The next step of one refund: send it, ask about it, or tell the platform what was decided. */
@Injectable()
export class RefundTurns {
  constructor(
    private readonly db: Database,
    private readonly clock: Clock,
    private readonly time: BusinessTime,
    private readonly platforms: Platforms,
    private readonly book: PayAccountsBook,
    private readonly payments: Payments,
    private readonly refunding: Refunding,
    private readonly relay: Relay,
  ) {}

  /** Throws PlatformError when the platform does not tell; the same number is sent or asked for again then. */
  async take(app: AppRecord, refund: RefundRow): Promise<void> {
    const { attempt, subject } = await this.#attempt(app, refund);
    const accounts = await this.book.of(app, attempt);
    const platform = this.platforms.payments(refund.platform);
    const order = this.#order(refund, attempt, subject, this.book.notifyUrl(accounts));
    if (refund.status !== 'requested' || refund.submittedAt !== null) {
      await this.#ask(app, refund, platform, accounts, order);
    } else if (refund.decideBefore !== null) await this.#decide(app, refund, platform, accounts, order);
    else await this.#send(app, refund, platform, accounts, order);
    this.relay.nudge();
  }

  /** The platform did not tell: by its schedule, but a decision more and more often the closer its deadline is. */
  async postpone(app: AppRecord, refund: RefundRow): Promise<void> {
    const isUntold = refund.status === 'requested' && refund.decision !== null;
    const left = isUntold ? this.#secondsToDecide(app, refund) : 0;
    const patience = left > 0 ? Math.max(left / 2, LEAST_SECONDS) : Infinity;
    await this.#later(app, refund, Math.min(this.#schedule(refund), patience));
  }

  async #send(
    app: AppRecord,
    refund: RefundRow,
    platform: PlatformPayments,
    accounts: PayAccounts,
    order: RefundOrder,
  ): Promise<void> {
    const now = this.time.now(app);
    const nextTurn = new Date(now.getTime() + platform.refundSpacing * 1_000);
    const turn = [app.id, refund.attemptId, refund.id, now, nextTurn];
    if ((await this.db.run(TAKE_TURN, turn)).length === 0) return this.#waitForTurn(app, refund, now);
    // Before the call: what happens after it must not be forgotten, and the number makes a second sending harmless.
    await this.db.run(SENT, [app.id, refund.id, this.clock.now()]);
    await this.#apply(app, refund, await platform.refund(accounts, order));
  }

  async #ask(
    app: AppRecord,
    refund: RefundRow,
    platform: PlatformPayments,
    accounts: PayAccounts,
    order: RefundOrder,
  ): Promise<void> {
    const state = await platform.queryRefund(accounts, order);
    // One that began at the platform is not ours to send.
    if (state.kind !== 'absent' || refund.source === 'platform') return this.#apply(app, refund, state);
    // It never arrived: the same number again.
    await this.#apply(app, refund, await platform.refund(accounts, order));
  }

  async #decide(
    app: AppRecord,
    refund: RefundRow,
    platform: PlatformPayments,
    accounts: PayAccounts,
    order: RefundOrder,
  ): Promise<void> {
    const { decision, failureDetail } = refund;
    // Silence is consent: when nobody decided, or could not tell it in time, the platform knows how it ends.
    if (decision === null || this.#secondsToDecide(app, refund) <= 0) {
      return this.#ask(app, refund, platform, accounts, order);
    }
    const reason = failureDetail ?? 'rejected';
    await platform.decideRefund?.(
      accounts,
      order,
      decision === 'approve' ? { approve: true } : { approve: false, reason },
    );
    await this.db.transaction(async (tx) => {
      const checkAt = this.#firstCheck(app, refund);
      if (decision === 'approve') await this.refunding.apply(tx, refund, { kind: 'pending', facts: {} }, checkAt);
      else await this.refunding.reject(tx, refund, reason);
    });
  }

  async #apply(app: AppRecord, refund: RefundRow, state: RefundState): Promise<void> {
    if (state.kind === 'later') return this.#later(app, refund, state.retryAfter, state.platformCode, state.detail);
    const checkAt = this.#firstCheck(app, refund);
    const changed = await this.db.transaction((tx) => this.refunding.apply(tx, refund, state, checkAt));
    if (!changed) await this.#later(app, refund, this.#schedule(refund));
  }

  async #waitForTurn(app: AppRecord, refund: RefundRow, now: Date): Promise<void> {
    const [turn] = await this.db.run<{ at: Date | null }>(NEXT_TURN, [app.id, refund.attemptId]);
    const at = turn?.at && turn.at > now ? turn.at : new Date(now.getTime() + 1_000);
    await this.db.run(WAIT, [app.id, refund.id, at]);
  }

  async #later(app: AppRecord, refund: RefundRow, seconds: number, code?: string, detail?: string): Promise<void> {
    const at = this.#in(app, seconds);
    await this.db.run(ASK_AGAIN, [app.id, refund.id, at, code ?? null, detail ?? null, this.clock.now()]);
  }

  /** When to ask first about a refund that has just moved. */
  #firstCheck(app: AppRecord, refund: RefundRow): Date {
    return this.#in(app, this.#schedule({ ...refund, checks: 0 }));
  }

  /** Business time; not above 0: too late. */
  #secondsToDecide(app: AppRecord, { decideBefore }: RefundRow): number {
    return decideBefore === null ? Infinity : (decideBefore.getTime() - this.time.now(app).getTime()) / 1_000;
  }

  #schedule({ platform, checks }: RefundRow): number {
    const { refund } = this.platforms.payments(platform).askAfter;
    return refund[checks] ?? refund.at(-1) ?? 60;
  }

  #in(app: AppRecord, seconds: number): Date {
    return new Date(this.time.now(app).getTime() + seconds * 1_000);
  }

  async #attempt(app: AppRecord, refund: RefundRow): Promise<{ attempt: AttemptRow; subject: string }> {
    const payment = await this.payments.find(app.id, refund.paymentId);
    const attempts = await this.payments.attemptsOf(app.id, [payment.id]);
    const attempt = attempts.find(({ id }) => id === refund.attemptId);
    if (!attempt) throw new Error(`refund ${refund.id} has no attempt`);
    return { attempt, subject: payment.subject };
  }

  #order(refund: RefundRow, attempt: AttemptRow, subject: string, notifyUrl: string): RefundOrder {
    return {
      number: refund.number,
      amount: toFen(refund.amount),
      reason: refund.reason,
      notifyUrl,
      platformRefundId: refund.platformRefundId,
      payment: orderOf(attempt, subject, notifyUrl),
      refundedBefore: toFen(attempt.amountRefunded),
    };
  }
}
