import { Injectable, Logger } from '@nestjs/common';
import type { Price } from '../catalog/prices.service.js';
import { Clock } from '../common/clock.js';
import { newId, newNumber } from '../common/ids.js';
import type { Fen } from '../common/money.js';
import { problem } from '../common/problems.js';
import { Database, type Tx } from '../database/database.js';
import { Relay } from '../events/relay.js';
import { InvoicePayments } from '../payments/invoice-payments.js';
import type { AttemptPlan } from '../payments/attempts.js';
import { PayAccountsBook } from '../payments/pay-accounts.js';
import { PlatformError } from '../platforms/errors.js';
import type { CollectionWindow, MandatePolicy, MandateTerms, Recurring } from '../platforms/mandate-platform.js';
import type { ClientAction, PayAccounts } from '../platforms/payment-platform.js';
import type { PlatformCode } from '../platforms/platform.js';
import { Platforms } from '../platforms/registry.js';
import { Lanes } from '../queues/lane.js';
import { BusinessTime } from '../tenancy/business-time.js';
import type { AppRecord } from '../tenancy/caller.js';
import { BILLING_LANES, MANDATE_LANES } from './lanes.js';
import { MandateChanges } from './mandate-changes.js';
import { type AgreedTerms, type MandateRow, termsOf } from './mandate-rows.js';
import { FIND_MANDATE, INSERT_MANDATE } from './mandate.sql.js';

/** For how long the user may sign; a subscription that is not begun by then is given up. */
const SIGNING_MS = 24 * 3_600_000;
/** A contract of which nobody has told is first asked about after that (business time). */
const FIRST_ASK_MS = 60_000;

/** Everything that a mandate is decided by, before anything is written. */
export interface MandatePlan {
  readonly attempt: AttemptPlan;
  readonly policy: MandatePolicy;
}

/** A mandate before it is written. Amounts in fen. */
export interface MandateDraft {
  readonly plan: MandatePlan;
  readonly subscriptionId: string;
  readonly userId: string;
  readonly subject: string;
  readonly amount: Fen;
  readonly mostAmount: Fen;
  readonly recurring: Recurring;
  /** Business time. */
  readonly firstDebitAt: Date;
}

/** Users' permissions to be debited: planned, written, signed, ended. Debits themselves are payments. */
@Injectable()
export class Mandates {
  readonly #log = new Logger(Mandates.name);

  constructor(
    private readonly db: Database,
    private readonly clock: Clock,
    private readonly time: BusinessTime,
    private readonly platforms: Platforms,
    private readonly payments: InvoicePayments,
    private readonly book: PayAccountsBook,
    private readonly changes: MandateChanges,
    private readonly lanes: Lanes,
    private readonly relay: Relay,
  ) {}

  /**
   * Throws 422: `recurring_not_possible` when the platform has no mandates or none for such periods and amounts (fen), and
   * what a payment there would be refused for.
   */
  async plan(
    app: AppRecord,
    userId: string,
    chosen: { readonly platform: PlatformCode; readonly platformAppId?: string | undefined },
    { recurring, platforms }: Pick<Price, 'recurring' | 'platforms'>,
    amount: Fen,
  ): Promise<MandatePlan> {
    const { platform } = chosen;
    const policy = this.policyOf(platform);
    const obstacle = recurring ? policy.obstacle(recurring, amount) : 'the price is charged once';
    if (obstacle) throw notPossible(platform, obstacle);
    const attempt = await this.payments.plan(app, userId, chosen, { price: platforms, payment: {} });
    return { attempt: { ...attempt, settings: this.#settings(app, platform, attempt) }, policy };
  }

  /** Throws 422 `recurring_not_possible` where nobody can be debited by themselves. */
  policyOf(platform: PlatformCode): MandatePolicy {
    const known = this.platforms.capabilities().find((one) => one.platform === platform);
    if (!known?.capabilities.recurring) throw notPossible(platform, 'it has no recurring debits');
    return this.platforms.mandates(platform).policy;
  }

  async insert(tx: Tx, app: AppRecord, draft: MandateDraft): Promise<MandateRow> {
    const { plan, subscriptionId, userId, subject, amount, mostAmount, recurring, firstDebitAt } = draft;
    const { accounts, payer, settings } = plan.attempt;
    const terms: AgreedTerms = {
      ...{ subject, amount, mostAmount, recurring, settings },
      firstDebitAt: firstDebitAt.toISOString(),
      notifyUrl: this.book.notifyUrl(accounts),
    };
    const now = this.time.now(app).getTime();
    const { program, merchant } = accounts;
    const ids = [app.id, newId('mandate'), userId, subscriptionId, program.platform, program.id, merchant.id];
    const until = [new Date(now + SIGNING_MS), new Date(now + FIRST_ASK_MS)];
    const values = [...ids, newNumber(), payer, JSON.stringify(terms), ...until, this.clock.now()];
    const [row] = await this.db.run<MandateRow>(INSERT_MANDATE, values, tx);
    if (!row) throw new Error('a mandate was not written');
    return row;
  }

  async find(appId: string, id: string, tx?: Tx): Promise<MandateRow | undefined> {
    const [row] = await this.db.run<MandateRow>(FIND_MANDATE, [appId, id], tx);
    return row;
  }

  /** As the platform sees it. */
  termsOf(mandate: MandateRow): MandateTerms {
    return termsOf(mandate);
  }

  /** The accounts, payer and settings of a debit under it. */
  async attemptPlanOf(app: AppRecord, mandate: MandateRow): Promise<AttemptPlan> {
    const { userId, payer, terms } = mandate;
    return { accounts: await this.#accounts(app, mandate), userId, payer, settings: terms.settings };
  }

  /** The page on which the user signs it; undefined when there is nothing to sign (any more). */
  async signAction(app: AppRecord, mandate: MandateRow): Promise<ClientAction | undefined> {
    const now = this.time.now(app);
    const isOpen = mandate.status === 'pending' && mandate.terminationReason === null && mandate.expiresAt > now;
    if (!isOpen) return undefined;
    try {
      const accounts = await this.#accounts(app, mandate);
      return this.platforms.mandates(mandate.platform).signAction(accounts, termsOf(mandate), now);
    } catch (error) {
      // A read must not fail because the account has lost its key.
      if (!(error instanceof PlatformError)) throw error;
      this.#log.warn({ mandate: mandate.id, problem: error.problem }, error.message);
      return undefined;
    }
  }

  /** Tells the user of the next debit where the platform wants that; `amount` in fen. Throws PlatformError. */
  async notice(app: AppRecord, mandate: MandateRow, amount: Fen): Promise<void> {
    const platform = this.platforms.mandates(mandate.platform);
    await platform.notice?.(await this.#accounts(app, mandate), termsOf(mandate), { amount });
  }

  /** Moves the platform's own plan to that window, where it keeps one; gives its later one if it has. Throws PlatformError. */
  async reschedule(
    app: AppRecord,
    mandate: MandateRow,
    window: CollectionWindow,
  ): Promise<CollectionWindow | undefined> {
    const platform = this.platforms.mandates(mandate.platform);
    return platform.reschedule?.(await this.#accounts(app, mandate), termsOf(mandate), window);
  }

  /** Asks the platform what the contract is, and does what follows. Throws PlatformError when it does not tell. */
  async ask(app: AppRecord, mandate: MandateRow): Promise<MandateRow> {
    const accounts = await this.#accounts(app, mandate);
    const state = await this.platforms.mandates(mandate.platform).query(accounts, termsOf(mandate));
    await this.db.transaction((tx) => this.changes.apply(tx, app, mandate, state));
    this.relay.nudge();
    void this.lanes.nudge(BILLING_LANES, { appId: app.id, lane: app.id });
    return (await this.find(app.id, mandate.id)) ?? mandate;
  }

  /** Ends the contract at the platform, now. Throws PlatformError when that is not certain. */
  async terminate(app: AppRecord, mandate: MandateRow): Promise<void> {
    const accounts = await this.#accounts(app, mandate);
    const reason = mandate.terminationReason ?? 'ended by the merchant';
    await this.platforms.mandates(mandate.platform).terminate(accounts, termsOf(mandate), reason);
    const over = { status: 'terminated', by: 'merchant', at: this.time.now(app) } as const;
    await this.db.transaction((tx) => this.changes.end(tx, app, mandate, over));
    this.relay.nudge();
  }

  /** In the transaction: nobody is debited under it from now on. Call `nudge` after the commit. */
  end(tx: Tx, app: AppRecord, id: string, reason: string): Promise<void> {
    return this.changes.wantEnded(tx, app, id, reason);
  }

  /** Wakes who tells the platform. */
  nudge(appId: string): void {
    void this.lanes.nudge(MANDATE_LANES, { appId, lane: appId });
  }

  #accounts(app: AppRecord, mandate: MandateRow): Promise<PayAccounts> {
    return this.book.of(app, mandate);
  }

  #settings(app: AppRecord, platform: PlatformCode, { settings }: AttemptPlan) {
    const { testSettings, requiredSettings } = this.platforms.mandates(platform);
    const complete = { ...(app.mode === 'test' ? testSettings : {}), ...settings };
    const missing = requiredSettings.find((field) => complete[field] === undefined);
    if (missing === undefined) return complete;
    throw problem(
      'platform_settings_missing',
      `${platform} needs ${missing} for recurring debits: give it in the price's platforms or in the merchant account's defaults.`,
      { platform, field: missing },
    );
  }
}

const notPossible = (platform: PlatformCode, why: string) =>
  problem(
    'recurring_not_possible',
    `${platform} cannot debit by itself: ${why}. Subscribe with renewal "manual" instead.`,
    { platform },
  );
