import type { FetchedToken, TokenSource } from '../access-tokens.js';
import { PlatformError } from '../errors.js';
import type { PlatformAccount } from '../platform.js';
import { repeating } from '../repeating.js';
import { OPEN_DOUYIN, TOUTIAO, type DouyinApi, type DouyinEndpoint } from './api.js';
import { credentialsOf } from './credentials.js';
import { Token } from './douyin.wire.js';
import { DOUYIN_ERRORS, TOKEN_REFUSED } from './errors.js';

const ACCESS_TOKEN: DouyinEndpoint<Token> = {
  origin: TOUTIAO,
  path: '/api/apps/v2/token',
  operation: 'token',
  data: Token,
  errors: DOUYIN_ERRORS.accessToken,
};

const CLIENT_TOKEN: DouyinEndpoint<Token> = {
  origin: OPEN_DOUYIN,
  path: '/oauth/client_token/',
  operation: 'client_token',
  data: Token,
  errors: DOUYIN_ERRORS.clientToken,
};

const GRANT = { grant_type: 'client_credential' } as const;
const refuses = (error: unknown): boolean => error instanceof PlatformError && TOKEN_REFUSED.has(error.platformCode);

/**
 * Douyin has two tokens which do not stand in for each other: this one for developer.toutiao.com. Each new one leaves the
 * one before five minutes to live, so nobody but AccessTokens may fetch them.
 */
export const accessToken = (api: DouyinApi): TokenSource => ({
  kind: 'access_token',
  fetch: (account) => {
    const { secret } = credentialsOf(account);
    return fetchToken(api, account, ACCESS_TOKEN, { appid: account.platformAppId, secret, ...GRANT });
  },
  refuses,
});

/** The token for open.douyin.com. Of these only the two newest are kept alive. */
export const clientToken = (api: DouyinApi): TokenSource => ({
  kind: 'client_token',
  fetch: (account) => {
    const { secret } = credentialsOf(account);
    return fetchToken(api, account, CLIENT_TOKEN, {
      client_key: account.platformAppId,
      client_secret: secret,
      ...GRANT,
    });
  },
  refuses,
});

async function fetchToken(
  api: DouyinApi,
  account: PlatformAccount,
  endpoint: DouyinEndpoint<Token>,
  body: object,
): Promise<FetchedToken> {
  const { access_token, expires_in } = await repeating(() => api.post(account, endpoint, body));
  return { token: access_token, expiresInSeconds: expires_in };
}
