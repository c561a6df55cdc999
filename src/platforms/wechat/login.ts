import { isCode } from '../answers.js';
import { PlatformError } from '../errors.js';
import type { LoginCodes, PlatformAccount, PlatformPerson } from '../platform.js';
import { repeating } from '../repeating.js';
import type { WechatApi, WechatEndpoint } from './api.js';
import { credentialsOf } from './credentials.js';
import { WECHAT_ERRORS } from './errors.js';
import { Code2Session } from './wechat.wire.js';

const CODE2SESSION: WechatEndpoint<Code2Session> = {
  path: '/sns/jscode2session',
  operation: 'jscode2session',
  answer: Code2Session,
  errors: WECHAT_ERRORS.login,
};

/** Exchanges the code of `wx.login`. A busy WeChat is asked again with the same code, which it may not have consumed. */
export async function exchangeCode(
  api: WechatApi,
  account: PlatformAccount,
  { code }: LoginCodes,
): Promise<PlatformPerson> {
  if (!isCode(code)) {
    throw new PlatformError('login_code_invalid', account, {
      detail: 'WeChat logs in with `code`, as wx.login gives it.',
    });
  }
  const appid = encodeURIComponent(account.platformAppId);
  const secret = encodeURIComponent(credentialsOf(account).secret);
  const query = `appid=${appid}&secret=${secret}&js_code=${encodeURIComponent(code)}&grant_type=authorization_code`;
  const { openid, session_key, unionid } = await repeating(() => api.get(account, CODE2SESSION, query));
  if (!openid) {
    throw new PlatformError('platform_answer_invalid', account, { detail: 'WeChat has answered without an openid.' });
  }
  return {
    openid,
    ...(session_key ? { sessionKey: session_key } : {}),
    ...(unionid ? { unionid } : {}),
  };
}
