import type { CallbackReader, RawCallback } from '../../../src/platforms/callback.js';
import type { ClientAction, PayAccounts, PlatformPayments } from '../../../src/platforms/payment-platform.js';

/** What our server says to a platform. A platform may need fewer: where the client places the order, nobody submits it. */
export type PlatformCall = 'submit' | 'query' | 'close' | 'refund' | 'queryRefund';
export type PaymentFault =
  | 'timeout_before'
  | 'timeout_after'
  | 'busy'
  | 'status_500'
  | 'garbage'
  | 'forge'
  | 'wrong_signature'
  | 'wrong_amount'
  | 'duplicate';

/** One developer on one platform, as the contract needs it. Everything behind it is real. */
export interface PaymentBench {
  readonly payments: PlatformPayments;
  /** The same, with an HTTP client that gives up soon. */
  readonly impatient: PlatformPayments;
  /** What reads the callbacks of payments. */
  readonly callbacks: CallbackReader;
  readonly accounts: PayAccounts;
  /** The openid of the person who pays. */
  readonly payer: string;
  readonly notifyUrl: string;
  /** Headers without which a callback proves nothing; empty where all of it is in the body. */
  readonly signatureHeaders: readonly string[];
  businessNow(): Date;
  /** Business time moves on; what is due at the platform then happens. */
  pass(seconds: number): Promise<void>;
  /** The person does that on the payment page; true when the client reports a payment. */
  cashier(action: ClientAction, outcome: 'pay' | 'cancel'): Promise<boolean>;
  fault(kind: PaymentFault, at: PlatformCall | 'callback', times?: number): Promise<void>;
  noFaults(): Promise<void>;
  /** How callbacks are answered from now on. */
  answering: 'accepted' | 'retry';
  /** The callbacks that have come. */
  readonly received: readonly RawCallback[];
  /** The callback number `count` (from 1), come or to come. */
  callback(count: number): Promise<RawCallback>;
  /** Another developer with a mini-program, a merchant and keys of its own. */
  another(): Promise<PaymentBench>;
  close(): Promise<void>;
}
