import { randomUUID } from 'node:crypto';
import { until } from '../../queues/support/until.js';
import { type LoggedIn, must, sandbox } from '../../support/client.js';
import type { Minibase } from '../../support/minibase.js';
import type { Command } from './commands.js';

export interface ModelTemplate {
  readonly key: string;
  readonly templateId: string;
}

/** What a person did with one template: by how much the ledger may know less than the platform. */
export interface Done {
  accepted: number;
  /** Acceptances of which the platform never told. */
  lost: number;
  lies: number;
  switchedOff: number;
}

type Doing<Name extends Command['does']> = Extract<Command, { does: Name }>;

/** One person with a phone, who does one thing after another. */
export class Player {
  readonly done: readonly Done[];
  /** Seconds of the last answer for each template: WeChat's events are told apart by no less. */
  readonly #last: number[];

  constructor(
    private readonly minibase: Minibase,
    private readonly app: { secretKey: string; platformAppId: string },
    readonly user: string,
    readonly login: LoggedIn,
    private readonly templates: readonly ModelTemplate[],
  ) {
    this.done = templates.map(() => ({ accepted: 0, lost: 0, lies: 0, switchedOff: 0 }));
    this.#last = templates.map(() => 0);
  }

  doneWith(templateId: string): Done {
    return this.done[this.templates.findIndex((one) => one.templateId === templateId)]!;
  }

  async accept({ template, told, reportsAgain }: Doing<'accept'>): Promise<void> {
    const done = this.done[template]!;
    if (told === 'liar') done.lies += 1;
    else {
      await this.#answer(template, { answer: 'accept', report: told !== 'client' });
      done.accepted += 1;
      if (told === 'client') done.lost += 1;
    }
    if (told !== 'platform') await this.#report(template, reportsAgain);
  }

  reject({ template }: Doing<'reject'>): Promise<void> {
    return this.#answer(template, { answer: 'reject' });
  }

  async switchOff({ template }: Doing<'switchOff'>): Promise<void> {
    this.done[template]!.switchedOff += 1;
    await this.#answer(template, { answer: 'reject', settings: true });
  }

  async send({ template, count }: Doing<'send'>): Promise<void> {
    const body = { to: { userId: this.login.user.id }, template: this.templates[template]!.key, data: { item: 'Tea' } };
    const token = this.app.secretKey;
    await Promise.all(
      Array.from({ length: count }, () => must(this.minibase.url, 'POST', '/v1/notifications', { token, body })),
    );
  }

  async #answer(template: number, over: object): Promise<void> {
    await until('the next second', () => seconds() > this.#last[template]!);
    this.#last[template] = seconds();
    const { platformAppId } = this.app;
    const templateIds = [this.templates[template]!.templateId];
    await sandbox(this.minibase, 'consent', {
      platform: 'wechat',
      platformAppId,
      user: this.user,
      templateIds,
      ...over,
    });
    // It may have been a moment later there.
    this.#last[template] = seconds();
  }

  async #report(template: number, again: boolean): Promise<void> {
    const body = { platform: 'wechat', results: { [this.templates[template]!.templateId]: 'accept' } };
    const key = randomUUID();
    const report = () =>
      must(this.minibase.url, 'POST', '/v1/me/message-consents', { token: this.login.accessToken, body, key });
    await report();
    if (again) await report();
  }
}

const seconds = (): number => Math.floor(Date.now() / 1_000);
