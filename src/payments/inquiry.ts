import { Injectable } from '@nestjs/common';
import { Clock } from '../common/clock.js';
import { Database } from '../database/database.js';
import { Relay } from '../events/relay.js';
import type { PayAccounts, PayOrder, PayState, PlatformPayments } from '../platforms/payment-platform.js';
import { Platforms } from '../platforms/registry.js';
import { BusinessTime } from '../tenancy/business-time.js';
import type { AppRecord } from '../tenancy/caller.js';
import { Mismatches } from './mismatches.js';
import { PayAccountsBook } from './pay-accounts.js';
import { ASK_AGAIN } from './payments.sql.js';
import { type AttemptRow, orderOf, type PaymentRow } from './rows.js';
import { Settlement } from './settlement.js';

/** The sandbox has no request under way for longer. */
const SANDBOX_DELAY_MS = 35_000;

/** Asks a platform what became of an attempt, and does what follows. */
@Injectable()
export class Inquiry {
  constructor(
    private readonly db: Database,
    private readonly clock: Clock,
    private readonly time: BusinessTime,
    private readonly platforms: Platforms,
    private readonly book: PayAccountsBook,
    private readonly settlement: Settlement,
    private readonly mismatches: Mismatches,
    private readonly relay: Relay,
  ) {}

  /**
   * One round of asking; when the payment is being closed or no longer wants the money, an order that can still be paid
   * is closed at the platform. What is still open afterwards has its next time. Throws PlatformError when the platform
   * does not tell.
   */
  async ask(app: AppRecord, payment: PaymentRow, attempt: AttemptRow): Promise<void> {
    const accounts = await this.book.of(app, attempt);
    const payments = this.platforms.payments(attempt.platform);
    const order = orderOf(attempt, payment.subject, this.book.notifyUrl(accounts));
    const isWanted =
      (payment.status === 'created' || payment.status === 'pending') &&
      payment.closingSince === null &&
      payment.expiresAt > this.time.now(app);
    const state = await payments.query(accounts, order);
    if (state.kind === 'pending' && !isWanted) await this.#close(app, attempt, payments, accounts, order);
    else await this.#apply(app, attempt, payments, order, state);
    this.relay.nudge();
  }

  /** The platform did not tell: it is asked again by its schedule. */
  postpone(app: AppRecord, attempt: AttemptRow): Promise<void> {
    return this.#askAgain(app, attempt, this.platforms.payments(attempt.platform), false);
  }

  async #apply(app: AppRecord, attempt: AttemptRow, payments: PlatformPayments, order: PayOrder, state: PayState) {
    switch (state.kind) {
      case 'succeeded':
        return this.#settle(app, attempt, state);
      case 'closed':
        return this.#end(app, attempt, 'closed');
      case 'failed':
        return this.#end(app, attempt, 'refused', state.platformCode);
      case 'pending':
        return this.#askAgain(app, attempt, payments, true);
      case 'absent': {
        // A request is under way for a time of the machine's, however far a test app's clock was moved meanwhile.
        const submitted = (attempt.submittedAt ?? attempt.createdAt).getTime() + app.clockOffset;
        const finalAt = earlier(payments.absentIsFinalAt(order, new Date(submitted)), lostAt(app, order, submitted));
        if (this.time.now(app) >= finalAt) return this.#end(app, attempt, 'closed');
        return this.#askAgain(app, attempt, payments, false, finalAt);
      }
    }
  }

  async #close(
    app: AppRecord,
    attempt: AttemptRow,
    payments: PlatformPayments,
    accounts: PayAccounts,
    order: PayOrder,
  ): Promise<void> {
    const closing = await payments.close(accounts, order);
    if (closing.kind === 'closed') return this.#end(app, attempt, 'closed');
    if (closing.kind === 'waits') return this.#askAgain(app, attempt, payments, true, closing.until);
    // Paid between the two calls.
    await this.#apply(app, attempt, payments, order, await payments.query(accounts, order));
  }

  async #settle(app: AppRecord, attempt: AttemptRow, state: Extract<PayState, { kind: 'succeeded' }>): Promise<void> {
    const success = { platform: attempt.platform, number: attempt.number, paid: state.paid };
    try {
      await this.db.transaction((tx) => this.settlement.settle(tx, app, success));
    } catch (error) {
      const payments = this.platforms.payments(attempt.platform);
      if (this.mismatches.alarm(app, attempt, error)) await this.#askAgain(app, attempt, payments, true);
      else throw error;
    }
  }

  #end(app: AppRecord, { number }: AttemptRow, how: 'closed' | 'refused', failureCode?: string): Promise<void> {
    return this.db.transaction((tx) => this.settlement.end(tx, app, number, how, failureCode));
  }

  /** By the platform's schedule, and not after `at` when something is certain then. */
  async #askAgain(
    app: AppRecord,
    { id, checks }: AttemptRow,
    { askAfter }: PlatformPayments,
    isKnown: boolean,
    at?: Date,
  ): Promise<void> {
    const now = this.time.now(app).getTime();
    const next = now + (askAfter.payment[checks] ?? askAfter.payment.at(-1) ?? 60) * 1_000;
    const due = at && at.getTime() > now ? Math.min(next, at.getTime()) : next;
    await this.db.run(ASK_AGAIN, [app.id, id, new Date(due), isKnown, this.clock.now()]);
  }
}

/**
 * When a debit that the sandbox does not know will never be there, whatever its platform would need: a test clock that is
 * moved by years should not have to wait minutes for it. `submitted`: business time, ms.
 */
const lostAt = ({ mode }: AppRecord, { mandate }: PayOrder, submitted: number): Date | undefined =>
  mode === 'test' && mandate?.kind === 'debit' ? new Date(submitted + SANDBOX_DELAY_MS) : undefined;

const earlier = (one: Date, other: Date | undefined): Date => (other && other < one ? other : one);
