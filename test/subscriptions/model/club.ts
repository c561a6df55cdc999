import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import type { PlatformCode } from '../../../src/platforms/platform.js';
import { must } from '../../support/client.js';
import { PLATFORMS } from '../../payments/support/shop.js';
import { ModelShop } from '../../payments/model/shop.js';
import { Broken, call, insist, play, type Reply, type Stage } from '../../payments/model/stage.js';
import { PRICES, type PriceName, platformsOf, priceOf, PRODUCTS, type ProductName } from './price-list.js';

/** People who come at the same time. */
const AT_ONCE = 8;
/** A step of the clock in which everything goes wrong takes a minute; a killed one half a minute more. */
const PATIENCE_MS = 900_000;
const DAY_MS = 86_400_000;

/** Somebody who comes from one platform, and pays there. */
export interface Member {
  readonly name: string;
  readonly platform: PlatformCode;
  readonly userId: string;
}

export interface ClubRules {
  readonly graceDays: number;
  readonly finalAction: 'cancel' | 'mark_unpaid';
}

/** An app that sells subscriptions on all platforms, and its people. */
export class Club {
  /** What was done with each subscription, for who has to find out what went wrong. */
  readonly traces = new Map<string, string[]>();
  readonly subscriptions: { readonly id: string; readonly member: Member }[] = [];
  #offset = 0;

  private constructor(
    readonly shop: ModelShop,
    readonly rules: ClubRules,
    readonly prices: Readonly<Record<PriceName, string>>,
    readonly products: Readonly<Record<ProductName, string>>,
    readonly members: readonly Member[],
  ) {}

  static async open(stage: Stage, people: number, rules: ClubRules): Promise<Club> {
    const shop = await ModelShop.open(stage, 0, false);
    const make = <T>(method: string, path: string, body: object) =>
      must<T>(stage.urls[0]!, method, path, { token: shop.secretKey, body, key: randomUUID() });
    const { graceDays, finalAction } = rules;
    await make('PATCH', '/v1/billing-settings', { graceDays, finalAction });
    const products = {} as Record<ProductName, string>;
    for (const name of Object.keys(PRODUCTS) as ProductName[]) {
      const { id } = await make<{ id: string }>('POST', '/v1/products', { name, features: PRODUCTS[name] });
      products[name] = id;
    }
    const prices = {} as Record<PriceName, string>;
    for (const name of Object.keys(PRICES) as PriceName[]) {
      const price = priceOf(name);
      const { product, amount, interval, trialDays = 0, introductory = null } = price;
      const recurring = { interval, intervalCount: 1, trialDays, introductory };
      const body = { productId: products[product], amount, recurring, maxQuantity: 2, platforms: platformsOf(price) };
      prices[name] = (await make<{ id: string }>('POST', '/v1/prices', { ...body, audience: 'public' })).id;
    }
    const club = new Club(shop, rules, prices, products, []);
    for (let n = 0; n < people; n += AT_ONCE) {
      const some = Array.from({ length: Math.min(AT_ONCE, people - n) }, (_, k) => club.#welcome(n + k));
      (club.members as Member[]).push(...(await Promise.all(some)));
    }
    return club;
  }

  get stage(): Stage {
    return this.shop.stage;
  }

  get appId(): string {
    return this.shop.appId;
  }

  /** Business time in ms, as of the last look at the clock. */
  now(): number {
    return this.stage.now() + this.#offset;
  }

  note(id: string, line: string): void {
    const lines = this.traces.get(id) ?? [];
    this.traces.set(id, [...lines, `${new Date(this.now()).toISOString()} ${line}`]);
  }

  /** The developer's server asks once. Unless servers are killed, it is answered. */
  ask<T>(method: string, path: string, body?: object): Promise<Reply<T>> {
    const key = method === 'GET' ? {} : { key: randomUUID() };
    return call<T>(this.stage, method, path, { token: this.shop.secretKey, ...key, ...(body && { body }) });
  }

  /** A person at the platform. */
  atPlatform<T = Record<string, unknown>>(action: string, body: object) {
    return play<T>(this.stage, action, body);
  }

  rows<Row>(text: string, ...values: readonly unknown[]): Promise<Row[]> {
    return insist(this.stage, () => this.stage.query<Row>('', text, [this.appId, ...values]));
  }

  /** Lets business time pass, through kills too. Gives what the clock says was not done in time. */
  async advance(days: number): Promise<string[]> {
    await this.#lookAtClock();
    const target = this.now() + days * DAY_MS;
    const to = new Date(target).toISOString();
    const undone: string[] = [];
    for (const start = performance.now(); performance.now() - start < PATIENCE_MS; await pause(100)) {
      if (this.now() >= target) return undone;
      const { status, body } = await this.ask<{ code?: string }>('POST', '/v1/test-clock/advance', { to });
      // 422: it is there already. 409: a process that was killed had it for half a minute more.
      if (status >= 400 && status < 500 && body.code !== 'test_clock_advancing' && body.code !== 'validation_failed') {
        throw new Broken(`the clock was refused: ${status} ${JSON.stringify(body)}`);
      }
      const reason = await this.#lookAtClock();
      if (reason) undone.push(reason);
    }
    throw new Broken(`the clock did not come to ${to} in time`);
  }

  /** Says what was not done, if the last advance is over. */
  async #lookAtClock(): Promise<string | undefined> {
    const { status, body } = await this.ask<{ now: string; status: string; reason?: string }>('GET', '/v1/test-clock');
    if (status !== 200 || body.status === 'advancing') return undefined;
    this.#offset = Date.parse(body.now) - this.stage.now();
    return body.reason;
  }

  async #welcome(n: number): Promise<Member> {
    const platform = PLATFORMS[n % PLATFORMS.length]!;
    const name = `member-${n}`;
    const { platformAppId } = this.shop.programs[platform]!;
    const { code } = (await this.atPlatform<{ code: string }>('login', { platform, platformAppId, user: name })).body;
    const { user } = await must<{ user: { id: string } }>(this.stage.urls[0]!, 'POST', '/v1/auth/login', {
      appId: this.appId,
      body: { platform, code },
    });
    return { name, platform, userId: user.id };
  }
}
