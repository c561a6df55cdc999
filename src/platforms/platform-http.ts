import type { PlatformAccount } from './platform.js';

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

/**
 * One exchange with a platform. Throws PlatformError `platform_busy` when the request certainly was not sent,
 * `platform_unknown` when it may have been. Any HTTP status is an answer; the platform folder judges it.
 */
export abstract class PlatformHttp {
  abstract send(account: PlatformAccount, request: PlatformRequest): Promise<PlatformResponse>;
}
