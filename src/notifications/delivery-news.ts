import { Injectable } from '@nestjs/common';
import { TooEarly } from '../callbacks/mismatch.js';
import { Clock } from '../common/clock.js';
import { newId } from '../common/ids.js';
import { Database, statement, type Tx } from '../database/database.js';
import type { PushNews } from '../platforms/message-platform.js';
import { BusinessTime } from '../tenancy/business-time.js';
import type { AppRecord } from '../tenancy/caller.js';
import { DELIVERED } from './lanes.js';
import type { Result } from './message-results.js';
import type { NotificationStatus } from './moves.js';
import { conclude, type Reservation } from './outcomes.js';
import { RECORD } from './recording.sql.js';

export type DeliveryPush = Extract<PushNews, { kind: 'delivery' }>;

interface Meant extends Record<string, unknown> {
  id: string;
  status: NotificationStatus;
  isOnItsWay: boolean;
  openid: string | null;
  platformTemplateId: string;
  reservation: Reservation | null;
  reportId: string | null;
  template: string;
  tries: number;
}

const COLUMNS = `n.id, n.status, n.leased_until is not null as "isOnItsWay", n.openid, n.tries, n.reservation, t.key as template,
  n.platform_template_id as "platformTemplateId", (
    select r.id from message_consent_reports r
    where n.reservation = 'claim' and r.app_id = n.app_id and r.account_id = n.account_id and r.openid = n.openid
      and r.template_id = n.platform_template_id and r.notification_id = n.id limit 1) as "reportId"`;
const FROM = `notifications n join message_templates t on t.app_id = $1 and t.id = n.template_id`;

/** $2 account  $3 the platform's id of the message */
const BY_MESSAGE = statement(`
  select ${COLUMNS} from ${FROM}
  where n.app_id = $1 and n.account_id = $2 and n.platform_message_id = $3
  order by n.id desc limit 1 for update of n`);
/**
 * The only one that can be meant: it is on its way, or nobody knows what became of it. One on its way is asked first: its
 * answer tells whether the news is of it. $2 account  $3 openid  $4 template
 */
const BY_PERSON = statement(`
  select ${COLUMNS} from ${FROM}
  where n.app_id = $1 and n.account_id = $2 and n.openid = $3 and n.platform_template_id = $4
    and (n.due_at is not null or n.settle_at is not null)
    and (n.status = 'unknown' or n.leased_until is not null)
  order by n.leased_until is null, n.settle_at nulls last, n.id limit 1 for update of n`);
/** Whether the news may be of another one: nobody knows what became of it. $2 account  $3 openid  $4 template */
const OTHER_UNKNOWN = statement(`
  select from notifications
  where app_id = $1 and account_id = $2 and openid = $3 and platform_template_id = $4 and settle_at is not null
    and status = 'unknown' limit 1`);
/** Should the answer get lost, this is known. */
const REMEMBER = statement(`update notifications set reason = '${DELIVERED}' where app_id = $1 and id = $2`);

/** Does what platforms tell later of messages that they have taken. */
@Injectable()
export class DeliveryNews {
  constructor(
    private readonly db: Database,
    private readonly clock: Clock,
    private readonly time: BusinessTime,
  ) {}

  /**
   * The platform's last word on a message: it decides an unknown outcome, and takes back a success. News of messages that
   * are not ours, and what is known already, change nothing. Throws TooEarly for a failure of one that is still on its way,
   * and for news of which only the answer to that one can tell whether they are of it.
   */
  async apply(tx: Tx, app: AppRecord, accountId: string, news: DeliveryPush): Promise<void> {
    const meant = await this.#find(tx, app.id, accountId, news);
    if (!meant) return;
    if (meant.isOnItsWay) {
      if (news.outcome.kind !== 'sent' || (await this.#mayBeOfAnother(tx, app.id, accountId, news))) {
        throw new TooEarly('the answer to this message has not been written yet');
      }
      await this.db.run(REMEMBER, [app.id, meant.id], tx);
      return;
    }
    const now = this.clock.now();
    const conclusion = conclude(news.outcome, meant.tries - 1, now, app.clockOffset, 0);
    // A platform that says it later does not say `later`.
    if (conclusion.outcome === 'later' || conclusion.outcome === 'unknown' || meant.openid === null) return;
    const result: Result & { isNews: true } = {
      ...conclusion,
      platformMessageId: news.platformMessageId,
      appId: app.id,
      accountId,
      id: meant.id,
      lease: now,
      at: this.time.now(app),
      now,
      eventId: newId('event'),
      entryId: newId('consentEntry'),
      openid: meant.openid,
      platformTemplateId: meant.platformTemplateId,
      reservation: meant.reservation,
      reportId: meant.reportId,
      template: meant.template,
      isLate: true,
      isNews: true,
    };
    await this.db.run(RECORD, [JSON.stringify([result])], tx);
  }

  async #mayBeOfAnother(tx: Tx, appId: string, accountId: string, { openid, templateId }: DeliveryPush) {
    return (await this.db.run(OTHER_UNKNOWN, [appId, accountId, openid, templateId], tx)).length > 0;
  }

  async #find(tx: Tx, appId: string, accountId: string, news: DeliveryPush): Promise<Meant | undefined> {
    const { platformMessageId, openid, templateId } = news;
    const byMessage = async (): Promise<Meant | undefined> =>
      platformMessageId === null
        ? undefined
        : (await this.db.run<Meant>(BY_MESSAGE, [appId, accountId, platformMessageId], tx))[0];
    const known = await byMessage();
    if (known) return known;
    const [meant] = await this.db.run<Meant>(BY_PERSON, [appId, accountId, openid, templateId], tx);
    if (!meant || meant.isOnItsWay) return meant;
    // The answer of one that was on its way may have been written between the two looks.
    return (await byMessage()) ?? meant;
  }
}
