import { Injectable, Logger } from '@nestjs/common';
import { Clock } from '../common/clock.js';
import { newId } from '../common/ids.js';
import { DomainError } from '../common/errors.js';
import { Database, type Tx } from '../database/database.js';
import { Relay } from '../events/relay.js';
import { Lanes, type LaneRef, type LaneResult, type Slice } from '../queues/lane.js';
import { Apps } from '../tenancy/apps.service.js';
import { BusinessTime } from '../tenancy/business-time.js';
import type { AppRecord } from '../tenancy/caller.js';
import { Audience, type AudiencePage } from './audience.js';
import { BroadcastPauses } from './broadcast-pauses.js';
import type { BroadcastRow } from './broadcast-rows.js';
import {
  BROADCASTS_DUE,
  CANCEL_MESSAGES,
  CHECK_AT,
  EXPANDED,
  FEW_MESSAGES,
  GATHER_STATISTICS,
  LOCK_BROADCAST,
  NEXT_BROADCAST,
  WAITING,
} from './broadcasts.sql.js';
import { BROADCAST_LANES, MESSAGE_LANES } from './lanes.js';
import { INSERT } from './notifications.sql.js';
import { addressee } from './notifications.service.js';
import { PRIORITIES } from './notification-rows.js';
import { MessageTemplates } from './template-book.js';

const SWEEP_MS = 5_000;
const AT_ONCE = 2;
/** Consents that become messages in one transaction. */
const PAGE = 500;
/** Messages that wait ahead of what is sent: enough for the fastest account until the next look, and soon paused. */
const AHEAD = 2_000;
const LOOK_AGAIN_MS = 200;

/** Turns broadcasts into messages, page by page, and sees when they are over; a lane is an app. */
@Injectable()
export class BroadcastLane {
  readonly #log = new Logger(BroadcastLane.name);

  constructor(
    private readonly db: Database,
    private readonly clock: Clock,
    private readonly time: BusinessTime,
    private readonly apps: Apps,
    private readonly templates: MessageTemplates,
    private readonly audience: Audience,
    private readonly pauses: BroadcastPauses,
    private readonly relay: Relay,
    private readonly lanes: Lanes,
  ) {
    lanes.declare({
      name: BROADCAST_LANES,
      concurrency: AT_ONCE,
      sweepEvery: SWEEP_MS,
      due: (limit) => this.db.run<{ appId: string; lane: string }>(BROADCASTS_DUE, [this.clock.now(), limit]),
      run: (lane, slice) => this.#run(lane, slice),
    });
  }

  async #run({ appId }: LaneRef, slice: Slice): Promise<LaneResult> {
    const app = await this.apps.record(appId);
    for (;;) {
      const [next] = await this.db.run<{ id: string; at: Date }>(NEXT_BROADCAST, [appId]);
      if (!next) return 'idle';
      const wait = next.at.getTime() - this.time.now(app).getTime();
      if (wait > 0 || slice.over()) return { at: new Date(Date.now() + Math.max(0, wait)) };
      const lane = await this.#step(app, next.id);
      if (lane !== undefined) void this.lanes.nudge(MESSAGE_LANES, { appId, lane });
    }
  }

  /** One page of one broadcast. Gives the account that has more to send. */
  async #step(app: AppRecord, id: string): Promise<string | undefined> {
    try {
      return await this.db.transaction(async (tx) => {
        const [row] = await this.db.run<BroadcastRow>(LOCK_BROADCAST, [app.id, id], tx);
        if (row?.status === 'canceled') return this.#cancelMore(tx, app, row);
        if (row?.status !== 'scheduled' && row?.status !== 'running') return this.#look(tx, app, id, null);
        return this.#expand(tx, app, row);
      });
    } catch (error) {
      if (!(error instanceof DomainError)) throw error;
      // Its template, or its only mini-program, was taken away.
      this.#log.warn({ broadcast: id }, error.message);
      await this.pauses.pause(app.id, id, error.message);
      return undefined;
    }
  }

  async #expand(tx: Tx, app: AppRecord, row: BroadcastRow): Promise<string | undefined> {
    const now = this.time.now(app);
    const waiting = await this.#waiting(tx, app.id, row.id);
    if (row.expanded) {
      if (waiting > 0) return this.#look(tx, app, row.id, LOOK_AGAIN_MS);
      await this.pauses.move(tx, app.id, row.id, { from: ['running'], to: 'completed', endedAt: now });
      this.relay.nudge();
      return undefined;
    }
    if (waiting > AHEAD - PAGE) return this.#look(tx, app, row.id, LOOK_AGAIN_MS);
    const page = row.expiresAt > now ? await this.#page(tx, app, row) : undefined;
    const created = page ? await this.#write(tx, app, row, page, now) : 0;
    if (row.place === null && created > 0) await this.#tellPlanner(tx);
    const place = page ? JSON.stringify(page.place) : null;
    await this.db.run(EXPANDED, [app.id, row.id, place, page === undefined, created, now], tx);
    return created > 0 ? page?.target.accountId : undefined;
  }

  async #page(tx: Tx, app: AppRecord, row: BroadcastRow): Promise<AudiencePage | undefined> {
    const template = await this.templates.find(app.id, row.templateId);
    const targets = await this.audience.targets(app, template, row.filter);
    return this.audience.page(tx, app.id, targets, row.place, PAGE);
  }

  /** Who has a message of this broadcast already, by another mini-program, gets no second. */
  async #write(tx: Tx, app: AppRecord, row: BroadcastRow, page: AudiencePage, now: Date): Promise<number> {
    const { target, people } = page;
    const addressees = people.map(({ userId, openid }) => addressee({ userId, routes: [{ ...target, openid }] }));
    const values = [
      ...[app.id, JSON.stringify(addressees), row.templateId, row.id, JSON.stringify(row.data), row.page],
      [target.platform],
      ...[PRIORITIES.indexOf('low'), row.sendAt, row.expiresAt, row.quietHours ? JSON.stringify(row.quietHours) : null],
      ...[null, now],
    ];
    return (await this.db.run(INSERT, values, tx)).length;
  }

  /** Plans that were made for a handful of messages would read the broadcast from end to end for each batch (0030). */
  async #tellPlanner(tx: Tx): Promise<void> {
    const few = await this.db.run(FEW_MESSAGES, [], tx);
    if (few.length > 0) await this.db.run(GATHER_STATISTICS, [], tx);
  }

  async #cancelMore(tx: Tx, app: AppRecord, { id }: BroadcastRow): Promise<undefined> {
    const events = Array.from({ length: PAGE }, () => newId('event'));
    await this.db.run(CANCEL_MESSAGES, [app.id, id, this.time.now(app), events], tx);
    this.relay.nudge();
    // What is on its way may come back as not sent.
    const rest = await this.#waiting(tx, app.id, id);
    return this.#look(tx, app, id, rest === 0 ? null : LOOK_AGAIN_MS);
  }

  async #waiting(tx: Tx, appId: string, id: string): Promise<number> {
    const [row] = await this.db.run<{ count: number }>(WAITING, [appId, id], tx);
    return row?.count ?? 0;
  }

  /** Looks again after so many milliseconds; null: no more. */
  async #look(tx: Tx, app: AppRecord, id: string, after: number | null): Promise<undefined> {
    const at = after === null ? null : new Date(this.time.now(app).getTime() + after);
    await this.db.run(CHECK_AT, [app.id, id, at], tx);
    return undefined;
  }
}
