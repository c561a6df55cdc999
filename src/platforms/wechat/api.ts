import type { ZodType } from 'zod';
import { errorOf, readAnswer, type ErrorTable } from '../answers.js';
import type { PlatformHttp, PlatformResponse } from '../platform-http.js';
import type { PlatformAccount } from '../platform.js';
import { WECHAT_ERRORS } from './errors.js';
import type { WechatAnswer } from './wechat.wire.js';

const ORIGIN = 'https://api.weixin.qq.com';
const JSON_HEADERS = { 'content-type': 'application/json' } as const;

/** One of WeChat's calls: where it is, what it answers, and what its codes mean before the general ones. */
export interface WechatEndpoint<Answer extends WechatAnswer> {
  readonly path: string;
  readonly operation: string;
  readonly answer: ZodType<Answer>;
  readonly errors: ErrorTable;
}

/** WeChat's server API. `get` and `post` give a successful answer or throw PlatformError. */
export class WechatApi {
  constructor(private readonly http: PlatformHttp) {}

  /** `query` as sent, its values encoded. */
  async get<A extends WechatAnswer>(account: PlatformAccount, endpoint: WechatEndpoint<A>, query: string): Promise<A> {
    const { path, operation } = endpoint;
    const request = { origin: ORIGIN, method: 'GET', path: `${path}?${query}`, operation } as const;
    return succeeded(account, endpoint, await this.http.send(account, request));
  }

  /** WeChat wants JSON with its UTF-8 unescaped, which is how JSON.stringify writes it. */
  async post<A extends WechatAnswer>(
    account: PlatformAccount,
    endpoint: WechatEndpoint<A>,
    body: object,
    token?: string,
  ): Promise<A> {
    return succeeded(account, endpoint, await this.handOver(account, endpoint, body, token));
  }

  /** The answer to a post as it came, for a call whose outcome has to be known for sure. Throws as PlatformHttp. */
  handOver(
    account: PlatformAccount,
    { path, operation }: Pick<WechatEndpoint<WechatAnswer>, 'path' | 'operation'>,
    body: object,
    token?: string,
  ): Promise<PlatformResponse> {
    return this.http.send(account, {
      origin: ORIGIN,
      method: 'POST',
      path: token === undefined ? path : `${path}?access_token=${encodeURIComponent(token)}`,
      operation,
      headers: JSON_HEADERS,
      body: JSON.stringify(body),
    });
  }
}

/** WeChat answers 200 to everything; the body tells, and a success may leave `errcode` out. */
function succeeded<A extends WechatAnswer>(
  account: PlatformAccount,
  { answer: schema, errors }: WechatEndpoint<A>,
  response: PlatformResponse,
): A {
  const answer = readAnswer(account, response, schema);
  if (!answer.errcode) return answer;
  throw errorOf(account, answer.errcode, [errors, WECHAT_ERRORS.any], answer.errmsg);
}
