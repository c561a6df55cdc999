import { Injectable } from '@nestjs/common';
import { Clock } from '../common/clock.js';
import { problem } from '../common/problems.js';
import { Database, type Tx } from '../database/database.js';
import { BusinessTime } from '../tenancy/business-time.js';
import type { AppRecord, RequestContext } from '../tenancy/caller.js';
import { Idempotency } from '../tenancy/idempotency.js';
import { Payers } from '../tenancy/payers.js';
import type { RecordUsage, UsageView } from './entitlements.schemas.js';
import { Entitlements } from './entitlements.service.js';
import { ADD_USAGE_EVENT, COUNT_USAGE, FIND_USAGE_EVENT } from './entitlement.sql.js';

interface UsageEvent extends Record<string, unknown> {
  userId: string;
  feature: string;
  quantity: number;
}

/** Metered use: counted once per event of the developer's, in the current period of what gives the feature. */
@Injectable()
export class Usage {
  constructor(
    private readonly db: Database,
    private readonly clock: Clock,
    private readonly time: BusinessTime,
    private readonly payers: Payers,
    private readonly entitlements: Entitlements,
    private readonly idempotency: Idempotency,
  ) {}

  /**
   * Throws 422 `not_entitled` for a user without that metered feature, 409 `usage_limit_reached` (nothing is counted then)
   * and 409 `usage_event_taken` for an event id that stands for something else.
   */
  record(app: AppRecord, body: RecordUsage, context: RequestContext): Promise<UsageView> {
    const count = (tx: Tx) => this.#count(tx, app, body);
    return this.idempotency.once(
      context.idempotency,
      async (tx) => ({ id: body.eventId, result: await count(tx) }),
      () => this.db.transaction(count),
    );
  }

  async #count(tx: Tx, app: AppRecord, { eventId, userId: user, feature, quantity, force }: RecordUsage) {
    const userId = await this.payers.userOf(app.id, user, tx);
    const times = [this.time.now(app), this.clock.now()];
    const isNew = (await this.db.run(ADD_USAGE_EVENT, [app.id, eventId, userId, feature, quantity, ...times], tx))
      .length;
    if (isNew === 0) await this.#mustBeTheSame(tx, app.id, eventId, { userId, feature, quantity });
    const { limit, entitlement } = await this.#metered(tx, app, userId, feature);
    const view = { eventId, userId, feature, quantity, limit, periodStart: entitlement.usageStart.toISOString() };
    if (isNew === 0) return { ...view, used: entitlement.used };
    const values = [app.id, userId, feature, entitlement.usageStart, quantity, force ? null : limit];
    const [counted] = await this.db.run<{ used: number }>(COUNT_USAGE, values, tx);
    if (counted) return { ...view, used: counted.used };
    throw problem(
      'usage_limit_reached',
      `${userId} has used ${entitlement.used} of ${limit} ${feature} in this period.`,
    );
  }

  async #metered(tx: Tx, app: AppRecord, userId: string, feature: string) {
    const [entitlement] = await this.entitlements.rows(app, userId, feature, tx);
    if (entitlement && typeof entitlement.value === 'object') {
      return { limit: entitlement.value.limit, entitlement: entitlement };
    }
    throw problem('not_entitled', `${userId} has no metered feature ${feature} now.`);
  }

  async #mustBeTheSame(tx: Tx, appId: string, eventId: string, now: UsageEvent): Promise<void> {
    const [before] = await this.db.run<UsageEvent>(FIND_USAGE_EVENT, [appId, eventId], tx);
    const isSame = before?.userId === now.userId && before.feature === now.feature && before.quantity === now.quantity;
    if (!isSame) throw problem('usage_event_taken', `The usage event ${eventId} was recorded for something else.`);
  }
}
