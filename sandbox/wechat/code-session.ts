import type { AccountBook } from '../core/accounts.js';
import { type Action, action, type Answer, type Call, personSchema, type Route, type World } from '../core/platform.js';
import { randomAlphanumeric } from '../core/random.js';
import type { RateWindow } from '../core/rate-window.js';
import type { SessionKeys } from '../core/session-keys.js';
import type { Row, Table } from '../core/store.js';
import { answering, WechatError } from './answers.js';
import type { WechatCredentials } from './credentials.js';
import { openidOf, unionidOf } from './people.js';

const CODE_LIFETIME = 5 * 60_000;
const CALLS_A_MINUTE = 100;

interface Code extends Row {
  readonly platformAppId: string;
  readonly user: string;
  readonly used: boolean;
  readonly keepUntil: number;
}

/** `wx.login` on the person's phone, and code2Session. */
export class CodeSession {
  readonly #accounts: AccountBook<WechatCredentials>;
  readonly #codes: Table<Code>;
  readonly #callsOfUser: RateWindow;

  constructor(
    private readonly world: World,
    private readonly sessionKeys: SessionKeys,
  ) {
    this.#accounts = world.accounts('wechat');
    this.#codes = world.table('wechat.codes');
    this.#callsOfUser = world.rateWindow(60_000);
  }

  readonly routes: readonly Route[] = [
    { methods: ['GET', 'POST'], path: '/sns/jscode2session', handle: answering((call) => this.#exchange(call)) },
  ];

  /** `wx.login`: gives a code, and a new session key to the person. */
  readonly login: Action = action(personSchema, ({ platformAppId, user }) => {
    this.#accounts.require(platformAppId);
    this.sessionKeys.renew(platformAppId, openidOf(platformAppId, user), user);
    const code = randomAlphanumeric(32);
    this.#codes.set(code, { platformAppId, user, used: false, keepUntil: this.world.now() + CODE_LIFETIME });
    return { code };
  });

  #exchange(call: Call): Answer {
    if (call.method !== 'GET') throw new WechatError(41002);
    const { appid, secret, js_code: value, grant_type: grantType } = call.query;
    if (!appid) throw new WechatError(41002);
    if (!secret) throw new WechatError(41004);
    if (!value) throw new WechatError(41008);
    if (grantType !== 'authorization_code') throw new WechatError(40002);
    const account = this.#accounts.get(appid);
    if (!account) throw new WechatError(40013);
    if (account.credentials.secret !== secret) throw new WechatError(40125);
    const code = this.#codes.get(value);
    if (!code || code.platformAppId !== appid || code.keepUntil <= call.at) throw new WechatError(40029);
    const openid = openidOf(appid, code.user);
    if (!this.#callsOfUser.take(openid, CALLS_A_MINUTE)) throw new WechatError(45011);
    if (code.used) throw new WechatError(40163);

    this.#codes.set(value, { ...code, used: true });
    const { sessionKey } = this.sessionKeys.get(appid, openid) ?? this.sessionKeys.renew(appid, openid, code.user);
    const unionid = unionidOf(account, code.user);
    // Success has no errcode, and the JSON comes as text/plain.
    return {
      contentType: 'text/plain',
      body: JSON.stringify({ session_key: sessionKey, openid, ...(unionid && { unionid }) }),
    };
  }
}
