import { type Dispatcher, Pool } from 'undici';
import { Refusal } from './http.js';
import type { Settings } from './settings.js';

export interface Person {
  readonly openid: string;
  readonly sessionKey: string;
  readonly unionid?: string;
}

interface Code2Session {
  readonly errcode?: number;
  readonly openid?: string;
  readonly session_key?: string;
  readonly unionid?: string;
}

const TIMEOUT = 5_000;

/** WeChat's `jscode2session` over kept-alive connections. Throws 401 for a refused code, 502 for anything odd. */
export function codeExchange({ platformUrl, platformAppId, platformSecret }: Settings) {
  const pool = new Pool(platformUrl, { connections: 256, headersTimeout: TIMEOUT, bodyTimeout: TIMEOUT });
  const account = `appid=${platformAppId}&secret=${platformSecret}&grant_type=authorization_code`;
  return async (code: string): Promise<Person> => {
    const path = `/sns/jscode2session?${account}&js_code=${encodeURIComponent(code)}`;
    const { errcode, openid, session_key, unionid } = await get(pool, path);
    if (errcode) throw new Refusal(401, 'login_code_invalid');
    if (typeof openid !== 'string' || typeof session_key !== 'string')
      throw new Refusal(502, 'platform_answer_invalid');
    return { openid, sessionKey: session_key, ...(unionid === undefined ? {} : { unionid }) };
  };
}

/** Below undici's `request()`, which makes a stream for every answer. */
function get(pool: Pool, path: string): Promise<Code2Session> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    const handler: Dispatcher.DispatchHandler = {
      onRequestStart: () => undefined, // undici takes a handler without it for one of its old kind
      onResponseData: (_, chunk) => void chunks.push(chunk),
      onResponseEnd: () => {
        try {
          resolve(JSON.parse(Buffer.concat(chunks).toString()) as Code2Session);
        } catch {
          reject(new Refusal(502, 'platform_answer_invalid'));
        }
      },
      onResponseError: (_, error) => reject(error),
    };
    pool.dispatch({ method: 'GET', path }, handler);
  });
}
