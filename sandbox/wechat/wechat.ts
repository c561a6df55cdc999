import { textFields } from '../core/body.js';
import { type Action, action, expireSchema, type Platform, type World } from '../core/platform.js';
import { randomHex } from '../core/random.js';
import { SessionKeys } from '../core/session-keys.js';
import { AccessTokens } from './access-tokens.js';
import { failure } from './answers.js';
import { CodeSession } from './code-session.js';
import { issueCredentials, type WechatCredentials } from './credentials.js';
import { PhoneNumbers } from './phone.js';
import { profileAction } from './profile.js';
import { sessionCheckRoutes } from './session-check.js';

/** api.weixin.qq.com, as far as logging in goes. */
export function wechat(world: World): Platform<WechatCredentials> {
  const accounts = world.accounts<WechatCredentials>('wechat');
  const sessionKeys = new SessionKeys(world.table('wechat.sessions'));
  const tokens = new AccessTokens(world);
  const codeSession = new CodeSession(world, sessionKeys);
  const phoneNumbers = new PhoneNumbers(world, tokens, sessionKeys);

  const expire: Action = action(expireSchema, ({ platformAppId, what, user }) => {
    accounts.require(platformAppId);
    if (what === 'token') tokens.expire(platformAppId);
    else sessionKeys.end(platformAppId, user);
    return {};
  });

  return {
    code: 'wechat',
    newPlatformAppId: () => `wx${randomHex(16)}`,
    issueCredentials,
    showCredentials: (credentials) => credentials,
    routes: [
      ...codeSession.routes,
      ...tokens.routes,
      ...sessionCheckRoutes(tokens, sessionKeys),
      ...phoneNumbers.routes,
    ],
    describe: ({ query, body }) => ({
      platformAppId: query.appid ?? tokens.ownerOf(query.access_token ?? '') ?? textFields(body).appid,
    }),
    busy: () => failure(-1),
    refuse: (_call, code) => failure(Number(code)),
    errorCode: /^-?\d{1,7}$/,
    actions: {
      login: codeSession.login,
      phone: phoneNumbers.tap,
      profile: profileAction(world, sessionKeys),
      expire,
    },
  };
}
