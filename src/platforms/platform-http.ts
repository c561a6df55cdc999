import type { PlatformAccount } from './platform.js';

/** The account, a mini-program's or a merchant's, for which a call is made: its mode decides the host. */
export type CallingAccount = Pick<PlatformAccount, 'appId' | 'id' | 'platform' | 'mode'>;

export interface PlatformRequest {
  /** The platform's real origin, e.g. `https://api.weixin.qq.com`. A test account's call goes to the sandbox instead. */
  readonly origin: string;
  readonly method: 'GET' | 'POST';
  /** Path and query as sent. */
  readonly path: string;
  /** Stands for the path in metrics and logs (a path may carry secrets in its query): `jscode2session`. */
  readonly operation: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Milliseconds for the whole exchange; 5,000 when left out. */
  readonly timeout?: number;
}

export interface PlatformResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** Raw bytes: signatures are verified on these, never on something parsed. At most 1 MiB. */
  readonly body: Buffer;
}

/** What is known about one finished call. Never its path, which may carry secrets. */
export interface PlatformCall {
  readonly appId: string;
  readonly accountId: string;
  readonly platform: string;
  readonly operation: string;
  readonly outcome: 'answered' | 'not_sent' | 'unknown';
  /** The HTTP status; 0 without an answer. */
  readonly status: number;
  readonly seconds: number;
}

/** Told about every call, for metrics and logs; whoever wants to know provides one. Must not throw. */
export abstract class PlatformCallObserver {
  abstract onCall(call: PlatformCall): void;
}

/**
 * One exchange with a platform. Throws PlatformError `platform_busy` when the request certainly was not sent,
 * `platform_unknown` when it may have been (an answer that is cut off or too large included), and
 * `platform_account_misconfigured` for a test account while the sandbox is off. Any HTTP status is an answer; the
 * platform folder judges it. Nothing is repeated and no redirect is followed.
 */
export abstract class PlatformHttp {
  abstract send(account: CallingAccount, request: PlatformRequest): Promise<PlatformResponse>;
}
