import type { ZodType } from 'zod';
import { errorOf, readAnswer, shaped, type ErrorTable } from '../answers.js';
import { PlatformError } from '../errors.js';
import type { PlatformHttp } from '../platform-http.js';
import type { PlatformAccount } from '../platform.js';
import { DouyinAnswer, DouyinFailure as InnerFailure } from './douyin.wire.js';
import { DOUYIN_ERRORS } from './errors.js';

/** The old world: login and the access token. Paths without a trailing slash. */
export const TOUTIAO = 'https://developer.toutiao.com';
/** The new world: wants the client token in a header. Paths with a trailing slash. */
export const OPEN_DOUYIN = 'https://open.douyin.com';

/** One of Douyin's calls, all of them POST: where it is, what its `data` is, and what its codes mean. */
export interface DouyinEndpoint<Data> {
  readonly origin: string;
  readonly path: string;
  readonly operation: string;
  readonly data: ZodType<Data>;
  readonly errors: ErrorTable;
}

/** What a call of Douyin ended in: its code, 0 for success, and its words, for the log. */
export interface DouyinFailure {
  readonly code: number;
  readonly message: string;
}

/** Douyin's server API. */
export class DouyinApi {
  constructor(private readonly http: PlatformHttp) {}

  /** Gives `data` of a successful answer, or throws PlatformError. */
  async post<Data>(
    account: PlatformAccount,
    endpoint: DouyinEndpoint<Data>,
    body: object,
    clientToken?: string,
  ): Promise<Data> {
    return succeeded(account, endpoint, await this.#exchange(account, 'POST', endpoint, body, clientToken));
  }

  /** The same for the few calls that only read. */
  async get<Data>(account: PlatformAccount, endpoint: DouyinEndpoint<Data>, clientToken: string): Promise<Data> {
    return succeeded(account, endpoint, await this.#exchange(account, 'GET', endpoint, undefined, clientToken));
  }

  /**
   * What a post ended in, for a call whose outcome has to be known for sure; undefined for an answer without a code. Throws
   * as PlatformHttp, and for an answer that cannot be read.
   */
  async handOver(
    account: PlatformAccount,
    endpoint: Pick<DouyinEndpoint<unknown>, 'origin' | 'path' | 'operation'>,
    body: object,
    clientToken: string,
  ): Promise<DouyinFailure | undefined> {
    return failureIn(await this.#exchange(account, 'POST', endpoint, body, clientToken));
  }

  async #exchange(
    account: PlatformAccount,
    method: 'GET' | 'POST',
    { origin, path, operation }: Pick<DouyinEndpoint<unknown>, 'origin' | 'path' | 'operation'>,
    body: object | undefined,
    clientToken: string | undefined,
  ): Promise<DouyinAnswer> {
    // Exactly this content type: Douyin has been seen to refuse one with a charset behind it.
    const headers = {
      'content-type': 'application/json',
      ...(clientToken === undefined ? {} : { 'access-token': clientToken }),
    };
    const content = body === undefined ? {} : { body: JSON.stringify(body) };
    const response = await this.http.send(account, { origin, method, path, operation, headers, ...content });
    return readAnswer(account, response, DouyinAnswer);
  }
}

function succeeded<Data>(account: PlatformAccount, { data, errors }: DouyinEndpoint<Data>, answer: DouyinAnswer): Data {
  const failure = failureIn(answer);
  if (failure === undefined) {
    throw new PlatformError('platform_answer_invalid', account, { detail: 'Douyin has answered without a code.' });
  }
  if (failure.code !== 0) throw errorOf(account, failure.code, [errors, DOUYIN_ERRORS.any], failure.message);
  return shaped(account, answer.data, data);
}

/** The code of an answer, 0 when it succeeded; undefined when it has none where any family would put it. */
function failureIn({ err_no, err_tips, err_msg, log_id, data, extra }: DouyinAnswer): DouyinFailure | undefined {
  const inner = err_no === undefined ? InnerFailure.parse(data) : undefined;
  const codes = [err_no, inner?.error_code, extra?.error_code].filter((code) => code !== undefined);
  if (codes.length === 0) return undefined;
  const text = err_tips ?? err_msg ?? inner?.description ?? extra?.description ?? '';
  return { code: codes.find((code) => code !== 0) ?? 0, message: `${text} log_id: ${log_id ?? 'none'}` };
}
