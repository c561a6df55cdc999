import { randomUUID } from 'node:crypto';
import { ask, must } from '../test/support/client.js';
import { Broken, call, insist, play, type Stage } from '../test/payments/model/stage.js';
import { type Letter, openLetters } from './newsroom-letters.js';
import { gather } from './newsroom-readers.js';

/** How long servers, all of which are started again, may refuse or not answer. */
const PATIENCE_MS = 60_000;
/** All messages take so long at the least; with kills, on a small machine, several times as long. */
const SECONDS = 40;
const SLOWEST = 20;
/** An answer of the platform takes as long as a real one. */
const LATENCY_MS = 60;

/** Where a broadcast is. */
export interface BroadcastSeen {
  readonly id: string;
  readonly status: string;
  readonly reason: string | null;
  readonly progress: Readonly<Record<string, number>>;
}

/** A test app on WeChat that writes to its people, all of whom have agreed to a letter or to two. */
export class Newsroom {
  private constructor(
    readonly stage: Stage,
    readonly appId: string,
    readonly token: string,
    readonly account: { readonly id: string; readonly platformAppId: string },
    readonly letters: readonly Letter[],
    /** Messages per second that the account may send. */
    readonly limit: number,
  ) {}

  /** With so many people. Nothing may be killed yet. */
  static async open(stage: Stage, people: number): Promise<Newsroom> {
    const url = stage.urls[0]!;
    const operator = { token: stage.operatorToken };
    const app = await must<{ id: string }>(url, 'POST', '/v1/apps', {
      ...operator,
      body: { name: 'Newsroom', mode: 'test' },
    });
    const { secret: token } = await must<{ secret: string }>(url, 'POST', `/v1/apps/${app.id}/keys`, {
      ...operator,
      body: { name: 'server' },
    });
    const account = await must<Newsroom['account']>(url, 'POST', '/v1/platform-accounts', {
      token,
      body: { platform: 'wechat' },
    });
    const letters = await openLetters(stage, token, account.platformAppId, people);
    const limit = Math.max(SLOWEST, Math.ceil(letters.reduce((sum, one) => sum + one.readers, 0) / SECONDS));
    const room = new Newsroom(stage, app.id, token, account, letters, limit);
    await room.ask('PATCH', `/v1/message-accounts/${account.id}`, { rateLimit: limit });
    await room.tellDeliveries(false);
    await gather(room, people);
    await room.atPlatform('limits', { milliseconds: LATENCY_MS });
    return room;
  }

  /** Sends a letter to all of its readers; gives the broadcast's id. */
  async broadcast({ key, data }: Letter): Promise<string> {
    const body = { template: key, data, filter: { platform: 'wechat' } };
    return (await this.ask<{ id: string }>('POST', '/v1/broadcasts', body)).id;
  }

  /** Whether the platform pushes what became of each message. */
  tellDeliveries(sent: boolean): Promise<unknown> {
    return this.atPlatform('accounts', { kind: 'program', push: { sent } });
  }

  /** The sandbox's own surface, about this account. */
  atPlatform(action: string, body: object): Promise<unknown> {
    return play(this.stage, action, { platform: 'wechat', platformAppId: this.account.platformAppId, ...body });
  }

  /** What the sandbox itself knows of this account. */
  seen<T>(what: string, query: Readonly<Record<string, string | number>> = {}): Promise<T> {
    const { platformAppId } = this.account;
    const all = new URLSearchParams({ platform: 'wechat', platformAppId });
    for (const [name, value] of Object.entries(query)) all.set(name, String(value));
    const path = `/_/${what}?${all.toString()}`;
    return insist(this.stage, async () => {
      const { status, body } = await ask<T>(this.stage.sandboxUrl, 'GET', path);
      if (status !== 200) throw new Broken(`the sandbox answered ${status} to GET ${path}`);
      return body;
    });
  }

  rows<Row>(text: string, ...values: readonly unknown[]): Promise<Row[]> {
    return insist(this.stage, () => this.stage.query<Row>('', text, [this.appId, ...values]), PATIENCE_MS);
  }

  /** As the developer's server, until the answer is a success; what was not answered is asked again under its key. */
  ask<T>(method: string, path: string, body?: object): Promise<T> {
    const { token, stage } = this;
    const over = { token, body, ...(method !== 'GET' && { key: randomUUID() }) };
    const act = async (): Promise<T> => {
      const { status, body: said } = await call<T>(stage, method, path, over);
      if (status >= 200 && status < 300) return said;
      const line = `${method} ${path} answered ${status} ${JSON.stringify(said)}`;
      // A server that is being killed may answer 5xx; a key may be in use by a try that nobody answered.
      if (status === 0 || status >= 500 || status === 409) throw new Error(line);
      throw new Broken(line);
    };
    return insist(stage, act, PATIENCE_MS);
  }
}
