import type { Account, AccountBook } from '../core/accounts.js';
import { textFields } from '../core/body.js';
import type { Answer, Call, Route, World } from '../core/platform.js';
import { randomAlphanumeric, randomHex } from '../core/random.js';
import type { RateWindow } from '../core/rate-window.js';
import type { Row, Table } from '../core/store.js';
import { answering, DouyinError, success } from './answers.js';
import type { DouyinCredentials } from './credentials.js';

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
const LIFETIME = 120 * MINUTE;
const OVERLAP = 5 * MINUTE;
const CLIENT_TOKENS_IN_FIVE_MINUTES = 500;

/** `access`: developer.toutiao.com; `client`: open.douyin.com. One is never taken for the other. */
type Kind = 'access' | 'client';

interface Token extends Row {
  readonly kind: Kind;
  readonly platformAppId: string;
  readonly expiresAt: number;
  /** Newer tokens ended it before its time. */
  readonly replaced: boolean;
}

interface Newest extends Row {
  /** At most two, the newest first. */
  readonly tokens: readonly string[];
}

/** The two credentials of a mini-program's server. */
export class AppTokens {
  readonly #accounts: AccountBook<DouyinCredentials>;
  readonly #tokens: Table<Token>;
  readonly #newest: Table<Newest>;
  readonly #clientTokenCalls: RateWindow;

  constructor(private readonly world: World) {
    this.#accounts = world.accounts('douyin');
    this.#tokens = world.table('douyin.tokens');
    this.#newest = world.table('douyin.newestTokens');
    this.#clientTokenCalls = world.rateWindow(5 * MINUTE);
  }

  readonly routes: readonly Route[] = [
    {
      methods: ['POST'],
      path: '/api/apps/v2/token',
      handle: answering('toutiao', (call) => this.#accessToken(call)),
    },
    {
      methods: ['POST'],
      path: '/oauth/client_token/',
      handle: answering('oauth', (call) => this.#clientToken(call)),
    },
  ];

  /** The mini-program whose client_token the call carries. Throws DouyinError. */
  accountOf(call: Call): Account<DouyinCredentials> {
    const token = this.#tokens.get(tokenIn(call));
    if (token?.kind !== 'client') throw new DouyinError(28001003);
    if (token.expiresAt <= call.at) throw new DouyinError(token.replaced ? 28001003 : 28001008);
    const account = this.#accounts.get(token.platformAppId);
    if (!account) throw new DouyinError(28001003);
    return account;
  }

  /** The mini-program that a call's token belongs to, living or not. */
  ownerOf(call: Call): string | undefined {
    return this.#tokens.get(tokenIn(call))?.platformAppId;
  }

  /** Ends every living token of a mini-program by time. */
  expire(platformAppId: string): void {
    for (const kind of ['access', 'client'] as const) {
      for (const value of this.#newestOf(kind, platformAppId)) this.#shorten(value, this.world.now(), false);
    }
  }

  #accessToken(call: Call): Answer {
    const { appid, secret, grant_type: grantType } = textFields(call.body);
    if (!appid || !secret) throw new DouyinError(40014);
    if (grantType !== 'client_credential') throw new DouyinError(40020);
    const account = this.#accounts.get(appid);
    if (!account) throw new DouyinError(40015);
    if (account.credentials.secret !== secret) throw new DouyinError(40017);
    const token = this.#issue('access', account.platformAppId, `0801${randomHex(92)}`, call.at);
    return success('toutiao', { access_token: token, expires_in: LIFETIME / 1_000 });
  }

  #clientToken(call: Call): Answer {
    const { client_key: key, client_secret: secret, grant_type: grantType } = fieldsOf(call);
    if (!key || !secret || grantType !== 'client_credential') throw new DouyinError(10002);
    const account = this.#accounts.get(key);
    if (!account) throw new DouyinError(10003);
    if (!this.#clientTokenCalls.take(account.platformAppId, CLIENT_TOKENS_IN_FIVE_MINUTES))
      throw new DouyinError(10020);
    if (account.credentials.secret !== secret) throw new DouyinError(10013);
    const token = this.#issue('client', account.platformAppId, `clt.${randomAlphanumeric(60)}`, call.at);
    return success('oauth', { access_token: token, expires_in: LIFETIME / 1_000 });
  }

  /** A new token leaves the one before it five minutes, and the one before that none. */
  #issue(kind: Kind, platformAppId: string, value: string, now: number): string {
    const [previous, ...older] = this.#newestOf(kind, platformAppId);
    if (previous) this.#shorten(previous, now + OVERLAP, true);
    for (const token of older) this.#shorten(token, now, true);
    const expiresAt = now + LIFETIME;
    // Kept for a day after its end, so that "expired" can be told from "never existed".
    this.#tokens.set(value, { kind, platformAppId, expiresAt, replaced: false, keepUntil: expiresAt + DAY });
    this.#newest.set(`${kind}/${platformAppId}`, { tokens: previous ? [value, previous] : [value] });
    return value;
  }

  #shorten(value: string, expiresAt: number, replaced: boolean): void {
    const token = this.#tokens.get(value);
    if (token && token.expiresAt > expiresAt) this.#tokens.set(value, { ...token, expiresAt, replaced });
  }

  #newestOf(kind: Kind, platformAppId: string): readonly string[] {
    return this.#newest.get(`${kind}/${platformAppId}`)?.tokens ?? [];
  }
}

const tokenIn = (call: Call): string => String(call.headers['access-token'] ?? '');

/** What a body says, as JSON or as a form: older versions of the API took forms, and some clients still send them. */
export function fieldsOf(call: Call): Readonly<Record<string, string>> {
  const isForm = call.headers['content-type']?.startsWith('application/x-www-form-urlencoded');
  return isForm ? Object.fromEntries(new URLSearchParams(call.body.toString())) : textFields(call.body);
}
