import type { Fen } from '../common/money.js';
import type { ClientAction, PayAccounts, PlatformSettings } from './payment-platform.js';
import type { PlatformDescription } from './platform.js';

/** How often something is charged: every `intervalCount` intervals. */
export interface Recurring {
  readonly interval: 'day' | 'week' | 'month' | 'year';
  readonly intervalCount: number;
}

/**
 * A contract by which a user lets a merchant debit them every period, as its platform sees it. Always built from our row,
 * so always the same; plain JSON, because a debit keeps the terms under which it was made. Times are business time.
 */
export interface MandateTerms {
  /** 26 lower-case base32 characters: WeChat's `contract_code`, Alipay's `external_agreement_no`, Douyin's `outAuthOrderNo`. */
  readonly number: string;
  /** At most 12 digits, another for each mandate: WeChat's `request_serial`. */
  readonly serial: number;
  /** The user's openid in the mini-program. */
  readonly payer: string;
  /** What the user reads: at most 100 characters, without emoji. */
  readonly subject: string;
  /** Fen of an ordinary period. */
  readonly amount: Fen;
  /** Fen: no debit will be above that. */
  readonly mostAmount: Fen;
  readonly recurring: Recurring;
  /** RFC 3339: when the first debit without the user is planned. */
  readonly firstDebitAt: string;
  /** RFC 3339: until when the user may sign. */
  readonly expiresAt: string;
  /** Where the platform tells what becomes of the contract. */
  readonly notifyUrl: string;
  /** Resolved and complete: see `requiredSettings`. */
  readonly settings: PlatformSettings;
  /** The platform's id of the contract, once it has told us. */
  readonly contractId: string | null;
  /** RFC 3339: when it was signed; null: it is not. */
  readonly signedAt: string | null;
}

/** Why an attempt is more than an ordinary payment. */
export interface AttemptMandate {
  /** `first`: the person pays and signs at once. `debit`: nobody is there. */
  readonly kind: 'first' | 'debit';
  readonly terms: MandateTerms;
}

/** What a platform says of a contract. "I do not know" is not among them: that is thrown. */
export type MandateState =
  | {
      readonly kind: 'active';
      readonly contractId: string;
      readonly signedAt: Date;
      /** Null: until somebody ends it. */
      readonly endsAt: Date | null;
      /** openid of who signed, where the platform tells it; compared with our row. */
      readonly payer?: string;
    }
  /** Known, and still to be signed. */
  | { readonly kind: 'pending' }
  | {
      readonly kind: 'ended';
      readonly how: 'terminated' | 'expired';
      readonly by: 'user' | 'merchant' | 'platform';
      readonly endedAt: Date | null;
    }
  /** The platform knows no such contract, or knows that it was never signed. */
  | { readonly kind: 'absent' };

/** When the next period may be announced and collected, in business time. */
export interface CollectionWindow {
  /** When to tell the user through the platform; null: nothing is owed. */
  readonly noticeAt: Date | null;
  /** From when, and before when, the platform takes a debit. */
  readonly collectFrom: Date;
  readonly collectUntil: Date;
}

/**
 * `funds`: the user cannot pay now, another try makes sense. `later`: the platform does not want it now. `window`: outside
 * the platform's window, a new one must be opened. `ended`: the contract is over. `final`: no debit of this period will
 * ever succeed. `misconfigured`: the merchant's contract or plan forbids it, the developer must act.
 */
export type Decline = 'funds' | 'later' | 'window' | 'ended' | 'final' | 'misconfigured';

/** How a platform wants to be debited: who, when, how much notice, which periods. All pure. */
export interface MandatePolicy {
  /** Of a subscription that is paid from the first day: pay and sign on one page, or sign and then be debited. */
  readonly firstCharge: 'pay_and_sign' | 'sign_then_debit';
  /**
   * Fields of the settings that name the merchant's template of a contract. It alone bounds the debits, and a person has one
   * contract under each. Absent: the contract itself says how much is debited, and how often.
   */
  readonly template?: readonly string[];
  /** Why the platform cannot debit so, to go on after "… "; undefined: it can. */
  obstacle(recurring: Recurring, amount: Fen): string | undefined;
  /**
   * The window for the period that begins at `periodStart`: the platform's usual one, or when that can no longer be met
   * at `now` the next that can. A period that starts with the contract is collected at once where the platform allows it.
   */
  window(period: { readonly periodStart: Date; readonly now: Date; readonly terms: MandateTerms }): CollectionWindow;
  /** The next time, not before `at`, at which the platform takes a debit (its hours of the day). */
  debitTime(at: Date): Date;
  /** When to try again after the `failures`th failed try; undefined: not in this window. */
  retryAt(tried: {
    readonly failures: number;
    readonly failedAt: Date;
    readonly window: CollectionWindow;
  }): Date | undefined;
  /** What a refusal or a failed debit means. */
  decline(platformCode: string): Decline;
  /** Whether periods that nobody billed while the service was down may be billed afterwards, each once and in order. */
  readonly billsMissedPeriods: boolean;
  /**
   * Whether the platform counts periods by itself, from one debit to the next. Then ours follow: one begins with the first
   * payment under another contract, and with a debit in a window that was not the usual one.
   */
  readonly countsPeriods: boolean;
}

/**
 * Contracts for debits on one platform. Stores nothing; each may be called again at any time. All but the pure ones throw
 * PlatformError as PlatformPayments do. The debit itself is an attempt (`PayOrder.mandate`): PlatformPayments submits it,
 * asks about it and gives it back.
 */
export interface PlatformMandates {
  readonly policy: MandatePolicy;
  /** Fields of the payment `settings` that a contract cannot do without. */
  readonly requiredSettings: readonly string[];
  /** What fills the gaps of a test app: the sandbox's stock. */
  readonly testSettings: PlatformSettings;
  /** Pure: opens the page on which the user signs, and pays nothing. */
  signAction(accounts: PayAccounts, terms: MandateTerms, businessNow: Date): ClientAction;
  query(accounts: PayAccounts, terms: MandateTerms): Promise<MandateState>;
  /** Resolves when the contract is over, also when it was before. `reason` at most 100 characters. */
  terminate(accounts: PayAccounts, terms: MandateTerms, reason: string): Promise<void>;
  /** Tells the user of the next debit, where the platform wants that done by call. Resolves when it is done, also before. */
  notice?(accounts: PayAccounts, terms: MandateTerms, debit: { readonly amount: Fen }): Promise<void>;
  /**
   * Makes the platform take the next debit in that window, where it keeps a plan of its own (Alipay's execution plan).
   * Called before the first debit of a window. Gives the window of that plan where it lies later and stays so; undefined: the
   * debit is taken in `window`.
   */
  reschedule?(
    accounts: PayAccounts,
    terms: MandateTerms,
    window: CollectionWindow,
  ): Promise<CollectionWindow | undefined>;
}

export interface MandatePlatform extends PlatformDescription {
  readonly mandates: PlatformMandates;
}
