import type { ZodType } from 'zod';
import type { Fen } from '../common/money.js';
import type { AttemptMandate } from './mandate-platform.js';
import type { AccountCheck, PlatformAccount, PlatformCode, PlatformDescription } from './platform.js';

/** One payment contract of one app with a platform, its secrets opened. Compare PlatformAccount. */
export interface MerchantAccount<Credentials = unknown> {
  readonly appId: string;
  readonly id: string;
  readonly platform: PlatformCode;
  /** The platform's own id of the merchant: WeChat's `mchid`, Alipay's `2088…`, Douyin's `merchantUid`. */
  readonly merchantId: string;
  readonly mode: 'test' | 'live';
  readonly credentials: Credentials;
  /** Platform settings for every payment that does not say otherwise (design decision 15). */
  readonly defaults: PlatformSettings;
}

/** The mini-program in which somebody pays, and the contract under which the money arrives. */
export interface PayAccounts {
  readonly program: PlatformAccount;
  readonly merchant: MerchantAccount;
}

/** What only one platform wants of a payment, in the shape that the platform publishes (`settings`). */
export type PlatformSettings = Readonly<Record<string, unknown>>;

/** One attempt, as its platform sees it: an order under our number. Always built from our row, so always the same. */
export interface PayOrder {
  /** 26 lower-case base32 characters, unique for ever: the platform's `out_trade_no` / `outOrderNo`. */
  readonly number: string;
  /** Fen. */
  readonly amount: Fen;
  readonly currency: 'CNY';
  /** What the payer reads; at most 127 characters, without emoji. */
  readonly subject: string;
  /** The payer's openid in `program`. */
  readonly payer: string;
  /** Business time: until then the person may pay. */
  readonly expiresAt: Date;
  /** Where the platform tells the result. */
  readonly notifyUrl: string;
  /** Resolved and complete: see `settings`. */
  readonly settings: PlatformSettings;
  /** What `submit` gave; null before that. */
  readonly handle: string | null;
  /** Until when `handle` works (business time); null: as long as the order. */
  readonly handleExpiresAt?: Date | null;
  /** The platform's id of the order, once it has told us. */
  readonly transactionId: string | null;
  /** With it the order also signs a contract (`first`), or debits under one without the person (`debit`). */
  readonly mandate?: AttemptMandate;
}

/** What came of handing an order to the platform. Everything doubtful is thrown (`platform_unknown`, `platform_busy`). */
export type Submission =
  /**
   * The person can pay: `handle` (WeChat's prepay_id, Alipay's trade_no, '' for Douyin) makes the client's parameters. Of
   * a debit: the platform has taken it, and tells the outcome later.
   */
  | { readonly kind: 'ready'; readonly handle: string; readonly handleExpiresAt: Date | null }
  /** The platform says that this order is paid already: ask it. */
  | { readonly kind: 'paid' }
  /** Certainly not done, and never will be under this number. */
  | { readonly kind: 'refused'; readonly platformCode: string; readonly detail: string };

/** What a platform says of an order. "I do not know" is not among them: that is thrown. */
export type PayState =
  | { readonly kind: 'succeeded'; readonly paid: PaidFacts }
  /** Known to the platform, and somebody can still pay it. */
  | { readonly kind: 'pending' }
  /** Nobody can ever pay it. */
  | { readonly kind: 'closed' }
  /** A debit without a person that did not succeed. */
  | { readonly kind: 'failed'; readonly platformCode: string }
  /** The platform knows no such order (yet): see `absentIsFinalAt`. */
  | { readonly kind: 'absent' };

/** What the platform says of a success. All of it is compared with our row; what it does not tell is left out. */
export interface PaidFacts {
  readonly transactionId: string;
  readonly paidAt: Date;
  /** Fen: the order's total, not what the person paid after coupons. */
  readonly amount: Fen;
  readonly currency: string;
  readonly merchantId?: string;
  readonly platformAppId?: string;
  /** openid */
  readonly payer?: string;
}

/** What came of asking a platform to close an order. */
export type Closing =
  | { readonly kind: 'closed' }
  /** It was paid before: ask. */
  | { readonly kind: 'paid' }
  /** The platform closes it by itself: it stays payable until then (business time). */
  | { readonly kind: 'waits'; readonly until: Date };

/** One refund of an attempt. */
export interface RefundOrder {
  /** 26 lower-case base32 characters: the platform's `out_refund_no` / `out_request_no`; the same number acts once. */
  readonly number: string;
  readonly amount: Fen;
  readonly reason: string | null;
  readonly notifyUrl: string;
  /** The platform's id of the refund, once known. */
  readonly platformRefundId: string | null;
  /** The paid attempt. */
  readonly payment: PayOrder;
  /** Fen of this attempt that earlier refunds have given back; 0 for the first. */
  readonly refundedBefore: Fen;
}

/** What a platform says of a refund. Everything doubtful is thrown, and the same number is sent or asked for again. */
export type RefundState =
  | { readonly kind: 'succeeded'; readonly facts: RefundFacts }
  | { readonly kind: 'pending'; readonly facts: RefundFacts }
  /** Accepted but stuck until somebody acts (WeChat ABNORMAL); the money stays reserved. */
  | { readonly kind: 'action_required'; readonly facts: RefundFacts; readonly detail: string }
  /** Final: it will never happen under this number. */
  | {
      readonly kind: 'failed';
      readonly platformCode: string;
      readonly detail: string;
      /** The merchant has said no to it, through us or in the platform's console. */
      readonly isRejected?: true;
    }
  /** Not now (balance too low, too fast): send the same number again after that many seconds. */
  | { readonly kind: 'later'; readonly platformCode: string; readonly detail: string; readonly retryAfter: number }
  /** The platform knows no such refund: sending it again is safe. */
  | { readonly kind: 'absent' };

export interface RefundFacts {
  readonly platformRefundId?: string;
  /** Fen of this refund; compared with our row. */
  readonly amount?: Fen;
  readonly succeededAt?: Date;
  /** Fen that all refunds of the payment have given back so far, where a platform tells only that (Alipay). */
  readonly refundedTotal?: Fen;
}

/** What the front end does next, whatever the platform (design 5). Built anew at each read, never stored. */
export interface ClientAction {
  readonly platform: PlatformCode;
  /** The client's function: `requestPayment`, `tradePay`, `requestOrder`. */
  readonly method: string;
  readonly params: Readonly<Record<string, unknown>>;
  /** A second function to call with what the first gave: `take` names parameters and the fields they come from. */
  readonly next?: {
    readonly method: string;
    readonly params: Readonly<Record<string, unknown>>;
    readonly take: Readonly<Record<string, string>>;
  };
  /** Where the truth comes from: the platform's callback, or our server when the app is shown again. */
  readonly proof: 'callback' | 'return';
  readonly expiresAt: string;
}

/** Everything about a platform's merchant accounts; compare PlatformDescription. */
export interface MerchantDescription {
  readonly merchantId: ZodType<string>;
  readonly credentials: ZodType<object>;
  readonly secretFields: readonly string[];
  toConsole?(credentials: Readonly<Record<string, string>>): Readonly<Record<string, string>>;
}

/**
 * Takes and gives back money on one platform. No method stores anything; each may be called again at any time with the
 * same order. All but the pure ones throw PlatformError: `platform_unknown` when it may or may not have happened,
 * `platform_busy` / `platform_rate_limited` when it certainly has not, `platform_account_misconfigured` when the
 * developer must act.
 */
export interface PlatformPayments {
  readonly merchant: MerchantDescription;
  /** Strict schema of this platform's settings; every field optional, so that layers can be merged before `required`. */
  readonly settings: ZodType<PlatformSettings>;
  /** Fields of `settings` that a payment cannot do without. */
  readonly requiredSettings: readonly string[];
  /** What fills the gaps of a test app: the sandbox's stock. */
  readonly testSettings: PlatformSettings;
  /** Whose address its callbacks go to: the account that holds the keys which verify them. Compare CallbackReaders. */
  readonly callbacksTo: 'program' | 'merchant';
  /** Seconds between asking about an order or a refund whose outcome is open; the last one repeats. */
  readonly askAfter: { readonly payment: readonly number[]; readonly refund: readonly number[] };
  /** Seconds (business time) that two refunds of one payment must be apart. */
  readonly refundSpacing: number;

  /**
   * Hands the order over; a debit (`order.mandate`) is asked for. `businessNow` is the app's business time. Each method
   * that gets an order treats one with a mandate as its platform wants that treated.
   */
  submit(accounts: PayAccounts, order: PayOrder, businessNow: Date): Promise<Submission>;
  /** Pure: signs what the client call needs. Only for an order that was submitted and is open. */
  clientAction(accounts: PayAccounts, order: PayOrder, businessNow: Date): ClientAction;
  query(accounts: PayAccounts, order: PayOrder): Promise<PayState>;
  close(accounts: PayAccounts, order: PayOrder): Promise<Closing>;
  /** The instant (business time) from which an order that the platform does not know can no longer come to be there. */
  absentIsFinalAt(order: PayOrder, submittedAt: Date): Date;

  refund(accounts: PayAccounts, refund: RefundOrder): Promise<RefundState>;
  queryRefund(accounts: PayAccounts, refund: RefundOrder): Promise<RefundState>;
  /** Answers a refund that the platform or the person asked for. Absent where platforms do not ask. */
  decideRefund?(accounts: PayAccounts, refund: RefundOrder, decision: RefundDecision): Promise<void>;
  /**
   * Tells the platform that the goods of a paid order were handed over. Platforms that pay the merchant out by fulfilment
   * need it (Douyin); absent where they do not ask. Telling it twice may be refused (`platform_refused`).
   */
  fulfil?(accounts: PayAccounts, order: PayOrder): Promise<void>;

  /** Tries the merchant's credentials and says in plain words what is wrong. `programs` are those that use it. */
  verifyMerchant(merchant: MerchantAccount, programs: readonly PlatformAccount[]): Promise<AccountCheck>;
}

export type RefundDecision = { readonly approve: true } | { readonly approve: false; readonly reason: string };

export interface PaymentPlatform extends PlatformDescription {
  readonly payments: PlatformPayments;
}
