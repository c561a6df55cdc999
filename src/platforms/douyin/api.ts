import type { ZodType } from 'zod';
import { errorOf, readAnswer, shaped, type ErrorTable } from '../answers.js';
import { PlatformError } from '../errors.js';
import type { PlatformHttp } from '../platform-http.js';
import type { PlatformAccount } from '../platform.js';
import { DouyinAnswer, DouyinFailure } from './douyin.wire.js';
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

/** Douyin's server API. */
export class DouyinApi {
  constructor(private readonly http: PlatformHttp) {}

  /** Gives `data` of a successful answer, or throws PlatformError. */
  async post<Data>(
    account: PlatformAccount,
    { origin, path, operation, data, errors }: DouyinEndpoint<Data>,
    body: object,
    clientToken?: string,
  ): Promise<Data> {
    // Exactly this content type: Douyin has been seen to refuse one with a charset behind it.
    const headers = {
      'content-type': 'application/json',
      ...(clientToken === undefined ? {} : { 'access-token': clientToken }),
    };
    const request = { origin, method: 'POST', path, operation, headers, body: JSON.stringify(body) } as const;
    const answer = readAnswer(account, await this.http.send(account, request), DouyinAnswer);
    const failure = failureIn(answer);
    if (failure === undefined) {
      throw new PlatformError('platform_answer_invalid', account, { detail: 'Douyin has answered without a code.' });
    }
    if (failure.code !== 0) throw errorOf(account, failure.code, [errors, DOUYIN_ERRORS.any], failure.message);
    return shaped(account, answer.data, data);
  }
}

/** The code of an answer, 0 when it succeeded; undefined when it has none where any family would put it. */
function failureIn({ err_no, err_tips, err_msg, log_id, data, extra }: DouyinAnswer) {
  const inner = err_no === undefined ? DouyinFailure.parse(data) : undefined;
  const codes = [err_no, inner?.error_code, extra?.error_code].filter((code) => code !== undefined);
  if (codes.length === 0) return undefined;
  const text = err_tips ?? err_msg ?? inner?.description ?? extra?.description ?? '';
  return { code: codes.find((code) => code !== 0) ?? 0, message: `${text} log_id: ${log_id ?? 'none'}` };
}
