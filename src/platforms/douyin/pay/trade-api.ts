import type { ZodType } from 'zod';
import type { AccessTokens, TokenSource } from '../../access-tokens.js';
import { PlatformError } from '../../errors.js';
import type { PlatformAccount } from '../../platform.js';
import { repeating } from '../../repeating.js';
import { OPEN_DOUYIN, type DouyinApi, type DouyinEndpoint } from '../api.js';
import { TRADE_ERRORS, TRADE_TOKEN_REFUSED, TROUBLE } from './pay.errors.js';
import { Nothing, OrderQuery, RefundCreate, RefundQuery } from './pay.wire.js';

/** A call of the general trade system; `Data` is the `data` of its answer. */
const call = <Data>(name: string, data: ZodType<Data>): DouyinEndpoint<Data> => ({
  origin: OPEN_DOUYIN,
  path: `/api/trade_basic/v1/developer/${name}/`,
  operation: name,
  data,
  errors: TRADE_ERRORS,
});

export const ORDER_QUERY = call('order_query', OrderQuery);
export const REFUND_CREATE = call('refund_create', RefundCreate);
export const REFUND_QUERY = call('refund_query', RefundQuery);
export const REFUND_AUDIT = call('refund_audit_callback', Nothing);
export const FULFILL_PUSH = call('fulfill_push_status', Nothing);

/** Douyin's general trade system. Its calls carry the client token and no signature. */
export class TradeApi {
  /** The client token that other calls use too, with one more code that costs it. */
  readonly #token: TokenSource;

  constructor(
    private readonly api: DouyinApi,
    private readonly tokens: AccessTokens,
    clientToken: TokenSource,
  ) {
    this.#token = {
      kind: clientToken.kind,
      fetch: (account) => clientToken.fetch(account),
      refuses: (error) => clientToken.refuses(error) || TRADE_TOKEN_REFUSED.has(codeOf(error)),
    };
  }

  /** A question: repeated at once where that may help. */
  ask<Data>(program: PlatformAccount, endpoint: DouyinEndpoint<Data>, body: object): Promise<Data> {
    return this.tokens.use(program, this.#token, (token) =>
      repeating(() => this.api.post(program, endpoint, body, token)),
    );
  }

  /**
   * Something that happens: sent once (again only when its token was refused, for then nothing has happened). Throws
   * `platform_unknown` whenever the answer leaves open whether it did.
   */
  act<Data>(program: PlatformAccount, endpoint: DouyinEndpoint<Data>, body: object): Promise<Data> {
    return this.tokens.use(program, this.#token, async (token) => {
      try {
        return await this.api.post(program, endpoint, body, token);
      } catch (error) {
        throw isDoubtful(error) ? unknown(program, error) : error;
      }
    });
  }
}

/** Douyin's code in an error, where it has one. */
export const codeOf = (error: unknown): string | undefined =>
  error instanceof PlatformError ? error.platformCode : undefined;

/** `error` as one after which nobody knows. */
export function unknown(program: PlatformAccount, error: PlatformError): PlatformError {
  const { platformCode } = error;
  return new PlatformError('platform_unknown', program, {
    ...(platformCode === undefined ? {} : { platformCode }),
    cause: error,
  });
}

/** "System error", a gateway's 5xx, or what is no answer at all. */
function isDoubtful(error: unknown): error is PlatformError {
  if (!(error instanceof PlatformError)) return false;
  const { problem, platformCode } = error;
  return problem === 'platform_answer_invalid' || TROUBLE.has(platformCode) || /^http_5/.test(platformCode ?? '');
}
