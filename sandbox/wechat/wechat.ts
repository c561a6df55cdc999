import { textFields } from '../core/body.js';
import {
  type Action,
  action,
  type Answer,
  type Call,
  type CallbackSender,
  expireSchema,
  type OutgoingCallback,
  type Platform,
  type World,
} from '../core/platform.js';
import { randomHex } from '../core/random.js';
import { SessionKeys } from '../core/session-keys.js';
import { wechatPay } from '../wechatpay/wechatpay.js';
import { AccessTokens } from './access-tokens.js';
import { failure } from './answers.js';
import { CodeSession } from './code-session.js';
import { Consenter } from './consent.js';
import { issueCredentials, type WechatCredentials } from './credentials.js';
import { MessagePushes } from './message-pushes.js';
import { DELIVERIES, Messages, SEND_LIMIT, SEND_PATH } from './messages.js';
import { openidOf } from './people.js';
import { PhoneNumbers } from './phone.js';
import { profileAction } from './profile.js';
import { pushAction } from './push-action.js';
import { sessionCheckRoutes } from './session-check.js';
import { templateRoutes } from './template-api.js';
import { Templates } from './templates.js';

/** api.weixin.qq.com, as far as logging in and messages go, and WeChat Pay's api.mch.weixin.qq.com. */
export function wechat(world: World): Platform<WechatCredentials> {
  const accounts = world.accounts<WechatCredentials>('wechat');
  const sessionKeys = new SessionKeys(world.table('wechat.sessions'));
  const tokens = new AccessTokens(world);
  const codeSession = new CodeSession(world, sessionKeys);
  const phoneNumbers = new PhoneNumbers(world, tokens, sessionKeys);
  const templates = new Templates(world);
  const pushes = new MessagePushes(world);
  const messages = new Messages({ world, tokens, templates, sessionKeys, pushes });
  const consenter = new Consenter(world, templates, sessionKeys, pushes);
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

  const refuse = (call: Call, code: string): Answer | Promise<Answer> => {
    if (pay.isFor(call)) return pay.refuse(call, code);
    const delivery = call.path === SEND_PATH ? DELIVERIES[code as keyof typeof DELIVERIES] : undefined;
    return delivery ? messages.send(call, delivery) : failure(Number(code) || -1);
  };

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
      ...messages.routes,
      ...templateRoutes(tokens, templates),
      ...pay.routes,
    ],
    describe: (call) => (pay.isFor(call) ? pay.describe(call) : { platformAppId: callerOf(call) }),
    busy: (call) => (pay.isFor(call) ? pay.busy(call) : failure(-1)),
    refuse,
    errorCode: /^(?:-?\d{1,7}|[A-Z][A-Z_]{2,39})$/,
    faults: ['wrong_signature', 'rotate_key'],
    merchants: pay.merchants,
    callbacks: senderOf(pay.callbacks, pushes),
    messages: { limit: SEND_LIMIT, templates: (account) => templates.shown(account) },
    timers: pay.timers,
    actions: {
      login: codeSession.login,
      phone: phoneNumbers.tap,
      profile: profileAction(world, sessionKeys),
      expire,
      cashier: pay.cashier,
      refund: pay.refund,
      contract: pay.contract,
      wallet: pay.wallet,
      consent: consenter.act,
      push: pushAction(world, pushes),
    },
  };
}

/** WeChat Pay notifies merchants, and the message push tells mini-programs. */
function senderOf(pay: CallbackSender, pushes: MessagePushes): CallbackSender {
  const one = ({ data }: OutgoingCallback): CallbackSender => ('push' in data ? pushes : pay);
  return {
    schedule: pay.schedule,
    timeout: pay.timeout,
    build: (account, callback, tamper) => one(callback).build(account, callback, tamper),
    accepts: (status, body, callback) => one(callback).accepts(status, body, callback),
  };
}
