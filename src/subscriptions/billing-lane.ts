import { Injectable, Logger } from '@nestjs/common';
import { Clock } from '../common/clock.js';
import { Database } from '../database/database.js';
import { Relay } from '../events/relay.js';
import { Lanes, type LaneRef, type LaneResult, type Slice } from '../queues/lane.js';
import { Apps } from '../tenancy/apps.service.js';
import { BusinessTime } from '../tenancy/business-time.js';
import type { AppRecord } from '../tenancy/caller.js';
import { Collection } from './collection.js';
import { Cycle } from './cycle.js';
import { CLAIM_INVOICES } from './invoices.sql.js';
import { BILLING_LANES } from './lanes.js';
import { Mandates } from './mandates.service.js';
import { Reminders } from './reminders.js';
import { Situations } from './situations.js';
import { SubscriptionBook } from './subscription-book.js';
import { BILLING_APPS, CLAIM_SUBSCRIPTIONS, NEXT_BILLING } from './subscriptions.sql.js';

/** How long a row that somebody works is left alone by others: longer than any step takes. */
const LEASE_MS = 30_000;
const SWEEP_MS = 5_000;
/** Rows of one app that are worked at the same time; each needs a connection. */
const AT_ONCE = 6;

/** Does what is due in an app: periods that begin, debits, reminders, ends. */
@Injectable()
export class BillingLane {
  readonly #log = new Logger(BillingLane.name);

  constructor(
    private readonly db: Database,
    private readonly clock: Clock,
    private readonly time: BusinessTime,
    private readonly apps: Apps,
    private readonly book: SubscriptionBook,
    private readonly situations: Situations,
    private readonly cycle: Cycle,
    private readonly collection: Collection,
    private readonly mandates: Mandates,
    private readonly reminders: Reminders,
    private readonly relay: Relay,
    private readonly lanes: Lanes,
  ) {
    lanes.declare({
      name: BILLING_LANES,
      concurrency: 2,
      sweepEvery: SWEEP_MS,
      due: (limit) => this.db.run<{ appId: string; lane: string }>(BILLING_APPS, [this.clock.now(), limit]),
      run: (lane, slice) => this.#run(lane, slice),
    });
  }

  /** After a commit that may have made something due in the app. */
  nudge(appId: string): void {
    this.relay.nudge();
    void this.lanes.nudge(BILLING_LANES, { appId, lane: appId });
  }

  async #run({ appId }: LaneRef, slice: Slice): Promise<LaneResult> {
    const app = await this.apps.record(appId);
    let worked = 0;
    let last = 1;
    // What one step makes due (the invoice of a period, its debit) is taken in the same run.
    while (last > 0 && worked < slice.rows && !slice.over()) {
      last = (await this.#takeSubscriptions(app)) + (await this.#takeInvoices(app));
      worked += last;
    }
    if (worked > 0) {
      this.relay.nudge();
      this.mandates.nudge(appId);
    }
    const [next] = await this.db.run<{ at: Date | null }>(NEXT_BILLING, [appId]);
    return next?.at ? { at: new Date(next.at.getTime() - app.clockOffset) } : 'idle';
  }

  async #takeSubscriptions(app: AppRecord): Promise<number> {
    const claimed = await this.#claim(app, CLAIM_SUBSCRIPTIONS);
    return this.#each(claimed.ids, 'subscription', async (id) => {
      const { row, settings } = await this.db.transaction(async (tx) => {
        const locked = await this.book.lock(tx, app.id, id);
        const situation = await this.situations.of(tx, app, locked);
        return { row: await this.cycle.advance(tx, locked, situation), settings: situation.settings };
      });
      await this.reminders.send(app, row, settings);
    });
  }

  async #takeInvoices(app: AppRecord): Promise<number> {
    const { ids, lease } = await this.#claim(app, CLAIM_INVOICES);
    return this.#each(ids, 'invoice', (id) => this.collection.take(app, id, lease));
  }

  async #claim(app: AppRecord, claim: typeof CLAIM_INVOICES): Promise<{ ids: string[]; lease: Date }> {
    const now = this.time.now(app);
    const lease = new Date(now.getTime() + LEASE_MS);
    const rows = await this.db.run<{ id: string }>(claim, [app.id, now, lease, AT_ONCE]);
    return { ids: rows.map(({ id }) => id), lease };
  }

  /** Whatever goes wrong with one, the others of the app go on; it is tried again when its lease has ended. */
  async #each(ids: readonly string[], what: string, step: (id: string) => Promise<unknown>): Promise<number> {
    await Promise.all(
      ids.map((id) =>
        step(id).catch((error: unknown) => this.#log.error({ [what]: id, err: error }, `a step of a ${what} failed`)),
      ),
    );
    return ids.length;
  }
}
