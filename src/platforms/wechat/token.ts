import { PlatformError } from '../errors.js';
import type { TokenSource } from '../access-tokens.js';
import { repeating } from '../repeating.js';
import type { WechatApi, WechatEndpoint } from './api.js';
import { credentialsOf } from './credentials.js';
import { TOKEN_REFUSED, WECHAT_ERRORS } from './errors.js';
import { StableToken } from './wechat.wire.js';

const STABLE_TOKEN: WechatEndpoint<StableToken> = {
  path: '/cgi-bin/stable_token',
  operation: 'stable_token',
  answer: StableToken,
  errors: WECHAT_ERRORS.token,
};

/**
 * The stable access token in normal mode: WeChat gives the same one until five minutes before its end. Never forced,
 * which would kill the token at once for everybody and is allowed twenty times a day.
 */
export const stableToken = (api: WechatApi): TokenSource => ({
  kind: 'stable_token',
  async fetch(account) {
    const body = {
      grant_type: 'client_credential',
      appid: account.platformAppId,
      secret: credentialsOf(account).secret,
      force_refresh: false,
    };
    const { access_token, expires_in } = await repeating(() => api.post(account, STABLE_TOKEN, body));
    if (!access_token || !expires_in) {
      throw new PlatformError('platform_answer_invalid', account, { detail: 'WeChat has answered without a token.' });
    }
    return { token: access_token, expiresInSeconds: expires_in };
  },
  refuses: (error) => error instanceof PlatformError && TOKEN_REFUSED.has(error.platformCode),
});
