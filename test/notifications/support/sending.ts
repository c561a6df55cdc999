import type { PlatformCode } from '../../../src/platforms/platform.js';
import { until } from '../../queues/support/until.js';
import { aLogin, anApp, asServer, type LoggedIn, must, sandbox, type TestApp } from '../../support/client.js';
import type { Minibase } from '../../support/minibase.js';
import { type StockTemplate, stockTemplates } from './stock-templates.js';

export interface SeenNotification {
  readonly id: string;
  readonly userId: string;
  readonly status: string;
  readonly reason: string | null;
  readonly platform: string | null;
  readonly platformCode: string | null;
  readonly broadcastId: string | null;
  readonly sendAt: string;
  readonly sentAt: string | null;
  readonly code?: string;
}

export interface SeenMessage {
  readonly user: string;
  readonly openid: string;
  readonly templateId: string;
  readonly data: Readonly<Record<string, string>>;
}

export interface SeenBroadcast {
  readonly id: string;
  readonly status: string;
  readonly reason: string | null;
  readonly progress: Readonly<Record<string, number | boolean>>;
  readonly code?: string;
}

/** A template of the sandbox's stock that asks for nothing but short texts. */
export const DATA = { item: '一杯咖啡' };

/** By which path or method the sandbox knows the call that sends. */
const SENDS: Partial<Record<PlatformCode, string>> = {
  wechat: '/cgi-bin/message/subscribe/send',
  alipay: 'alipay.open.app.mini.templatemessage.send',
  douyin: '/api/notification/v2/subscription/notify_user/',
};

/** A test app, on WeChat unless told otherwise, with a message template of the sandbox's stock, and people who agree to it. */
export class Sending {
  private constructor(
    readonly minibase: Minibase,
    readonly app: TestApp,
    readonly stock: StockTemplate,
    readonly key: string,
    readonly platform: PlatformCode,
  ) {}

  static async open(
    minibase: Minibase,
    kind: 'one_time' | 'long_term' = 'one_time',
    platform: PlatformCode = 'wechat',
  ): Promise<Sending> {
    const app = await anApp(minibase, [platform]);
    const { platformAppId } = app.programs[platform];
    const all = await stockTemplates(minibase, platform, platformAppId);
    const stock = all.find((one) => one.kind === kind)!;
    // Without pushes the reports of clients grant, which needs nobody to wait for.
    if (platform === 'wechat') await sandbox(minibase, 'accounts', { platform, kind: 'program', platformAppId, push: { sent: false } }); // prettier-ignore
    const key = 'order.shipped';
    await must(minibase.url, 'POST', '/v1/message-templates', {
      token: app.secretKey,
      body: {
        key,
        variables: [{ name: 'item', type: 'text', example: '一杯咖啡' }],
        platforms: { [platform]: formOf(stock) },
      },
    });
    return new Sending(minibase, app, stock, key, platform);
  }

  get accountId(): string {
    return this.app.programs[this.platform].id;
  }

  get platformAppId(): string {
    return this.app.programs[this.platform].platformAppId;
  }

  /** A person who has logged in and agreed so often. */
  async person(user: string, consents = 1): Promise<LoggedIn> {
    const login = await aLogin(this.minibase, this.app, user, this.platform);
    for (let count = 0; count < consents; count += 1) {
      // A second acceptance within three seconds does not count.
      if (count > 0) this.minibase.clock.advance({ seconds: 4 });
      await this.consent(login, user);
    }
    return login;
  }

  /** So many people who have agreed once, named `<name>-0`, …. */
  async people(name: string, count: number): Promise<readonly LoggedIn[]> {
    const logins: LoggedIn[] = [];
    let next = 0;
    const work = async (): Promise<void> => {
      while (next < count) {
        const n = next++;
        logins[n] = await this.person(`${name}-${n}`);
      }
    };
    await Promise.all(Array.from({ length: 8 }, work));
    return logins;
  }

  /** The dialog in the sandbox, told by the client. */
  async consent(login: LoggedIn, user: string, answer = 'accept'): Promise<void> {
    const { results } = await this.asked(user, answer);
    const body = { platform: this.platform, results };
    await must(this.minibase.url, 'POST', '/v1/me/message-consents', { token: login.accessToken, body });
  }

  /** What the client's call gives; the platform pushes nothing. */
  asked(user: string, answer = 'accept'): Promise<{ results: Record<string, string> }> {
    return sandbox(this.minibase, 'consent', {
      ...{ platform: this.platform, platformAppId: this.platformAppId, user },
      ...{ templateIds: [this.stock.templateId], answer, report: false },
    });
  }

  /** Asks for a message; the answer as it came. */
  ask<T = SeenNotification>(to: object, over: object = {}) {
    const body = { to, template: this.key, data: DATA, ...over };
    return asServer<T>(this.minibase, this.app, 'POST', '/v1/notifications', { body });
  }

  async send(userId: string, over: object = {}): Promise<SeenNotification> {
    const { status, body } = await this.ask({ userId }, over);
    if (status >= 400) throw new Error(`a message was refused: ${JSON.stringify(body)}`);
    return body;
  }

  read(id: string): Promise<SeenNotification> {
    return must(this.minibase.url, 'GET', `/v1/notifications/${id}`, { token: this.app.secretKey });
  }

  /** Waits until it has one of the statuses. */
  async ended(id: string, ...statuses: string[]): Promise<SeenNotification> {
    const wanted = statuses.length > 0 ? statuses : ['sent', 'refused', 'failed', 'unknown', 'expired', 'canceled'];
    let seen = await this.read(id);
    await until(`${id} is ${wanted.join(' or ')}, not ${seen.status}`, async () => {
      seen = await this.read(id);
      return wanted.includes(seen.status);
    });
    return seen;
  }

  /** Messages that reached people. */
  async inbox(user?: string): Promise<readonly SeenMessage[]> {
    const query = new URLSearchParams({ platform: this.platform, platformAppId: this.platformAppId, limit: '10000' });
    if (user !== undefined) query.set('user', user);
    const path = `/_/messages?${query.toString()}`;
    return (await must<{ messages: SeenMessage[] }>(this.minibase.sandboxUrl, 'GET', path)).messages;
  }

  /** The next sends go wrong so. */
  fault(kind: string, over: object = {}): Promise<unknown> {
    const { platform, platformAppId } = this;
    const match = { platform, platformAppId, path: SENDS[platform] };
    return sandbox(this.minibase, 'faults', { match, kind, ...over });
  }

  sql<Row>(text: string, values: readonly unknown[] = []): Promise<Row[]> {
    return this.minibase.database.dataSource.query<Row[]>(text, [...values]);
  }

  /** What is counted of a person's consent. */
  async counts(login: LoggedIn): Promise<readonly [granted: number, claimed: number, reserved: number]> {
    const [row] = await this.sql<{ granted: number; claimed: number; reserved: number }>(
      'select granted, claimed, reserved from message_consents where app_id = $1 and openid = $2',
      [this.app.appId, login.identity.openid],
    );
    return row ? [row.granted, row.claimed, row.reserved] : [0, 0, 0];
  }

  /** Moves the business time of the app. */
  async advance(seconds: number): Promise<void> {
    await this.sql('update apps set clock_offset = clock_offset + $2 where id = $1', [
      this.app.appId,
      Math.ceil(seconds * 1_000),
    ]);
    this.minibase.forgetApps();
  }

  /** The platform pushes from now on what became of each message. */
  pushesArrive(): Promise<unknown> {
    const { platformAppId } = this;
    const account = { platform: 'wechat', kind: 'program', platformAppId, push: { sent: true } };
    return sandbox(this.minibase, 'accounts', account);
  }

  /** So many seconds from now, by the app's clock. */
  async at(seconds: number): Promise<string> {
    const [row] = await this.sql<{ ahead: string }>('select clock_offset as ahead from apps where id = $1', [this.app.appId]); // prettier-ignore
    return new Date(this.minibase.clock.now().getTime() + Number(row!.ahead) + seconds * 1_000).toISOString();
  }

  broadcast(over: object = {}) {
    const body = { template: this.key, data: DATA, ...over };
    return must<SeenBroadcast>(this.minibase.url, 'POST', '/v1/broadcasts', { token: this.app.secretKey, body });
  }

  broadcastOf(id: string): Promise<SeenBroadcast> {
    return must(this.minibase.url, 'GET', `/v1/broadcasts/${id}`, { token: this.app.secretKey });
  }
}

/** What a template of the stock is mapped to: each field as the platform's own example has it, and one that is filled. */
export function formOf({ templateId, kind, fields }: StockTemplate): object {
  const isThing = ({ name }: { name: string }) => Number(name.startsWith('thing'));
  const [first, ...others] = [...fields].sort((a, b) => isThing(b) - isThing(a));
  const examples = Object.fromEntries(others.map(({ name, example }) => [name, example]));
  return { templateId, kind, page: 'pages/order', fields: { [first!.name]: '{{item}}', ...examples } };
}
