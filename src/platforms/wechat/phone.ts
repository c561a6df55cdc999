import type { AccessTokens, TokenSource } from '../access-tokens.js';
import { isCode } from '../answers.js';
import { PlatformError } from '../errors.js';
import type { PlatformAccount, PlatformPhone } from '../platform.js';
import { repeating } from '../repeating.js';
import { phoneIn } from '../session-data.js';
import type { WechatApi, WechatEndpoint } from './api.js';
import { WECHAT_ERRORS } from './errors.js';
import { UserPhoneNumber } from './wechat.wire.js';

const USER_PHONE_NUMBER: WechatEndpoint<UserPhoneNumber> = {
  path: '/wxa/business/getuserphonenumber',
  operation: 'getuserphonenumber',
  answer: UserPhoneNumber,
  errors: WECHAT_ERRORS.phone,
};

/** Exchanges the code of the phone button (not that of `wx.login`). With `openid` WeChat checks whose code it is. */
export async function exchangePhoneCode(
  api: WechatApi,
  tokens: AccessTokens,
  source: TokenSource,
  account: PlatformAccount,
  code: string,
  openid: string,
): Promise<PlatformPhone> {
  if (!isCode(code)) throw new PlatformError('phone_code_invalid', account);
  const answer = await tokens.use(account, source, (token) =>
    repeating(() => api.post(account, USER_PHONE_NUMBER, { code, openid }, token)),
  );
  return phoneIn(account, answer.phone_info, 'platform_answer_invalid');
}
