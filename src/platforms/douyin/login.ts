import { isCode } from '../answers.js';
import { PlatformError } from '../errors.js';
import type { LoginCodes, PlatformAccount, PlatformPerson } from '../platform.js';
import { repeating } from '../repeating.js';
import { TOUTIAO, type DouyinApi, type DouyinEndpoint } from './api.js';
import { credentialsOf } from './credentials.js';
import { Code2Session } from './douyin.wire.js';
import { DOUYIN_ERRORS } from './errors.js';

const CODE2SESSION: DouyinEndpoint<Code2Session> = {
  origin: TOUTIAO,
  path: '/api/apps/v2/jscode2session',
  operation: 'jscode2session',
  data: Code2Session,
  errors: DOUYIN_ERRORS.login,
};

/**
 * Exchanges what `tt.login` gave: `code` when somebody is logged in to the Douyin app, `anonymousCode` always. With both,
 * Douyin links the anonymous visitor to the person; with the second alone only the device-level id is known.
 */
export async function exchangeCodes(
  api: DouyinApi,
  account: PlatformAccount,
  { code, anonymousCode }: LoginCodes,
): Promise<PlatformPerson> {
  const given = [code, anonymousCode].filter((one) => one !== undefined);
  if (given.length === 0 || !given.every(isCode)) {
    throw new PlatformError('login_code_invalid', account, {
      detail: 'Douyin logs in with `code`, `anonymousCode` or both, as tt.login gives them.',
    });
  }
  // A code that is left out leaves no field in the JSON.
  const body = {
    appid: account.platformAppId,
    secret: credentialsOf(account).secret,
    code,
    anonymous_code: anonymousCode,
  };
  const person = personIn(await repeating(() => api.post(account, CODE2SESSION, body)));
  if (code === undefined ? !person.anonymousOpenid : !person.openid) {
    throw new PlatformError('platform_answer_invalid', account, { detail: 'Douyin has answered without an openid.' });
  }
  return person;
}

const personIn = ({ openid, anonymous_openid, unionid, session_key }: Code2Session): PlatformPerson => ({
  ...(openid ? { openid } : {}),
  ...(anonymous_openid ? { anonymousOpenid: anonymous_openid } : {}),
  ...(unionid ? { unionid } : {}),
  ...(session_key ? { sessionKey: session_key } : {}),
});
