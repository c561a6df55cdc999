import { setTimeout as pause } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { problem } from '../common/problems.js';
import { Database, statement, type Tx } from '../database/database.js';
import { Apps } from '../tenancy/apps.service.js';
import { type UserListener, UserListeners, type UserRef } from '../tenancy/user-listeners.js';
import { Invoices } from './invoices.service.js';
import type { MandateRow } from './mandate-rows.js';
import { LIVE_MANDATES_OF_USER } from './mandate.sql.js';
import { Mandates } from './mandates.service.js';
import type { SubscriptionRow } from './rows.js';
import { SubscriptionActions } from './subscription-actions.js';
import { Subscriptions } from './subscriptions.service.js';
import { OPEN_OF_USER } from './subscriptions.sql.js';

const FORGET = statement(`update subscriptions set metadata = '{}' where app_id = $1 and user_id = $2`);
const MOVE = ['subscriptions', 'invoices', 'mandates'].map((table) =>
  statement(`update ${table} set user_id = $3 where app_id = $1 and user_id = $2`),
);
/** The product of a subscription, and that to which it is to change. */
const places = (s: string): string =>
  `array[${s}.product_id, (select product_id from prices where app_id = $1 and id = ${s}.pending_change ->> 'priceId')]`;
/** Products to which both users have a live subscription. */
const DOUBLED = statement(`
  select s.id from subscriptions s join subscriptions o
    on o.app_id = $1 and o.user_id = $3 and ${places('o')} && ${places('s')}
      and o.status not in ('incomplete', 'incomplete_expired', 'canceled')
  where s.app_id = $1 and s.user_id = $2 and s.status not in ('incomplete', 'incomplete_expired', 'canceled')`);
const PAGE = 100;
/** How long an erasure waits for platforms to end the user's contracts. */
const PATIENCE_MS = 10_000;
const POLL_MS = 200;

/** What becomes of subscriptions when a user goes or becomes another. */
@Injectable()
export class SubscriptionUserListener implements UserListener {
  readonly name = 'subscriptions';

  constructor(
    private readonly db: Database,
    private readonly apps: Apps,
    private readonly subscriptions: Subscriptions,
    private readonly invoices: Invoices,
    private readonly actions: SubscriptionActions,
    private readonly mandates: Mandates,
    listeners: UserListeners,
  ) {
    listeners.register(this);
  }

  /** Ends all at once, and waits until no platform debits the user any more: afterwards nobody knows who that was. */
  async beforeErasure({ appId, userId }: UserRef): Promise<void> {
    const app = await this.apps.record(appId);
    for (const { id } of await this.db.run<SubscriptionRow>(OPEN_OF_USER, [appId, userId])) {
      await this.db.transaction((tx) => this.actions.end(tx, app, id, 'now', 'user_erased'));
    }
    this.mandates.nudge(appId);
    const end = Date.now() + PATIENCE_MS;
    while ((await this.#signed(appId, userId)).length > 0) {
      if (Date.now() > end) {
        const detail = 'A platform has not ended the contract of this user yet. Try again in a moment.';
        throw problem('unavailable', detail, { retryAfter: 10 });
      }
      await pause(POLL_MS);
    }
  }

  async onErased(tx: Tx, { appId, userId }: UserRef): Promise<void> {
    await this.db.run(FORGET, [appId, userId], tx);
  }

  async onMerged(tx: Tx, from: UserRef, into: UserRef): Promise<void> {
    const values = [from.appId, from.userId, into.userId];
    const [doubled] = await this.db.run<{ id: string }>(DOUBLED, values, tx);
    if (doubled) {
      const detail = `Both users have a subscription to the product of ${doubled.id}: end one of them first.`;
      throw problem('merge_impossible', detail, { subscriptionId: doubled.id });
    }
    for (const move of MOVE) await this.db.run(move, values, tx);
  }

  async export({ appId, userId }: UserRef): Promise<unknown> {
    const subscriptions = await all((cursor) => this.subscriptions.list(appId, { limit: PAGE, userId, ...cursor }));
    const invoices = await all((cursor) => this.invoices.list(appId, { limit: PAGE, userId, ...cursor }));
    return { subscriptions, invoices };
  }

  async #signed(appId: string, userId: string): Promise<MandateRow[]> {
    const live = await this.db.run<MandateRow>(LIVE_MANDATES_OF_USER, [appId, userId]);
    return live.filter(({ status }) => status === 'active');
  }
}

async function all<T>(
  page: (cursor: { cursor?: string }) => Promise<{ data: T[]; nextCursor: string | null }>,
): Promise<T[]> {
  const rows: T[] = [];
  for (let cursor: { cursor?: string } = {}; ;) {
    const { data, nextCursor } = await page(cursor);
    rows.push(...data);
    if (nextCursor === null) return rows;
    cursor = { cursor: nextCursor };
  }
}
