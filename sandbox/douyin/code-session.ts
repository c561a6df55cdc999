import { z } from 'zod';
import type { AccountBook } from '../core/accounts.js';
import { textFields } from '../core/body.js';
import { type Action, action, type Answer, type Call, personSchema, type Route, type World } from '../core/platform.js';
import { randomAlphanumeric } from '../core/random.js';
import type { SessionKeys } from '../core/session-keys.js';
import type { Row, Table } from '../core/store.js';
import { answering, DouyinError, success } from './answers.js';
import type { DouyinCredentials } from './credentials.js';
import { anonymousOpenidOf, openidOf, unionidOf } from './people.js';

/** The current page says 5 minutes, older ones and those for games 3: whoever holds to 3 is right everywhere. */
const CODE_LIFETIME = 3 * 60_000;

interface Code extends Row {
  readonly platformAppId: string;
  /** Whose code it is: a person's, or for an anonymous code a device's. */
  readonly of: 'person' | 'device';
  readonly name: string;
  readonly used: boolean;
  readonly keepUntil: number;
}

const loginSchema = personSchema.extend({
  /** Nobody is logged in to the host app: there is only the device. */
  anonymous: z.boolean().default(false),
  device: z.string().min(1).max(128).optional(),
});

/** `tt.login` on the person's phone, and code2session. */
export class CodeSession {
  readonly #accounts: AccountBook<DouyinCredentials>;
  readonly #codes: Table<Code>;

  constructor(
    private readonly world: World,
    private readonly sessionKeys: SessionKeys,
  ) {
    this.#accounts = world.accounts('douyin');
    this.#codes = world.table('douyin.codes');
  }

  readonly routes: readonly Route[] = [
    {
      methods: ['POST'],
      path: '/api/apps/v2/jscode2session',
      handle: answering('toutiao', (call) => this.#exchange(call)),
    },
  ];

  /** `tt.login`: gives codes, and a new session key to the person. */
  readonly login: Action = action(loginSchema, ({ platformAppId, user, anonymous, device = user }) => {
    this.#accounts.require(platformAppId);
    const anonymousCode = this.#newCode(platformAppId, 'device', device);
    if (anonymous) return { anonymousCode };
    this.sessionKeys.renew(platformAppId, openidOf(platformAppId, user), user);
    return { code: this.#newCode(platformAppId, 'person', user), anonymousCode };
  });

  #newCode(platformAppId: string, of: Code['of'], name: string): string {
    const value = randomAlphanumeric(32);
    this.#codes.set(value, { platformAppId, of, name, used: false, keepUntil: this.world.now() + CODE_LIFETIME });
    return value;
  }

  #exchange(call: Call): Answer {
    const { appid, secret, code, anonymous_code: anonymousCode } = textFields(call.body);
    if (!appid || !secret || !(code ?? anonymousCode)) throw new DouyinError(40014);
    const account = this.#accounts.get(appid);
    if (!account) throw new DouyinError(40015);
    if (account.credentials.secret !== secret) throw new DouyinError(40017);
    // Both are looked at before either is used up.
    if (code && !this.#isGood(code, 'person', appid, call.at)) throw new DouyinError(40018);
    if (anonymousCode && !this.#isGood(anonymousCode, 'device', appid, call.at)) throw new DouyinError(40019);

    const user = this.#use(code);
    const device = this.#use(anonymousCode);
    return success('toutiao', {
      session_key: user ? this.#sessionKey(appid, user) : '',
      openid: user ? openidOf(appid, user) : '',
      anonymous_openid: device ? anonymousOpenidOf(appid, device) : '',
      unionid: user ? unionidOf(account, user) : '',
    });
  }

  #isGood(value: string, of: Code['of'], platformAppId: string, now: number): boolean {
    const code = this.#codes.get(value);
    return code?.platformAppId === platformAppId && code.of === of && !code.used && code.keepUntil > now;
  }

  /** The name behind a code that was found good. */
  #use(value?: string): string | undefined {
    const code = value ? this.#codes.get(value) : undefined;
    if (value && code) this.#codes.set(value, { ...code, used: true });
    return code?.name;
  }

  #sessionKey(platformAppId: string, user: string): string {
    const openid = openidOf(platformAppId, user);
    const session = this.sessionKeys.get(platformAppId, openid) ?? this.sessionKeys.renew(platformAppId, openid, user);
    return session.sessionKey;
  }
}
