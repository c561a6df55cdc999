import { Pool, type Dispatcher } from 'undici';
import { PlatformError } from './errors.js';
import { Exchange } from './exchange.js';
import {
  type CallingAccount,
  PlatformHttp,
  type PlatformCall,
  type PlatformRequest,
  type PlatformResponse,
} from './platform-http.js';

const EXCHANGE_TIMEOUT = 5_000;
const CONNECT_TIMEOUT = 3_000;
const LARGEST_ANSWER = 1024 * 1024;
/** Per origin. More wait in line, within their own timeout: a slow platform must not eat all our sockets. */
const CONNECTIONS = 256;

export interface UndiciHttpOptions {
  /** Where test accounts' calls go; absent when the sandbox is off. */
  readonly sandboxUrl: string | undefined;
  /** Milliseconds for a whole exchange, where the call does not say: 5,000 when left out. */
  readonly timeout?: number;
  /** Told about every call, for metrics and logs. Must not throw. */
  readonly onCall?: (call: PlatformCall) => void;
}

interface Target {
  readonly origin: string;
  /** What `SANDBOX_URL` has behind its host, usually nothing. */
  readonly prefix: string;
}

/** PlatformHttp over one pool of kept-alive connections per origin. Follows no redirects: no platform sends any. */
export class UndiciHttp extends PlatformHttp {
  readonly #pools = new Map<string, Pool>();
  readonly #sandbox: Target | undefined;
  readonly #timeout: number;
  readonly #onCall: ((call: PlatformCall) => void) | undefined;

  constructor({ sandboxUrl, timeout = EXCHANGE_TIMEOUT, onCall }: UndiciHttpOptions) {
    super();
    this.#sandbox = sandboxUrl === undefined ? undefined : targetOf(sandboxUrl);
    this.#timeout = timeout;
    this.#onCall = onCall;
  }

  override async send(account: CallingAccount, request: PlatformRequest): Promise<PlatformResponse> {
    const { origin, prefix } = this.#targetFor(account, request.origin);
    const started = performance.now();
    const exchange = new Exchange();
    exchange.start(this.#poolOf(origin), toDispatch(request, prefix), request.timeout ?? this.#timeout);
    const end = await exchange.ended;
    this.#onCall?.({
      appId: account.appId,
      accountId: account.id,
      platform: account.platform,
      operation: request.operation,
      outcome: end.outcome,
      status: end.outcome === 'answered' ? end.response.status : 0,
      seconds: (performance.now() - started) / 1_000,
    });
    if (end.outcome === 'answered') return end.response;
    throw end.outcome === 'unknown'
      ? new PlatformError('platform_unknown', account, { cause: end.cause })
      : new PlatformError('platform_busy', account, {
          detail: 'The platform could not be reached; nothing was sent. Try again.',
          cause: end.cause,
          repeats: 2,
        });
  }

  /** Lets running calls end, then closes the connections. */
  async close(): Promise<void> {
    await Promise.all([...this.#pools.values()].map((pool) => pool.close()));
  }

  /** The one place that decides who is called; a test account has no way to a platform, a live one none to the sandbox. */
  #targetFor(account: CallingAccount, origin: string): Target {
    const sandbox = this.#sandbox;
    if (sandbox?.origin === origin) {
      throw new PlatformError('platform_account_misconfigured', account, {
        detail: 'SANDBOX_URL points to the platform itself; test and live calls would meet there.',
      });
    }
    if (account.mode === 'live') return { origin, prefix: '' };
    if (!sandbox) {
      throw new PlatformError('platform_account_misconfigured', account, {
        detail: 'This is an account of a test app and the sandbox is off: set SANDBOX=on, or use a live app.',
      });
    }
    return sandbox;
  }

  #poolOf(origin: string): Pool {
    let pool = this.#pools.get(origin);
    if (!pool) {
      // The exchange has one timer of its own for everything, which also counts the wait for a free connection.
      pool = new Pool(origin, {
        connections: CONNECTIONS,
        connectTimeout: CONNECT_TIMEOUT,
        headersTimeout: 0,
        bodyTimeout: 0,
        maxResponseSize: LARGEST_ANSWER,
      });
      this.#pools.set(origin, pool);
    }
    return pool;
  }
}

function targetOf(url: string): Target {
  const { origin, pathname } = new URL(url);
  return { origin, prefix: pathname.replace(/\/+$/, '') };
}

const toDispatch = ({ method, path, headers, body }: PlatformRequest, prefix: string): Dispatcher.DispatchOptions => ({
  method,
  path: prefix + path,
  headers: headers ?? null,
  body: body ?? null,
});
