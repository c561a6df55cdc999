import { randomBytes, randomUUID } from 'node:crypto';
import { newId } from '../../../src/common/ids.js';
import { PushHandler } from '../../../src/notifications/push-handler.js';
import type { MessagePush, PushNews } from '../../../src/platforms/message-platform.js';
import { Apps } from '../../../src/tenancy/apps.service.js';
import { type Answer, aLogin, anApp, type Ask, ask, type LoggedIn, must, type TestApp } from '../../support/client.js';
import type { Minibase } from '../../support/minibase.js';

export interface Reported {
  readonly data: readonly {
    readonly templateId: string;
    readonly template: string | null;
    readonly answer: string;
    readonly counted: boolean;
    readonly available: number;
    readonly subscribed: boolean;
  }[];
  readonly ignored: readonly string[];
  readonly code?: string;
}

export interface SeenConsent {
  readonly platform: string;
  readonly platformAppId: string;
  readonly templateId: string;
  readonly template: string | null;
  readonly kind: string;
  readonly available: number;
  readonly reserved: number;
  readonly subscribed: boolean;
  readonly answer: string;
}

export interface SeenEntry {
  readonly id: string;
  readonly kind: string;
  readonly granted: number;
  readonly claimed: number;
  readonly reserved: number;
  readonly reason: string;
  readonly notificationId: string | null;
  readonly openid: string;
}

/** The row of a consent, which shows apart what answers show as one sum. */
export interface Counts {
  readonly granted: number;
  readonly claimed: number;
  readonly reserved: number;
  readonly subscribed: boolean;
}

/** An id of a template as WeChat gives them. */
export const aTemplateId = (): string => randomBytes(32).toString('base64url');

/** A test app on WeChat with one message template, and a person who is asked whether messages are wanted. */
export class Answering {
  private constructor(
    readonly minibase: Minibase,
    readonly app: TestApp,
    readonly login: LoggedIn,
    readonly key: string,
    readonly templateId: string,
  ) {}

  static async open(minibase: Minibase, kind: 'one_time' | 'long_term' = 'one_time'): Promise<Answering> {
    const app = await anApp(minibase, ['wechat']);
    const login = await aLogin(minibase, app, 'ming');
    const templateId = aTemplateId();
    const key = 'order.shipped';
    await must(minibase.url, 'POST', '/v1/message-templates', {
      token: app.secretKey,
      body: {
        key,
        variables: [{ name: 'item', type: 'text', example: 'Coffee' }],
        platforms: { wechat: { templateId, kind, fields: { thing1: '{{item}}' } } },
      },
    });
    return new Answering(minibase, app, login, key, templateId);
  }

  get openid(): string {
    return this.login.identity.openid;
  }

  get accountId(): string {
    return this.app.programs.wechat.id;
  }

  /** What the client tells after the dialog. */
  report(answer = 'accept', over: Ask & { templateId?: string } = {}): Promise<Answer<Reported>> {
    const { templateId = this.templateId, ...asking } = over;
    const results = { [templateId]: answer, errMsg: 'requestSubscribeMessage:ok' };
    const body = { platform: 'wechat', results };
    return ask<Reported>(this.minibase.url, 'POST', '/v1/me/message-consents', {
      token: this.login.accessToken,
      body,
      ...asking,
    });
  }

  /** Whether a report counted, and how many messages may go now. */
  async reported(answer = 'accept', over: Ask = {}): Promise<[boolean, number]> {
    const { status, body } = await this.report(answer, over);
    if (status !== 200 && status !== 201) throw new Error(`a report was refused: ${JSON.stringify(body)}`);
    const { counted, available } = body.data[0]!;
    return [counted, available];
  }

  /** What the platform pushes of the person's answer; the same `identity` again is a repeat. */
  answer(answer = 'accept', over: { identity?: string; isSetting?: boolean; openid?: string } = {}): PushNews {
    const { identity = randomUUID(), isSetting = false, openid = this.openid } = over;
    const { templateId } = this;
    return {
      kind: 'consent',
      openid,
      answer: { templateId, isAccepted: answer.startsWith('accept'), answer },
      isSetting,
      identity,
    };
  }

  /** A verified push, as the platform's adapter reads it. `late`: seconds since it happened. */
  async push(news: readonly PushNews[] = [this.answer()], over: Partial<MessagePush> & { late?: number } = {}) {
    const { late = 0, ...rest } = over;
    const receivedAt = this.minibase.clock.now();
    const happenedAt = new Date(receivedAt.getTime() - late * 1_000);
    const push = { type: 'subscribe_msg_popup_event', openid: this.openid, happenedAt, news, ...rest };
    const app = await this.minibase.app.get(Apps, { strict: false }).record(this.app.appId);
    const arrival = { app, platform: 'wechat', accountId: this.accountId } as const;
    const context = { id: newId('callback'), type: push.type, receivedAt };
    const handler = this.minibase.app.get(PushHandler, { strict: false });
    return this.minibase.database.transaction((tx) => handler.apply(tx, arrival, { kind: 'push', push }, context));
  }

  /** Pushes arrive from the account: a stranger has said no. */
  pushesArrive(): Promise<unknown> {
    return this.push([this.answer('reject', { openid: `stranger-${randomUUID()}` })]);
  }

  async counts(openid = this.openid): Promise<Counts | undefined> {
    const [row] = await this.sql<Counts>(
      `select granted, claimed, reserved, subscribed from message_consents
       where app_id = $1 and account_id = $2 and template_id = $3 and openid = $4`,
      [this.app.appId, this.accountId, this.templateId, openid],
    );
    return row;
  }

  sql<Row>(text: string, values: readonly unknown[] = []): Promise<Row[]> {
    return this.minibase.database.dataSource.query<Row[]>(text, [...values]);
  }

  async mine(): Promise<readonly SeenConsent[]> {
    const asking = { token: this.login.accessToken };
    return (await must<{ data: SeenConsent[] }>(this.minibase.url, 'GET', '/v1/me/message-consents', asking)).data;
  }

  /** Oldest first. */
  async entries(query = ''): Promise<readonly SeenEntry[]> {
    const path = `/v1/message-consent-entries?limit=100${query}`;
    const asking = { token: this.app.secretKey };
    return (await must<{ data: SeenEntry[] }>(this.minibase.url, 'GET', path, asking)).data.reverse();
  }

  /** Moves the business time of the app. */
  async advance(seconds: number): Promise<void> {
    await this.sql('update apps set clock_offset = clock_offset + $2 where id = $1', [this.app.appId, seconds * 1_000]);
    this.minibase.forgetApps();
  }
}
