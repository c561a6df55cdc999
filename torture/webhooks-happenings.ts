import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import type { Ask } from '../test/support/client.js';
import type { ModelShop } from '../test/payments/model/shop.js';
import { Broken, call, insist, play } from '../test/payments/model/stage.js';
import { type ClientAction, PLATFORMS } from '../test/payments/support/shop.js';

/** So many things happen in a second, unless servers cannot keep up or are away. */
const PACE = 45;
/** Things that happen at the same time. */
const AT_ONCE = 8;
/** Of all that happens: changes of users, and logins of new ones; the rest are payments. */
const CHANGES = 0.7;
const LOGINS = 0.1;
/** How long servers, all of which are started again, may refuse or not answer. */
const PATIENCE_MS = 60_000;

/** Lets things happen in a shop through its API, and remembers what the API has acknowledged. */
export class Happenings {
  /** By `<type> <stream id>`: how many events there must be. */
  readonly acknowledged = new Map<string, number>();
  readonly #users: string[];
  #steps = 0;
  #isOver = false;

  constructor(
    private readonly shop: ModelShop,
    private readonly random: () => number,
  ) {
    this.#users = shop.people.map(({ userId }) => userId);
  }

  /** At the pace, as long as `goesOn`. */
  async go(goesOn: () => boolean): Promise<void> {
    const began = performance.now();
    const work = async (): Promise<void> => {
      while (!this.#isOver && goesOn()) {
        const due = began + (this.#steps++ * 1_000) / PACE;
        await pause(Math.max(0, due - performance.now()));
        await this.#happen();
      }
    };
    try {
      await Promise.all(Array.from({ length: AT_ONCE }, work));
    } finally {
      this.#isOver = true;
    }
  }

  #happen(): Promise<void> {
    const chance = this.random();
    if (chance < CHANGES) return this.#change();
    if (chance < CHANGES + LOGINS) return this.#welcome();
    return this.#pay();
  }

  async #change(): Promise<void> {
    const user = this.#pick(this.#users);
    const body = { metadata: { visit: randomUUID() } };
    await this.#insist('PATCH', `/v1/users/${user}`, { token: this.shop.secretKey, body, key: randomUUID() });
    this.#told('user.updated', user);
  }

  async #welcome(): Promise<void> {
    const { stage, appId, programs } = this.shop;
    const platform = this.#pick(PLATFORMS);
    const { platformAppId } = programs[platform]!;
    const name = randomUUID();
    // A code is worth one login: after one that nobody answered there is another, for the same person.
    const login = async () => {
      const { body } = await play<{ code: string }>(stage, 'login', { platform, platformAppId, user: name });
      return { appId, body: { platform, code: body.code } };
    };
    const { user } = await this.#insist<{ user: { id: string } }>('POST', '/v1/auth/login', login);
    this.#told('user.created', user.id);
    this.#users.push(user.id);
  }

  /** Somebody pays, whose platform will tell; when it was away, there is only the intent. */
  async #pay(): Promise<void> {
    const person = this.#pick(this.shop.people);
    const body = { userId: person.userId, amount: 990, subject: 'Coffee', platform: this.#pick(PLATFORMS) };
    const asking = { token: this.shop.secretKey, body, key: randomUUID() };
    const { id, clientAction } = await this.#insist<{ id: string; clientAction?: ClientAction }>(
      ...(['POST', '/v1/payments', asking] as const),
    );
    this.#told('payment.created', id);
    if (clientAction) await play(this.shop.stage, 'cashier', { clientAction, user: person.name, outcome: 'pay' });
  }

  /** Asks until the answer is a success; what was not answered is asked again under its key. */
  #insist<T>(method: string, path: string, asking: Ask | (() => Promise<Ask>)): Promise<T> {
    const { stage } = this.shop;
    const act = async (): Promise<T> => {
      const over = typeof asking === 'function' ? await asking() : asking;
      const { status, body } = await call<T>(stage, method, path, over);
      if (status >= 200 && status < 300) return body;
      const said = `${method} ${path} answered ${status} ${JSON.stringify(body)}`;
      // A server that is being killed may answer 5xx; a code or key may be in use by a try that nobody answered.
      if (status === 0 || status >= 500 || status === 409 || (status === 401 && typeof asking === 'function')) {
        throw new Error(said);
      }
      throw new Broken(said);
    };
    return insist(stage, act, PATIENCE_MS);
  }

  #told(type: string, stream: string): void {
    const key = `${type} ${stream}`;
    this.acknowledged.set(key, (this.acknowledged.get(key) ?? 0) + 1);
  }

  #pick<T>(all: readonly T[]): T {
    return all[Math.floor(this.random() * all.length)]!;
  }
}
