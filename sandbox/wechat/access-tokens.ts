import type { Account, AccountBook } from '../core/accounts.js';
import { jsonFields, textFields } from '../core/body.js';
import type { Answer, Call, Route, World } from '../core/platform.js';
import { randomAlphanumeric } from '../core/random.js';
import type { RateWindow } from '../core/rate-window.js';
import type { Row, Table } from '../core/store.js';
import { answering, reply, WechatError } from './answers.js';
import type { WechatCredentials } from './credentials.js';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const DAY = 24 * 60 * MINUTE;
const LIFETIME = 7_200 * SECOND;
const OVERLAP = 5 * MINUTE;
const FORCE_INTERVAL = 30 * SECOND;
const FORCES_A_DAY = 20;
/** WeChat documents 2000 for classic accounts. */
const PLAIN_A_DAY = 2_000;
const STABLE_A_MINUTE = 10_000;
const FORM = /^\d+_[\w-]{20,510}$/;

interface Token extends Row {
  readonly platformAppId: string;
  readonly expiresAt: number;
  /** A newer token cut its life short: then WeChat says "not latest" instead of "expired". */
  readonly replaced: boolean;
}

/** The newest tokens of one endpoint for one mini-program. */
interface Newest extends Row {
  readonly tokens: readonly string[];
  /** Forced refreshes: when the last was, on which day, how many on that day. */
  readonly forcedAt: number;
  readonly forcedDay: number;
  readonly forces: number;
}

type Endpoint = 'plain' | 'stable';
const NEVER: Newest = { tokens: [], forcedAt: 0, forcedDay: 0, forces: 0 };

/** The two token endpoints, whose tokens do not touch each other, and the check of tokens on all other calls. */
export class AccessTokens {
  readonly #accounts: AccountBook<WechatCredentials>;
  readonly #tokens: Table<Token>;
  readonly #newest: Table<Newest>;
  readonly #plainCalls: RateWindow;
  readonly #stableCalls: RateWindow;

  constructor(private readonly world: World) {
    this.#accounts = world.accounts('wechat');
    this.#tokens = world.table('wechat.tokens');
    this.#newest = world.table('wechat.newestTokens');
    this.#plainCalls = world.rateWindow(DAY);
    this.#stableCalls = world.rateWindow(MINUTE);
  }

  readonly routes: readonly Route[] = [
    { methods: ['GET', 'POST'], path: '/cgi-bin/token', handle: answering((call) => this.#plain(call)) },
    { methods: ['GET', 'POST'], path: '/cgi-bin/stable_token', handle: answering((call) => this.#stable(call)) },
  ];

  /** The mini-program whose token the call carries. Throws WechatError. */
  accountOf(call: Call): Account<WechatCredentials> {
    const { access_token: value } = call.query;
    if (!value) throw new WechatError(41001);
    if (!FORM.test(value)) throw new WechatError(40014);
    const token = this.#tokens.get(value);
    if (!token) throw new WechatError(40001);
    if (token.expiresAt <= call.at) throw new WechatError(token.replaced ? 40001 : 42001);
    const account = this.#accounts.get(token.platformAppId);
    if (!account) throw new WechatError(40001);
    return account;
  }

  ownerOf(token: string): string | undefined {
    return this.#tokens.get(token)?.platformAppId;
  }

  /** Ends every living token of a mini-program by time. */
  expire(platformAppId: string): void {
    for (const endpoint of ['plain', 'stable'] as const) {
      for (const value of this.#newestOf(endpoint, platformAppId).tokens) this.#shorten(value, this.world.now(), false);
    }
  }

  /** Each call makes a new token, which leaves the one before five minutes. */
  #plain(call: Call): Answer {
    if (call.method !== 'GET') throw new WechatError(43001);
    const { appid, secret, grant_type: grantType } = call.query;
    const { platformAppId } = this.#authenticated(grantType, appid, secret);
    if (!this.#plainCalls.take(platformAppId, PLAIN_A_DAY)) throw new WechatError(45009);
    for (const value of this.#newestOf('plain', platformAppId).tokens) this.#shorten(value, call.at + OVERLAP, true);
    return this.#answer(this.#issue('plain', platformAppId, call.at), call.at);
  }

  /** The same token until five minutes before its end; then a new one, and both work. */
  #stable(call: Call): Answer {
    if (call.method !== 'POST') throw new WechatError(43002);
    const { appid, secret, grant_type: grantType } = textFields(call.body); // none if it is not JSON: "appid missing"
    const { platformAppId } = this.#authenticated(grantType, appid, secret);
    if (!this.#stableCalls.take(platformAppId, STABLE_A_MINUTE)) throw new WechatError(45011);
    if (jsonFields(call.body).force_refresh === true) this.#force(platformAppId, call.at);
    const newest = this.#newestOf('stable', platformAppId).tokens[0];
    const expiresAt = newest ? (this.#tokens.get(newest)?.expiresAt ?? 0) : 0;
    if (newest && expiresAt - call.at > OVERLAP) return this.#answer(newest, call.at);
    return this.#answer(this.#issue('stable', platformAppId, call.at), call.at);
  }

  /** Kills the stable tokens at once; within 30 s of the last time it does nothing. */
  #force(platformAppId: string, now: number): void {
    const newest = this.#newestOf('stable', platformAppId);
    if (newest.tokens.length === 0 || now - newest.forcedAt < FORCE_INTERVAL) return;
    const today = Math.floor((now + 8 * 60 * MINUTE) / DAY); // daily counters start at midnight in China
    const forces = newest.forcedDay === today ? newest.forces + 1 : 1;
    if (forces > FORCES_A_DAY) throw new WechatError(45009);
    for (const value of newest.tokens) this.#shorten(value, now, true);
    this.#newest.set(`stable/${platformAppId}`, { tokens: [], forcedAt: now, forcedDay: today, forces });
  }

  #authenticated(grantType?: string, appid?: string, secret?: string): Account<WechatCredentials> {
    if (!appid) throw new WechatError(41002);
    if (!secret) throw new WechatError(41004);
    if (grantType !== 'client_credential') throw new WechatError(40002);
    const account = this.#accounts.get(appid);
    if (!account) throw new WechatError(40013);
    if (account.credentials.secret !== secret) throw new WechatError(40125);
    return account;
  }

  #issue(endpoint: Endpoint, platformAppId: string, now: number): string {
    const value = `96_${randomAlphanumeric(134)}`;
    const expiresAt = now + LIFETIME;
    // Kept for a day after its end, so that "expired" can be told from "never existed".
    this.#tokens.set(value, { platformAppId, expiresAt, replaced: false, keepUntil: expiresAt + DAY });
    const newest = this.#newestOf(endpoint, platformAppId);
    this.#newest.set(`${endpoint}/${platformAppId}`, { ...newest, tokens: [value, ...newest.tokens].slice(0, 2) });
    return value;
  }

  #shorten(value: string, expiresAt: number, replaced: boolean): void {
    const token = this.#tokens.get(value);
    if (token && token.expiresAt > expiresAt) this.#tokens.set(value, { ...token, expiresAt, replaced });
  }

  #newestOf(endpoint: Endpoint, platformAppId: string): Newest {
    return this.#newest.get(`${endpoint}/${platformAppId}`) ?? NEVER;
  }

  #answer(value: string, now: number): Answer {
    const expiresAt = this.#tokens.get(value)?.expiresAt ?? now;
    return reply({ access_token: value, expires_in: Math.floor((expiresAt - now) / SECOND) });
  }
}
