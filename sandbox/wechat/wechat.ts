import { textFields } from '../core/body.js';
import { type Action, action, type Call, expireSchema, type Platform, type World } from '../core/platform.js';
import { randomHex } from '../core/random.js';
import { SessionKeys } from '../core/session-keys.js';
import { wechatPay } from '../wechatpay/wechatpay.js';
import { AccessTokens } from './access-tokens.js';
import { failure } from './answers.js';
import { CodeSession } from './code-session.js';
import { issueCredentials, type WechatCredentials } from './credentials.js';
import { openidOf } from './people.js';
import { PhoneNumbers } from './phone.js';
import { profileAction } from './profile.js';
import { sessionCheckRoutes } from './session-check.js';

/** api.weixin.qq.com, as far as logging in goes, and WeChat Pay's api.mch.weixin.qq.com. */
export function wechat(world: World): Platform<WechatCredentials> {
  const accounts = world.accounts<WechatCredentials>('wechat');
  const sessionKeys = new SessionKeys(world.table('wechat.sessions'));
  const tokens = new AccessTokens(world);
  const codeSession = new CodeSession(world, sessionKeys);
  const phoneNumbers = new PhoneNumbers(world, tokens, sessionKeys);
  const pay = wechatPay(world, {
    openidOf,
    isOpenid: (appid, openid) => sessionKeys.get(appid, openid) !== undefined,
  });

  const callerOf = ({ query, body }: Call): string | undefined =>
    query.appid ?? tokens.ownerOf(query.access_token ?? '') ?? textFields(body).appid;

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
      ...pay.routes,
    ],
    describe: (call) => (pay.isFor(call) ? pay.describe(call) : { platformAppId: callerOf(call) }),
    busy: (call) => (pay.isFor(call) ? pay.busy(call) : failure(-1)),
    refuse: (call, code) => (pay.isFor(call) ? pay.refuse(call, code) : failure(Number(code) || -1)),
    errorCode: /^(?:-?\d{1,7}|[A-Z][A-Z_]{2,39})$/,
    faults: ['wrong_signature', 'rotate_key'],
    merchants: pay.merchants,
    callbacks: pay.callbacks,
    timers: pay.timers,
    actions: {
      login: codeSession.login,
      phone: phoneNumbers.tap,
      profile: profileAction(world, sessionKeys),
      expire,
      cashier: pay.cashier,
      refund: pay.refund,
    },
  };
}
