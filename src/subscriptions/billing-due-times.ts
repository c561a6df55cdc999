import { Injectable } from '@nestjs/common';
import { Database, type Statement } from '../database/database.js';
import { DueTimes } from '../tenancy/due-times.js';
import { BILLING_LANES, MANDATE_LANES } from './lanes.js';
import { NEXT_MANDATE } from './mandate.sql.js';
import { NEXT_BILLING } from './subscriptions.sql.js';

/** What of subscriptions waits for business time. */
@Injectable()
export class BillingDueTimes {
  constructor(
    private readonly db: Database,
    times: DueTimes,
  ) {
    times.register({ kind: BILLING_LANES, next: (appId) => this.#next(NEXT_BILLING, appId) });
    times.register({ kind: MANDATE_LANES, next: (appId) => this.#next(NEXT_MANDATE, appId) });
  }

  async #next(query: Statement, appId: string): Promise<Date | null> {
    const [row] = await this.db.run<{ at: Date | null }>(query, [appId]);
    return row?.at ?? null;
  }
}
