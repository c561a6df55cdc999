import { Injectable, Logger, type OnApplicationShutdown } from '@nestjs/common';
import { Clock } from '../common/clock.js';
import { newId } from '../common/ids.js';
import type { SendOutcome } from '../platforms/message-platform.js';
import type { PlatformAccount } from '../platforms/platform.js';
import { Platforms } from '../platforms/registry.js';
import { Lanes } from '../queues/lane.js';
import { BusinessTime } from '../tenancy/business-time.js';
import type { AppRecord } from '../tenancy/caller.js';
import { MESSAGE_LANES } from './lanes.js';
import { MessageResults } from './message-results.js';
import { MessageWindows } from './message-window.js';
import { NotificationCounts } from './notification-counts.js';
import { type Claimed, type Conclusion, conclude, type Reservation } from './outcomes.js';
import { SendingTroubles } from './sending-troubles.js';
import type { MessageTemplate } from './template.js';
import { MessageTemplates } from './template-book.js';

/** For whom messages are sent. */
export interface SendingAccount {
  readonly app: AppRecord;
  readonly account: PlatformAccount;
}

/** A platform's call ends within five seconds, also one whose token had to be renewed before; a moment to write it. */
const STOP_MS = 13_000;

/** Sends claimed messages, each once, and sees to it that what came of it is written. Runs of lanes end before that. */
@Injectable()
export class MessageCourier implements OnApplicationShutdown {
  readonly #log = new Logger(MessageCourier.name);
  readonly windows = new MessageWindows();
  #stopping = false;

  constructor(
    private readonly clock: Clock,
    private readonly time: BusinessTime,
    private readonly platforms: Platforms,
    private readonly templates: MessageTemplates,
    private readonly results: MessageResults,
    private readonly troubles: SendingTroubles,
    private readonly counts: NotificationCounts,
    private readonly lanes: Lanes,
  ) {}

  /** What is on its way may have reached somebody, so its answer is waited for; nothing is taken back. */
  async onApplicationShutdown(): Promise<void> {
    this.#stopping = true;
    const end = performance.now() + STOP_MS;
    while (this.windows.load > 0 && performance.now() < end) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    await this.results.settled();
  }

  /** Begins to send, and returns. `lease`: until when nobody else touches them. */
  send(from: SendingAccount, claimed: readonly Claimed[], lease: Date): void {
    const window = this.windows.of(from.account.id);
    window.inFlight += claimed.length;
    for (const message of claimed) void this.#deliver(from, message, lease);
  }

  async #deliver(from: SendingAccount, message: Claimed, lease: Date): Promise<void> {
    const { app, account } = from;
    let isAnswered = false;
    try {
      const template = await this.templates.find(app.id, message.templateId);
      this.#countLag(from, message);
      const outcome = await this.#send(account, template, message);
      this.counts.sends.inc({ platform: account.platform, result: outcome.kind });
      // Whatever else it says may concern the others, and then nothing more goes out before it is known.
      if (outcome.kind === 'sent') {
        isAnswered = true;
        this.windows.of(account.id).answered();
      }
      const now = this.clock.now();
      const conclusion = conclude(outcome, message.tries, now, app.clockOffset, Math.random());
      if (conclusion.pausedUntil) await this.troubles.pause(from, conclusion.pausedUntil, outcome);
      const result = resultOf(from, template, message, conclusion, lease, now, this.time.now(app));
      await this.results.add(result, this.windows.of(account.id).inFlight <= (isAnswered ? 0 : 1));
      await this.troubles.consider(from, message, outcome);
    } catch (error) {
      // Its lease passes; then it counts as unknown.
      this.#log.error({ notification: message.id, err: error }, 'what came of a message is not known');
    } finally {
      this.#ended(from, isAnswered);
    }
  }

  #ended({ app, account }: SendingAccount, wasAnswered: boolean): void {
    const window = this.windows.of(account.id);
    window.ended(wasAnswered);
    // Nobody is there to go on: there is room for more, or the person's next message.
    if (!window.isWatched && !window.isExpected && !this.#stopping)
      void this.lanes.nudge(MESSAGE_LANES, { appId: app.id, lane: account.id });
    this.windows.tidy(account.id);
  }

  /** A message that no longer fits its template, which was changed meanwhile, or has another consent, never leaves. */
  async #send(account: PlatformAccount, template: MessageTemplate, message: Claimed): Promise<SendOutcome> {
    const { openid, platformTemplateId: templateId } = message;
    let rendered;
    try {
      const { platform, platformAppId } = account;
      const target = { platform, platformAppId, page: message.page };
      rendered = this.templates.render(template, target, message.data);
    } catch (error) {
      const detail = error instanceof Error ? error.message : 'The template was changed.';
      return { kind: 'failed', fault: 'data', platformCode: 'not_rendered', detail };
    }
    const { fields, page } = rendered;
    if (rendered.templateId !== templateId) return CHANGED;
    return this.platforms.messages(account.platform).send(account, { openid, templateId, fields, page });
  }

  #countLag({ app }: SendingAccount, { priority, tries, sendAt }: Claimed): void {
    if (tries > 0) return;
    const seconds = (this.time.now(app).getTime() - sendAt.getTime()) / 1_000;
    this.counts.lag.observe({ priority }, Math.max(0, seconds));
  }
}

/** The consent was given for the platform's old template, whose fields may be others. */
const CHANGED: SendOutcome = {
  kind: 'failed',
  fault: 'template',
  platformCode: 'template_changed',
  detail: 'The template was mapped to another template of the platform while messages waited; ask people for that one.',
};

const resultOf = (
  { app, account }: SendingAccount,
  template: MessageTemplate,
  message: Claimed,
  conclusion: Conclusion,
  lease: Date,
  now: Date,
  at: Date,
) => ({
  ...conclusion,
  appId: app.id,
  accountId: account.id,
  id: message.id,
  lease,
  at,
  now,
  eventId: newId('event'),
  entryId: newId('consentEntry'),
  openid: message.openid,
  platformTemplateId: message.platformTemplateId,
  reservation: message.verdict as Reservation,
  reportId: message.reportId,
  template: template.key,
  isLate: now >= lease,
});
