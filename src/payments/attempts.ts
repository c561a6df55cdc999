import { Injectable, Logger } from '@nestjs/common';
import { Clock } from '../common/clock.js';
import { newId, newNumber } from '../common/ids.js';
import { problem } from '../common/problems.js';
import { Database, type Tx } from '../database/database.js';
import { PlatformError } from '../platforms/errors.js';
import type { AttemptMandate, MandateTerms } from '../platforms/mandate-platform.js';
import type { ClientAction, PayAccounts, PlatformSettings } from '../platforms/payment-platform.js';
import type { PlatformCode } from '../platforms/platform.js';
import { Platforms } from '../platforms/registry.js';
import { BusinessTime } from '../tenancy/business-time.js';
import type { AppRecord } from '../tenancy/caller.js';
import { Payers } from '../tenancy/payers.js';
import type { SettingsByPlatform } from '../tenancy/platform-settings.js';
import { PayAccountsBook } from './pay-accounts.js';
import { ADD_ATTEMPT, LOST, SUBMITTED } from './payments.sql.js';
import { resolveSettings } from './platform-settings.js';
import { type AttemptRow, isDebit, isOpen, orderOf, type PaymentRow } from './rows.js';
import { Settlement } from './settlement.js';

/** An attempt whose process died before it called the platform is looked at after that. */
const LEFT_BEHIND_MS = 30_000;
/** An order that the platform has taken is first asked about when its callback should long have come. */
const FIRST_ASK_SECONDS = 60;

/** Everything that an attempt is decided by, before anything is written. */
export interface AttemptPlan {
  readonly accounts: PayAccounts;
  readonly userId: string;
  readonly payer: string;
  readonly settings: PlatformSettings;
  /** With it the attempt also signs a contract, or debits under one. */
  readonly mandate?: AttemptMandate | undefined;
}

/** A contract under which a user is debited: whose it is, and through which accounts it was signed. */
export interface DebitMandate {
  readonly userId: string;
  readonly platformAccountId: string;
  readonly merchantAccountId: string;
  readonly terms: MandateTerms;
}

/** An attempt before it is written. */
export type AttemptDraft = Pick<
  AttemptRow,
  'id' | 'number' | 'platform' | 'platformAccountId' | 'merchantAccountId' | 'payer' | 'settings' | 'mandate'
> & { readonly checkAt: Date };

/** One try to be paid on one platform: planned, written, handed to the platform, shown to the client. */
@Injectable()
export class Attempts {
  readonly #log = new Logger(Attempts.name);

  constructor(
    private readonly db: Database,
    private readonly clock: Clock,
    private readonly time: BusinessTime,
    private readonly platforms: Platforms,
    private readonly book: PayAccountsBook,
    private readonly payers: Payers,
    private readonly settlement: Settlement,
  ) {}

  /** Throws 422 problems: accounts, settings, or a user who never came from that mini-program. */
  async plan(
    app: AppRecord,
    userId: string,
    chosen: { platform: PlatformCode; platformAppId?: string | undefined },
    layers: { price: SettingsByPlatform; payment: SettingsByPlatform },
  ): Promise<AttemptPlan> {
    const { platform, platformAppId } = chosen;
    const accounts = await this.book.choose(app, platform, platformAppId);
    const settings = resolveSettings(this.platforms, accounts.merchant, layers);
    const payer = await this.payers.find(app.id, userId, platform, accounts.program.platformAppId);
    if (!payer) {
      throw problem('payer_unknown', `This user has never logged in to ${accounts.program.platformAppId}.`, {
        platform,
      });
    }
    return { accounts, userId: payer.userId, payer: payer.openid, settings };
  }

  /** By the accounts, payer and settings of the contract, whatever the app would choose today. */
  async planDebit(app: AppRecord, { terms, ...mandate }: DebitMandate): Promise<AttemptPlan> {
    const accounts = await this.book.of(app, mandate);
    const { userId } = mandate;
    return { accounts, userId, payer: terms.payer, settings: terms.settings, mandate: { kind: 'debit', terms } };
  }

  /** An attempt that is to be written. */
  draft(app: AppRecord, { accounts, payer, settings, mandate }: AttemptPlan): AttemptDraft {
    return {
      id: newId('attempt'),
      number: newNumber(),
      platform: accounts.program.platform,
      platformAccountId: accounts.program.id,
      merchantAccountId: accounts.merchant.id,
      payer,
      settings,
      mandate: mandate ?? null,
      checkAt: new Date(this.time.now(app).getTime() + LEFT_BEHIND_MS),
    };
  }

  /** What `CREATE` and `ADD_ATTEMPT` write of it. */
  values(draft: AttemptDraft) {
    const { id, number, platform, platformAccountId, merchantAccountId, payer, settings, mandate, checkAt } = draft;
    return [
      id,
      number,
      platform,
      platformAccountId,
      merchantAccountId,
      payer,
      JSON.stringify(settings),
      checkAt,
      mandate && JSON.stringify(mandate),
    ] as const;
  }

  /** The row that `CREATE` has just written, without asking for it. */
  rowOf({ appId, id: paymentId, amount, currency, expiresAt, createdAt }: PaymentRow, draft: AttemptDraft): AttemptRow {
    return {
      ...draft,
      ...{ appId, paymentId, amount, currency, expiresAt, createdAt, status: 'created', checks: 0 },
      ...{ amountPaid: 0, amountReserved: 0, amountRefunded: 0, kept: null, handle: null, handleExpiresAt: null },
      ...{ platformTransactionId: null, failureCode: null, submittedAt: null, paidAt: null, nextRefundAt: null },
    };
  }

  /** Another attempt on a payment that the transaction has locked. */
  async add(tx: Tx, app: AppRecord, payment: PaymentRow, plan: AttemptPlan): Promise<AttemptRow> {
    const [id, number, ...rest] = this.values(this.draft(app, plan));
    const values = [app.id, id, payment.id, number, ...rest, this.clock.now()];
    const [attempt] = await this.db.run<AttemptRow>(ADD_ATTEMPT, values, tx);
    if (!attempt) throw new Error(`payment ${payment.id} took no attempt`);
    return attempt;
  }

  /**
   * Hands an attempt to its platform, for the first time or again: the platform knows it by its number. Gives the attempt
   * as it is then. Throws what the caller should know: a refusal, or PlatformError; both name the payment.
   */
  async submit(app: AppRecord, payment: PaymentRow, attempt: AttemptRow): Promise<AttemptRow> {
    const accounts = await this.book.of(app, attempt);
    const payments = this.platforms.payments(attempt.platform);
    const order = orderOf(attempt, payment.subject, this.book.notifyUrl(accounts));
    try {
      const submission = await payments.submit(accounts, order, this.time.now(app));
      if (submission.kind === 'ready') {
        return await this.#submitted(app, attempt, submission.handle, submission.handleExpiresAt);
      }
      if (submission.kind === 'paid') {
        await this.#lost(app, attempt, 0);
        return attempt;
      }
      const { platformCode, detail } = submission;
      await this.db.transaction((tx) => this.settlement.end(tx, app, attempt.number, 'refused', platformCode));
      throw problem('payment_refused', detail, { platform: attempt.platform, platformCode, paymentId: payment.id });
    } catch (error) {
      if (!(error instanceof PlatformError)) throw error;
      if (error.problem === 'platform_unknown') await this.#lost(app, attempt, payments.askAfter.payment[0] ?? 5);
      throw naming(error, payment.id);
    }
  }

  /** What the client calls next, for the newest attempt that can be paid; undefined when there is none. */
  async clientAction(
    app: AppRecord,
    payment: PaymentRow,
    attempts: readonly AttemptRow[],
  ): Promise<ClientAction | undefined> {
    const now = this.time.now(app);
    const attempt = attempts.findLast((one) => isOpen(one) && isPayable(one, now) && !isDebit(one));
    const canBePaid = payment.status === 'created' || payment.status === 'pending';
    if (!attempt || !canBePaid || payment.closingSince !== null || payment.expiresAt <= now) return undefined;
    try {
      const accounts = await this.book.of(app, attempt);
      const order = orderOf(attempt, payment.subject, this.book.notifyUrl(accounts));
      return this.platforms.payments(attempt.platform).clientAction(accounts, order, now);
    } catch (error) {
      // A read must not fail because the account has lost its key; paying again will say so.
      if (!(error instanceof PlatformError)) throw error;
      this.#log.warn({ attempt: attempt.id, problem: error.problem }, error.message);
      return undefined;
    }
  }

  async #submitted(app: AppRecord, attempt: AttemptRow, handle: string, handleExpiresAt: Date | null) {
    const { payment: schedule } = this.platforms.payments(attempt.platform).askAfter;
    const seconds = schedule.find((one) => one >= FIRST_ASK_SECONDS) ?? FIRST_ASK_SECONDS;
    const checkAt = new Date(this.time.now(app).getTime() + seconds * 1_000);
    const values = [app.id, attempt.id, handle, handleExpiresAt, checkAt, this.clock.now()];
    const [row] = await this.db.run<Pick<AttemptRow, 'status'> & { isWanted: boolean }>(SUBMITTED, values);
    // No row: a callback or a cancellation was faster.
    if (!row) return attempt;
    // Canceled or paid otherwise while the platform took the order: without a handle nobody is asked to pay it.
    return { ...attempt, status: row.status, handle: row.isWanted ? handle : null, handleExpiresAt, checkAt };
  }

  async #lost(app: AppRecord, attempt: AttemptRow, seconds: number): Promise<void> {
    const checkAt = new Date(this.time.now(app).getTime() + seconds * 1_000);
    await this.db.run(LOST, [app.id, attempt.id, checkAt, this.clock.now()]);
  }
}

/** Whether the client can be given parameters without asking the platform again. */
export const isPayable = ({ status, handle, handleExpiresAt }: AttemptRow, now: Date): boolean =>
  status === 'pending' && handle !== null && (handleExpiresAt === null || handleExpiresAt > now);

/** The payment exists although the call failed: the caller is told which, and may try again there. */
function naming(error: PlatformError, paymentId: string): PlatformError {
  Object.assign(error.extra, { paymentId });
  return error;
}
