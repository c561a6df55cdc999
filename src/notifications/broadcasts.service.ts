import { Injectable } from '@nestjs/common';
import { newId } from '../common/ids.js';
import { fromCursor, type Page, toPage } from '../common/pagination.js';
import { notFound, problem } from '../common/problems.js';
import { Database, type Tx } from '../database/database.js';
import { Relay } from '../events/relay.js';
import { Lanes } from '../queues/lane.js';
import { BusinessTime } from '../tenancy/business-time.js';
import type { AppRecord, RequestContext, ServerCaller } from '../tenancy/caller.js';
import { Idempotency } from '../tenancy/idempotency.js';
import { Audience } from './audience.js';
import { BroadcastPauses } from './broadcast-pauses.js';
import { type BroadcastRow, broadcastView, type ProgressRow } from './broadcast-rows.js';
import type { BroadcastQuery, BroadcastView, CreateBroadcast } from './broadcasts.schemas.js';
import {
  FIND_BROADCAST,
  FREE_MESSAGES,
  HOLD_MESSAGES,
  INSERT_BROADCAST,
  LIST_BROADCASTS,
  PROGRESS,
} from './broadcasts.sql.js';
import { BROADCAST_LANES, MESSAGE_LANES } from './lanes.js';
import { timesOf } from './message-times.js';
import type { MessageTemplate } from './template.js';
import { MessageTemplates } from './template-book.js';

/** The same message to everybody who agreed to it. */
@Injectable()
export class Broadcasts {
  constructor(
    private readonly db: Database,
    private readonly time: BusinessTime,
    private readonly templates: MessageTemplates,
    private readonly audience: Audience,
    private readonly pauses: BroadcastPauses,
    private readonly idempotency: Idempotency,
    private readonly relay: Relay,
    private readonly lanes: Lanes,
  ) {}

  /** Throws like a notification, and `platform_account_missing` where the filter leaves no mini-program. */
  async create({ app }: ServerCaller, body: CreateBroadcast, context: RequestContext): Promise<BroadcastView> {
    const view = await this.idempotency.orReplay(
      context.idempotency,
      async () => {
        const template = await this.templates.find(app.id, body.template);
        await this.#mustFit(app, template, body);
        return this.idempotency.once(
          context.idempotency,
          (tx) => this.#insert(tx, app, template, body),
          ({ resourceId }) => this.get(app.id, resourceId),
        );
      },
      ({ resourceId }) => this.get(app.id, resourceId),
    );
    if (view.status === 'scheduled') void this.#wake(app, new Date(view.sendAt));
    return view;
  }

  /** Throws `broadcast_not_found`. */
  async get(appId: string, id: string): Promise<BroadcastView> {
    return this.#view(appId, await this.#find(appId, id));
  }

  async list(appId: string, { limit, cursor, status }: BroadcastQuery): Promise<Page<BroadcastView>> {
    const before = cursor === undefined ? null : fromCursor(cursor, /^brd_[0-9a-f]{32}$/);
    const rows = await this.db.run<BroadcastRow>(LIST_BROADCASTS, [appId, before, status ?? null, limit + 1]);
    const counts = await this.db.run<ProgressRow>(PROGRESS, [appId, rows.slice(0, limit).map(({ id }) => id)]);
    return toPage(rows, limit, ({ id }) => id, (row) => broadcastView(row, counts)); // prettier-ignore
  }

  /** What is on its way still arrives. Throws `broadcast_not_running`. */
  pause({ app }: ServerCaller, id: string, context: RequestContext): Promise<BroadcastView> {
    return this.#change(app, id, context, (tx) => this.pauses.pauseIn(tx, app.id, id));
  }

  /** Goes on where it stopped. Throws `broadcast_not_running`. */
  async resume({ app }: ServerCaller, id: string, context: RequestContext): Promise<BroadcastView> {
    const accounts = new Set<string>();
    const view = await this.#change(app, id, context, async (tx) => {
      const now = this.time.now(app);
      const row = await this.pauses.move(tx, app.id, id, { from: ['paused'], to: 'running', checkAt: now });
      const freed = row && (await this.db.run<{ accountId: string }>(FREE_MESSAGES, [app.id, id, now], tx));
      for (const { accountId } of freed ?? []) accounts.add(accountId);
      return row;
    });
    void this.#wake(app);
    for (const lane of accounts) void this.lanes.nudge(MESSAGE_LANES, { appId: app.id, lane });
    return view;
  }

  /** For good; what is on its way still arrives. Throws `broadcast_not_running`. */
  async cancel({ app }: ServerCaller, id: string, context: RequestContext): Promise<BroadcastView> {
    const view = await this.#change(app, id, context, async (tx) => {
      const now = this.time.now(app);
      const from = ['scheduled', 'running', 'paused'] as const;
      const row = await this.pauses.move(tx, app.id, id, { from, to: 'canceled', checkAt: now, endedAt: now });
      // Nothing leaves from now on; each message is ended, and told of, by the lane.
      if (row) await this.db.run(HOLD_MESSAGES, [app.id, id, 'canceled'], tx);
      return row;
    });
    void this.#wake(app);
    return view;
  }

  async #mustFit(app: AppRecord, template: MessageTemplate, body: CreateBroadcast): Promise<void> {
    this.templates.check(template, body.data);
    const targets = await this.audience.targets(app, template, body.filter);
    if (targets.length === 0) {
      throw problem('platform_account_missing', 'The app has no active mini-program that the template is mapped to.');
    }
    for (const { platform, platformAppId } of targets) {
      this.templates.render(template, { platform, platformAppId, page: body.page }, body.data);
    }
  }

  async #insert(tx: Tx, app: AppRecord, template: MessageTemplate, body: CreateBroadcast) {
    const { data, page = null, filter, quietHours } = body;
    const { sendAt, expiresAt } = timesOf(body, this.time.now(app));
    const id = newId('broadcast');
    const values = [
      ...[app.id, id, template.id, JSON.stringify(data), page, JSON.stringify(filter), 'scheduled', sendAt, expiresAt],
      quietHours ? JSON.stringify(quietHours) : null,
    ];
    await this.db.run(INSERT_BROADCAST, values, tx);
    return { id, result: await this.#view(app.id, await this.#find(app.id, id, tx), tx) };
  }

  async #change(
    app: AppRecord,
    id: string,
    context: RequestContext,
    act: (tx: Tx) => Promise<BroadcastRow | undefined>,
  ): Promise<BroadcastView> {
    const view = await this.idempotency.once(
      context.idempotency,
      async (tx) => {
        const row = await act(tx);
        if (!row) {
          const { status } = await this.#find(app.id, id, tx);
          throw problem('broadcast_not_running', `The broadcast is ${status}.`);
        }
        return { id, result: await this.#view(app.id, row, tx) };
      },
      () => this.get(app.id, id),
    );
    this.relay.nudge();
    return view;
  }

  async #find(appId: string, id: string, tx?: Tx): Promise<BroadcastRow> {
    const [row] = await this.db.run<BroadcastRow>(FIND_BROADCAST, [appId, id], tx);
    if (!row) throw notFound('broadcast', id.slice(0, 40));
    return row;
  }

  async #view(appId: string, row: BroadcastRow, tx?: Tx): Promise<BroadcastView> {
    return broadcastView(row, await this.db.run<ProgressRow>(PROGRESS, [appId, [row.id]], tx));
  }

  /** Now, or at a business time. */
  #wake(app: AppRecord, at?: Date): Promise<void> {
    const machine = at && new Date(Date.now() + at.getTime() - this.time.now(app).getTime());
    return this.lanes.nudge(BROADCAST_LANES, { appId: app.id, lane: app.id }, machine);
  }
}
