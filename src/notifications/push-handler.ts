import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import {
  type Arrival,
  type CallbackContext,
  type CallbackHandler,
  CallbackHandlers,
  type Concluded,
} from '../callbacks/callback-handler.js';
import type { Tx } from '../database/database.js';
import { Announcer } from '../events/announce.js';
import type { ContentOf } from '../platforms/callback.js';
import { PlatformAccounts } from '../tenancy/platform-accounts.service.js';
import { ConsentLedger } from './consent-ledger.js';
import { type ConsentNews, ConsentPushes } from './consent-pushes.js';
import { DeliveryNews } from './delivery-news.js';

/** Does what platforms push about mini-programs: people's answers, and what became of messages. */
@Injectable()
export class PushHandler implements CallbackHandler<'push'> {
  readonly kinds = ['push'] as const;

  constructor(
    private readonly accounts: PlatformAccounts,
    private readonly ledger: ConsentLedger,
    private readonly consents: ConsentPushes,
    private readonly deliveries: DeliveryNews,
    private readonly announcer: Announcer,
    handlers: CallbackHandlers,
  ) {
    handlers.register(this);
  }

  async apply(tx: Tx, arrival: Arrival, { push }: ContentOf<'push'>, context: CallbackContext): Promise<Concluded> {
    const { app, accountId } = arrival;
    const news: ConsentNews[] = [];
    // Messages first: who locks a message and a consent does so in that order.
    for (const one of push.news) {
      if (one.kind === 'consent') news.push(one);
      else await this.deliveries.apply(tx, app, accountId, one);
    }
    if (news.length > 0) await this.#consents(tx, arrival, push.happenedAt, context.receivedAt, news);
    // A push of something else does not show that answers are pushed.
    if (push.news.length > 0) {
      await this.consents.arrived(tx, { appId: app.id, accountId }, context.receivedAt);
    }
    await this.#announce(tx, arrival, push.type, context.id);
    return { status: 'settled', objectId: push.openid === null ? null : personOf(accountId, push.openid) };
  }

  async #consents(
    tx: Tx,
    { app, platform, accountId }: Arrival,
    happenedAt: Date,
    receivedAt: Date,
    news: readonly ConsentNews[],
  ): Promise<void> {
    const { platformAppId } = await this.accounts.open(app.id, app.mode, accountId);
    const ids = news.map(({ answer }) => answer.templateId);
    const templates = await this.ledger.templates(app.id, platform, platformAppId, ids, tx);
    await this.consents.take(
      tx,
      { appId: app.id, accountId },
      { happenedAt, receivedAt },
      news,
      (templateId) => templates.get(templateId)?.kind ?? 'one_time',
    );
  }

  async #announce(tx: Tx, { app, platform, accountId }: Arrival, pushType: string, callbackId: string): Promise<void> {
    await this.announcer.announce(tx, {
      appId: app.id,
      type: 'push.received',
      stream: { type: 'callback', id: callbackId },
      sequence: 1,
      data: { callbackId, platform, platformAccountId: accountId, pushType },
    });
  }
}

/**
 * What the callback's row is about: a person whom perhaps nobody knows as a user. Not the openid, as the row stays when
 * the person is erased; all raw pushes about one person are found, and forgotten, by it.
 */
export const personOf = (accountId: string, openid: string): string =>
  `person_${createHash('sha256').update(`${accountId}/${openid}`).digest('hex').slice(0, 32)}`;
