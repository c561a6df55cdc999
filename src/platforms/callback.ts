import type { Fen } from '../common/money.js';
import type { MessagePush } from './message-platform.js';
import type { MandateState } from './mandate-platform.js';
import type { MerchantAccount, PayState, PlatformSettings, RefundState } from './payment-platform.js';
import type { PlatformAccount, PlatformDescription } from './platform.js';

/** A request to our callback address, unbelieved. Header names are in lower case; the body is raw. */
export interface RawCallback {
  readonly method: string;
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** That of the address, decoded; of a repeated name the first value. Message pushes are signed there. */
  readonly query: Readonly<Record<string, string>>;
  readonly body: Buffer;
  /** The last part of the address, if any. */
  readonly hint: string | undefined;
  /** Protocol time at which it came. */
  readonly receivedAt: Date;
}

/** A verified callback. */
export interface PlatformCallback {
  /** The same for every repeat of the same callback: WeChat `id`, Alipay `notify_id`, else a hash of the body. */
  readonly deduplicationKey: string;
  /** The platform's own name of it: `TRANSACTION.SUCCESS`, `trade_status_sync`, `payment`. */
  readonly type: string;
  readonly content: CallbackContent;
}

export type CallbackContent =
  | { readonly kind: 'payment'; readonly number: string; readonly state: PayState }
  | {
      readonly kind: 'refund';
      /** Our number; absent for a refund that somebody started at the platform. */
      readonly refundNumber?: string;
      /** Our number of the attempt, and what the platform calls it: at least one. */
      readonly paymentNumber?: string;
      readonly transactionId?: string;
      /** The platform's id of the refund; also in the facts of a state that has some. */
      readonly platformRefundId?: string;
      readonly state: RefundState;
    }
  /** Somebody at the platform wants a refund; a decision may be needed (Douyin `pre_create_refund`). */
  | {
      readonly kind: 'refund_request';
      readonly platformRefundId: string;
      readonly paymentNumber: string;
      readonly amount: Fen;
      readonly reason: string | null;
      readonly needsDecision: boolean;
      /** Silence after that is consent (business time). */
      readonly decideBefore: Date | null;
    }
  /** What became of a contract: by our number, or only by the platform's id of it; at least one. */
  | {
      readonly kind: 'mandate';
      readonly number?: string;
      readonly contractId?: string;
      readonly state: MandateState;
    }
  /** About a mini-program and its messages. */
  | { readonly kind: 'push'; readonly push: MessagePush }
  /** Genuine, but nothing that we act on; it is kept and acknowledged. */
  | { readonly kind: 'other' };

export type CallbackKind = CallbackContent['kind'];
/** The content of certain kinds. */
export type ContentOf<Kind extends CallbackKind> = Extract<CallbackContent, { kind: Kind }>;

/**
 * The console of a platform asks whether the address is ours, before it sends anything there. It is verified like a
 * callback and answered, but nothing is kept.
 */
export interface AddressCheck {
  readonly kind: 'check';
  readonly reply: HttpReply;
}

/** Why a callback is not believed. All are answered alike; the log and the metrics tell them apart. */
export type CallbackRefusal =
  /** A signature header is missing altogether: a proxy drops it, or it is no callback at all. */
  | 'headers_missing'
  | 'unknown_key'
  | 'signature_invalid'
  /** The signature is older, or newer, than the platform allows. */
  | 'stale'
  | 'malformed';

/** Thrown by `read` of a CallbackReader; nothing of the request may be believed. */
export class CallbackRefused extends Error {
  override readonly name = 'CallbackRefused';

  /** `explanation` is for the developer's log: what to look at. Never a secret, nothing of the body. */
  constructor(
    readonly refusal: CallbackRefusal,
    explanation: string,
  ) {
    super(explanation);
  }
}

/** How the platform wants to be answered. */
export type Acknowledgement =
  | ({ readonly kind: 'accepted'; readonly callback: PlatformCallback } & CallbackAnswer)
  /** Not stored: the platform is to send it again. */
  | { readonly kind: 'retry' }
  | { readonly kind: 'refused' };

/** What the platform wants to be told about what it has asked. */
export interface CallbackAnswer {
  /** Our number for the refund that was requested. */
  readonly refundNumber?: string;
  /** Those of the payment whose refund was requested: Douyin wants the page of the refund. */
  readonly settings?: PlatformSettings;
  /** Where the platform tells how that refund ends, if not where it tells everything. */
  readonly notifyUrl?: string;
}

export interface HttpReply {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
}

/** Reads what a platform sends to the address of one kind of account. Stores nothing. */
export interface CallbackReader<
  Account = MerchantAccount | PlatformAccount,
  Told extends PlatformCallback | AddressCheck = PlatformCallback | AddressCheck,
> {
  /**
   * `account` is the one in the address. Throws CallbackRefused; and PlatformError where the platform must be asked about
   * it and does not answer: it is to come again.
   */
  read(account: Account, raw: RawCallback): Promise<Told>;
  /** Pure: the answer in the platform's words. */
  acknowledge(acknowledgement: Acknowledgement): HttpReply;
}

/** By kind of account; absent where the platform sends nothing to such an address. */
export interface CallbackReaders {
  readonly program?: CallbackReader<PlatformAccount>;
  readonly merchant?: CallbackReader<MerchantAccount>;
}

export interface CallbackPlatform extends PlatformDescription {
  readonly callbacks: CallbackReaders;
}
