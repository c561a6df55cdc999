import { Injectable } from '@nestjs/common';
import { newId } from '../common/ids.js';
import { fromCursor, type Page, toPage } from '../common/pagination.js';
import { notFound, problem } from '../common/problems.js';
import { Database, type Tx } from '../database/database.js';
import { Announcer } from '../events/announce.js';
import { Relay } from '../events/relay.js';
import { Lanes } from '../queues/lane.js';
import { BusinessTime } from '../tenancy/business-time.js';
import type { AppRecord, RequestContext, ServerCaller } from '../tenancy/caller.js';
import { Idempotency } from '../tenancy/idempotency.js';
import { MESSAGE_LANES } from './lanes.js';
import { timesOf } from './message-times.js';
import { type NotificationRow, notificationView, PRIORITIES } from './notification-rows.js';
import type {
  CreatedNotifications,
  CreateNotification,
  NotificationQuery,
  NotificationView,
} from './notifications.schemas.js';
import { CANCEL, COUNT, DEDUPED, FIND, INSERT, LIST } from './notifications.sql.js';
import { type RoutedUser, Routing } from './routing.js';
import type { MessageTemplate } from './template.js';
import { MessageTemplates } from './template-book.js';

interface Draft {
  readonly template: MessageTemplate;
  readonly users: readonly RoutedUser[];
  readonly body: CreateNotification;
  readonly sendAt: Date;
  readonly expiresAt: Date;
}

/** What a request made, or found made before. */
interface Made {
  readonly isNew: boolean;
  readonly ids: readonly string[];
}

type Canceled = NotificationRow & { sequence: number; templateId: string };

/** Messages to users, from the request to the queue. */
@Injectable()
export class Notifications {
  constructor(
    private readonly db: Database,
    private readonly time: BusinessTime,
    private readonly templates: MessageTemplates,
    private readonly routing: Routing,
    private readonly idempotency: Idempotency,
    private readonly announcer: Announcer,
    private readonly relay: Relay,
    private readonly lanes: Lanes,
  ) {}

  /**
   * Queues a message to each user. `isNew` is false when every one of them was there before. Throws `user_not_found`,
   * `user_gone`, `message_template_not_found`, `message_template_not_mapped`, `message_data_invalid`.
   */
  async create({ app }: ServerCaller, body: CreateNotification, context: RequestContext) {
    const made = await this.idempotency.orReplay(
      context.idempotency,
      async () => this.#make(app, await this.#draft(app, body), context),
      async ({ resourceId }): Promise<Made> => ({ isNew: false, ids: resourceId.split(',') }),
    );
    const rows = await this.#rows(app.id, made.ids);
    if (made.isNew) this.#wake(app, rows);
    const now = this.time.now(app);
    const views = rows.map((row) => notificationView(row, now));
    const notifications: CreatedNotifications = 'userId' in body.to ? views[0]! : { data: views };
    return { isNew: made.isNew, notifications };
  }

  /** Throws `notification_not_found`. */
  async get(app: AppRecord, id: string): Promise<NotificationView> {
    const [row] = await this.#rows(app.id, [id]);
    if (!row) throw notFound('notification', id.slice(0, 40));
    return notificationView(row, this.time.now(app));
  }

  async list(app: AppRecord, query: NotificationQuery): Promise<Page<NotificationView>> {
    const { limit, cursor, userId = null, status = null, platform = null, broadcastId = null } = query;
    const before = cursor === undefined ? null : fromCursor(cursor, /^ntf_[0-9a-f]{32}$/);
    const template = query.template === undefined ? null : (await this.templates.lookUp(app.id, query.template))?.id;
    // Of what is not there nothing was made.
    if (template === undefined) return { data: [], nextCursor: null };
    const now = this.time.now(app);
    const values = [app.id, before, userId, status, template, platform, broadcastId, now, limit + 1];
    const rows = await this.db.run<NotificationRow>(LIST, values);
    return toPage(rows, limit, ({ id }) => id, (row) => notificationView(row, now)); // prettier-ignore
  }

  /** Throws `notification_not_found`, and `notification_not_cancelable` for one that is on its way or over. */
  async cancel({ app }: ServerCaller, id: string, context: RequestContext): Promise<NotificationView> {
    const view = await this.idempotency.once(
      context.idempotency,
      async (tx) => ({ id, result: await this.#cancel(tx, app, id) }),
      () => this.get(app, id),
    );
    this.relay.nudge();
    return view;
  }

  async #draft(app: AppRecord, body: CreateNotification): Promise<Draft> {
    const template = await this.templates.find(app.id, body.template);
    this.templates.check(template, body.data);
    const times = timesOf(body, this.time.now(app));
    const userIds = 'userId' in body.to ? [body.to.userId] : body.to.userIds;
    const users = await this.routing.of(app, template, body, userIds);
    this.#mustFill(template, body, users);
    return { template, users, body, ...times };
  }

  /** Wherever it may go, the values must fit. */
  #mustFill(template: MessageTemplate, body: CreateNotification, users: readonly RoutedUser[]): void {
    const programs = new Map(users.flatMap(({ routes }) => routes).map((route) => [route.accountId, route]));
    const targets = programs.size > 0 ? [...programs.values()] : this.routing.platformsFor(template, body).map((platform) => ({ platform, platformAppId: undefined })); // prettier-ignore
    for (const { platform, platformAppId } of targets) {
      this.templates.render(template, { platform, platformAppId, page: body.page }, body.data);
    }
  }

  #make(app: AppRecord, draft: Draft, context: RequestContext): Promise<Made> {
    return this.idempotency.once(
      context.idempotency,
      async (tx) => {
        const result = await this.#insert(tx, app, draft);
        return { id: result.ids.join(','), result };
      },
      async ({ resourceId }) => ({ isNew: false, ids: resourceId.split(',') }),
    );
  }

  async #insert(tx: Tx, app: AppRecord, { template, users, body, sendAt, expiresAt }: Draft): Promise<Made> {
    const { data, page = null, dedupeKey = null, quietHours } = body;
    const people = users.map(addressee);
    const now = this.time.now(app);
    const values = [
      ...[app.id, JSON.stringify(people), template.id, null, JSON.stringify(data), page],
      this.routing.platformsFor(template, body),
      ...[PRIORITIES.indexOf(body.priority), sendAt, expiresAt, quietHours ? JSON.stringify(quietHours) : null],
      ...[dedupeKey, now],
    ];
    const made = await this.db.run<{ id: string; userId: string }>(INSERT, values, tx);
    const ids = new Map(made.map(({ id, userId }) => [userId, id]));
    const others = users.filter(({ userId }) => !ids.has(userId)).map(({ userId }) => userId);
    const earlier = others.length === 0 ? [] : await this.#earlier(tx, app.id, others, dedupeKey);
    for (const { id, userId } of earlier) ids.set(userId, id);
    const missing = users.find(({ userId }) => !ids.has(userId));
    if (missing) throw problem('user_gone', `User ${missing.userId} was merged or erased a moment ago.`);
    return { isNew: made.length > 0, ids: users.map(({ userId }) => ids.get(userId)!) };
  }

  #earlier(tx: Tx, appId: string, userIds: readonly string[], dedupeKey: string | null) {
    return this.db.run<{ id: string; userId: string }>(DEDUPED, [appId, userIds, dedupeKey], tx);
  }

  /** In the order of `ids`. */
  async #rows(appId: string, ids: readonly string[], tx?: Tx): Promise<NotificationRow[]> {
    const rows = await this.db.run<NotificationRow>(FIND, [appId, ids], tx);
    const byId = new Map(rows.map((row) => [row.id, row]));
    return ids.flatMap((id) => byId.get(id) ?? []);
  }

  async #cancel(tx: Tx, app: AppRecord, id: string): Promise<NotificationView> {
    const now = this.time.now(app);
    const [row] = await this.db.run<Canceled>(CANCEL, [app.id, id, now], tx);
    if (!row) {
      if ((await this.#rows(app.id, [id], tx)).length === 0) throw notFound('notification', id.slice(0, 40));
      throw problem('notification_not_cancelable', 'It is on its way to the platform, or over.');
    }
    const { userId, template, broadcastId, platform, status } = row;
    await this.announcer.announce(tx, {
      appId: app.id,
      type: 'notification.canceled',
      stream: { type: 'notification', id },
      sequence: row.sequence,
      data: { notificationId: id, userId, template, broadcastId, platform, status, reason: null, platformCode: null },
    });
    await this.db.run(COUNT, [app.id, row.templateId, platform, now, status, 1], tx);
    return notificationView(row, now);
  }

  /** After the commit: each account has something to send, or to wait for. */
  #wake(app: AppRecord, rows: readonly NotificationRow[]): void {
    if (rows.some(({ status }) => status === 'failed')) this.relay.nudge();
    const waiting = rows.filter(({ status }) => status === 'queued' || status === 'scheduled');
    for (const lane of new Set(waiting.map(({ accountId }) => accountId))) {
      if (lane !== null) void this.lanes.nudge(MESSAGE_LANES, { appId: app.id, lane });
    }
  }
}

/** A user as `INSERT` takes it. */
export const addressee = ({ userId, routes: [first, ...others] }: RoutedUser) => ({
  id: newId('notification'),
  userId,
  accountId: first?.accountId ?? null,
  platform: first?.platform ?? null,
  openid: first?.openid ?? null,
  templateId: first?.templateId ?? null,
  routes: others,
  eventId: newId('event'),
});
