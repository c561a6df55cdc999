import { randomUUID } from 'node:crypto';
import type { PlatformCode } from '../../../src/platforms/platform.js';
import { type Ask, ask, must } from '../../support/client.js';
import { type ClientAction, PLATFORMS } from '../support/shop.js';
import { insist, play, type Stage } from './stage.js';

/** Access tokens live 15 minutes. */
const LOGIN_AGAIN_MS = 10 * 60_000;
const REMEMBERED = 400;
/** For what is needed before the first step. */
const PATIENCE_MS = 60_000;

export interface Person {
  readonly name: string;
  readonly userId: string;
  token: string;
  tokenSince: number;
}

/** Something that a front end was once told to call; it may be tapped at any time, also much later. */
export interface Offer {
  readonly paymentId: string;
  readonly person: Person;
  readonly clientAction: ClientAction;
  /** Business time in ms. */
  readonly since: number;
}

/** A write with a key, and what it made, once somebody was told. */
export interface Sent {
  readonly path: string;
  readonly key: string;
  readonly body: Record<string, unknown>;
  readonly token: () => string;
  made: string | undefined;
}

/** A genuine callback, as it once went out. */
export interface Letter {
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly platform: PlatformCode;
  readonly sentAt: number;
}

/** The newest things, of which the model picks. */
export class Recent<T> {
  readonly #items: T[] = [];

  add(item: T): void {
    this.#items.push(item);
    if (this.#items.length > REMEMBERED) this.#items.shift();
  }

  /** `at` from 0, the newest, to 1, the oldest; the newer ones are picked more often. */
  pick(at: number): T | undefined {
    return this.#items[this.#items.length - 1 - Math.floor(at ** 3 * this.#items.length)];
  }
}

/** A platform's keys take seconds on a busy machine, and then the sandbox "does not answer": once more under the same key. */
async function made<T>(url: string, path: string, over: Ask): Promise<T> {
  for (const start = performance.now(); ;) {
    const { status, body } = await ask<T>(url, 'POST', path, over);
    if (status < 400) return body;
    // 409: the first try under this key is still at it.
    if ((status !== 503 && status !== 409) || performance.now() - start > PATIENCE_MS) {
      throw new Error(`POST ${path} answered ${status} ${JSON.stringify(body)}`);
    }
  }
}

/** One app that takes money on all platforms, the people who pay, and what was done there lately. */
export class ModelShop {
  readonly payments = new Recent<{ id: string; person: Person; amount: number }>();
  readonly offers = new Recent<Offer>();
  readonly sent = new Recent<Sent>();
  readonly letters = new Recent<Letter>();
  /** The last call of the sandbox that was looked at. */
  lastCall = 0;
  #offset = 0;
  #moving: Promise<void> = Promise.resolve();
  readonly #acting = new Set<Promise<unknown>>();

  private constructor(
    readonly stage: Stage,
    readonly appId: string,
    readonly secretKey: string,
    readonly programs: Readonly<Record<string, { id: string; platformAppId: string }>>,
    readonly merchants: Readonly<Record<string, { id: string; merchantId: string }>>,
    readonly priceId: string,
    readonly people: readonly Person[],
  ) {}

  /** `slowRefunds`: Alipay's take a minute, where it otherwise gives back at once. */
  static async open(stage: Stage, people: number, slowRefunds: boolean): Promise<ModelShop> {
    const url = stage.urls[0]!;
    const operator = { token: stage.operatorToken };
    const app = await must<{ id: string }>(url, 'POST', '/v1/apps', {
      ...operator,
      body: { name: 'Model', mode: 'test' },
    });
    const { secret: token } = await must<{ secret: string }>(url, 'POST', `/v1/apps/${app.id}/keys`, {
      ...operator,
      body: { name: 'server' },
    });
    const make = <T>(path: string, body: object) => made<T>(url, path, { token, body, key: randomUUID() });
    const programs: Record<string, { id: string; platformAppId: string }> = {};
    const merchants: Record<string, { id: string; merchantId: string }> = {};
    for (const platform of PLATFORMS) {
      programs[platform] = await make('/v1/platform-accounts', { platform });
      merchants[platform] = await make('/v1/merchant-accounts', { platform });
    }
    // Of a refund in full, which closes a trade, Alipay tells only those who switched that on; the others read its bills.
    await play(stage, 'accounts', {
      ...{ platform: 'alipay', kind: 'program', platformAppId: programs['alipay']!.platformAppId },
      credentials: { notifications: ['TRADE_SUCCESS', 'TRADE_CLOSED'], ...(slowRefunds && { refunds: 'later' }) },
    });
    const { id: productId } = await make<{ id: string }>('/v1/products', { name: 'Coffee' });
    const price = await make<{ id: string }>('/v1/prices', {
      ...{ productId, amount: 1990, audience: 'public', maxQuantity: 10 },
    });
    const shop = new ModelShop(stage, app.id, token, programs, merchants, price.id, []);
    const everybody = Array.from({ length: people }, (_, n) => shop.#welcome(`person-${n}`));
    (shop.people as Person[]).push(...(await Promise.all(everybody)));
    return shop;
  }

  /** The person's token, from a new login when the last one is old. */
  async tokenOf(person: Person): Promise<string> {
    if (this.stage.now() - person.tokenSince > LOGIN_AGAIN_MS) {
      const { accessToken } = await insist(this.stage, () => this.#login(person.name));
      person.token = accessToken;
      person.tokenSince = this.stage.now();
    }
    return person.token;
  }

  /** Comes from every platform, and so can pay on each. */
  async #welcome(name: string): Promise<Person> {
    const { accessToken: token, user } = await this.#login(name);
    for (const platform of PLATFORMS.slice(1)) {
      const body = { platform, code: await this.#code(platform, name) };
      await must(this.stage.urls[0]!, 'POST', '/v1/me/identities', { token, body });
    }
    return { name, userId: user.id, token, tokenSince: this.stage.now() };
  }

  async #login(name: string) {
    const body = { platform: 'wechat', code: await this.#code('wechat', name) };
    return must<{ accessToken: string; user: { id: string } }>(this.stage.urls[0]!, 'POST', '/v1/auth/login', {
      appId: this.appId,
      body,
    });
  }

  async #code(platform: PlatformCode, user: string): Promise<string> {
    const { platformAppId } = this.programs[platform]!;
    return (await play<{ code: string }>(this.stage, 'login', { platform, platformAppId, user })).body.code;
  }

  /** Business time in ms. */
  now(): number {
    return this.stage.now() + this.#offset;
  }

  /** Does what must not be under way while the clock moves. */
  async between<T>(act: () => Promise<T>): Promise<T> {
    await this.#moving;
    const acting = act();
    this.#acting.add(acting);
    return acting.finally(() => this.#acting.delete(acting));
  }

  /** Moves the business time of the app and of its accounts at the platforms. */
  advance(seconds: number): Promise<void> {
    const before = this.#moving;
    this.#moving = (async () => {
      await before.catch(() => undefined);
      await Promise.allSettled(this.#acting);
      await this.#advance(seconds);
    })();
    return this.#moving;
  }

  async #advance(seconds: number): Promise<void> {
    const { stage, appId } = this;
    const [row] = await insist(stage, () =>
      stage.query<{ offset: string }>(
        'advance',
        'update apps set clock_offset = clock_offset + $2 where id = $1 returning clock_offset as offset',
        [appId, seconds * 1_000],
      ),
    );
    this.#offset = Number(row!.offset);
    stage.forgetApps();
    const accounts = PLATFORMS.flatMap((platform) => [
      { platform, merchantId: this.merchants[platform]!.merchantId },
      { platform, platformAppId: this.programs[platform]!.platformAppId },
    ]);
    const now = new Date(this.now()).toISOString();
    await play(stage, 'clock', { accounts, now });
  }

  /** Wakes whatever works for this shop. */
  async wake(): Promise<void> {
    const lanes = Object.values(this.merchants).map(({ id }) => id);
    const { appId } = this;
    await Promise.all([
      this.stage.wake('payments', { appId, lane: 'expiring' }),
      ...lanes.flatMap((lane) => ['payments', 'refunds'].map((kind) => this.stage.wake(kind, { appId, lane }))),
    ]);
  }
}
