import { z } from 'zod';
import { type Action, action, personSchema, type World } from '../core/platform.js';
import { randomAlphanumeric, randomHex } from '../core/random.js';
import type { Row, Table } from '../core/store.js';
import { chinaTime } from './china-time.js';
import type { AlipayCredentials } from './developer-console.js';
import { AlipayError } from './errors.js';
import { type Fields, text } from './fields.js';
import type { Operation, OperationInput } from './methods.js';
import { idsOf, type People } from './people.js';

const SECOND = 1_000;
const DAY = 86_400 * SECOND;
/** Alipay says three minutes to a day, by scope; three minutes is what one can count on. */
const CODE_LIFETIME = 180 * SECOND;
const ACCESS_LIFETIME = 15 * DAY;
const REFRESH_LIFETIME = 30 * DAY;

const scopeSchema = z.enum(['auth_base', 'auth_user']);
const loginSchema = personSchema.extend({ scopes: z.array(scopeSchema).min(1).default(['auth_base']) });
const expireSchema = personSchema.partial({ user: true }).extend({
  what: z.enum(['code', 'access_token', 'refresh_token']),
});

/** What a person has allowed a mini-program to do. */
interface Grant extends Row {
  readonly platformAppId: string;
  readonly user: string;
  readonly scopes: readonly z.output<typeof scopeSchema>[];
  readonly expiresAt: number;
}

interface RefreshGrant extends Grant {
  /** It has been exchanged for its successor. */
  readonly used: boolean;
}

/** `my.getAuthCode` on the person's phone, `alipay.system.oauth.token`, and the tokens that it gives. */
export class Tokens {
  readonly #codes: Table<Grant>;
  readonly #accessTokens: Table<Grant>;
  readonly #refreshTokens: Table<RefreshGrant>;

  constructor(
    private readonly world: World,
    private readonly people: People,
  ) {
    this.#codes = world.table('alipay.codes');
    this.#accessTokens = world.table('alipay.accessTokens');
    this.#refreshTokens = world.table('alipay.refreshTokens');
  }

  /** `my.getAuthCode`; `code` is what all platforms call it. */
  readonly login: Action = action(loginSchema, ({ platformAppId, user, scopes }) => {
    const account = this.world.accounts<AlipayCredentials>('alipay').require(platformAppId);
    this.people.remember(account, user);
    const code = randomHex(32);
    const expiresAt = this.world.now() + CODE_LIFETIME;
    this.#codes.set(code, { platformAppId, user, scopes, expiresAt, keepUntil: expiresAt });
    return { code, authCode: code, authSuccessScopes: scopes, authErrorScopes: {} };
  });

  /** Ends what one person, or everybody, holds of one kind in a mini-program. */
  readonly expire: Action = action(expireSchema, ({ platformAppId, what, user }) => {
    this.world.accounts<AlipayCredentials>('alipay').require(platformAppId);
    const expiresAt = this.world.now();
    if (what === 'code') end(this.#codes, platformAppId, user, expiresAt);
    else if (what === 'access_token') end(this.#accessTokens, platformAppId, user, expiresAt);
    else end(this.#refreshTokens, platformAppId, user, expiresAt);
    return {};
  });

  /** `alipay.system.oauth.token`. */
  readonly exchange: Operation = (input) => {
    const { grant_type: grantType } = input.parameters;
    if (grantType === 'authorization_code') return this.#issue(input, this.#takeCode(input));
    if (grantType === 'refresh_token') return this.#issue(input, this.#takeRefreshToken(input));
    throw new AlipayError('isv.grant-type-invalid');
  };

  /** Whose token it is. Throws AlipayError. */
  grantOf({ account, at }: OperationInput, accessToken: string | undefined): Grant {
    const grant = this.#accessTokens.get(accessToken ?? '');
    if (!grant || grant.platformAppId !== account.platformAppId) throw new AlipayError('aop.invalid-auth-token');
    if (grant.expiresAt <= at) throw new AlipayError('aop.auth-token-time-out');
    return grant;
  }

  #takeCode({ account, parameters, at }: OperationInput): Grant {
    const code = text(parameters.code) ?? '';
    const grant = this.#codes.get(code);
    if (!grant || grant.platformAppId !== account.platformAppId || grant.expiresAt <= at)
      throw new AlipayError('isv.code-invalid');
    this.#codes.delete(code);
    return grant;
  }

  #takeRefreshToken({ account, parameters, at }: OperationInput): Grant {
    const token = text(parameters.refresh_token) ?? '';
    const grant = this.#refreshTokens.get(token);
    if (!grant) throw new AlipayError('isv.refresh-token-invalid');
    if (grant.platformAppId !== account.platformAppId) throw new AlipayError('isv.unmatched-app-id');
    if (grant.expiresAt <= at) throw new AlipayError('isv.refresh-token-time-out');
    if (grant.used) throw new AlipayError('isv.refreshed-token-invalid');
    this.#refreshTokens.set(token, { ...grant, used: true });
    return grant;
  }

  #issue({ account, at }: OperationInput, { platformAppId, user, scopes }: Grant): Fields {
    const accessToken = newToken();
    const refreshToken = newToken();
    const grant = { platformAppId, user, scopes };
    this.#accessTokens.set(accessToken, { ...grant, ...livingFor(ACCESS_LIFETIME, at) });
    this.#refreshTokens.set(refreshToken, { ...grant, ...livingFor(REFRESH_LIFETIME, at), used: false });
    const { open_id, ...otherIds } = idsOf(account, user);
    return {
      access_token: accessToken,
      auth_start: chinaTime(at),
      expires_in: ACCESS_LIFETIME / SECOND,
      ...(open_id && { open_id }),
      re_expires_in: REFRESH_LIFETIME / SECOND,
      refresh_token: refreshToken,
      ...otherIds,
    };
  }
}

/** 40 characters. */
const newToken = (): string => `authusrB${randomAlphanumeric(32)}`;

/** Kept for a day after its end, so that "expired" can be told from "never existed". */
const livingFor = (milliseconds: number, at: number): { expiresAt: number; keepUntil: number } => ({
  expiresAt: at + milliseconds,
  keepUntil: at + milliseconds + DAY,
});

function end<G extends Grant>(
  grants: Table<G>,
  platformAppId: string,
  user: string | undefined,
  expiresAt: number,
): void {
  for (const [key, grant] of grants.entries()) {
    if (grant.platformAppId !== platformAppId || (user !== undefined && grant.user !== user)) continue;
    if (grant.expiresAt > expiresAt) grants.set(key, { ...grant, expiresAt });
  }
}
