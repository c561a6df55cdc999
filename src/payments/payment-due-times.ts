import { Injectable } from '@nestjs/common';
import { Database, statement } from '../database/database.js';
import { DueTimes } from '../tenancy/due-times.js';
import { REFUND_LANES } from './refund-lane.js';
import { PAYMENT_LANES } from './settlement.js';

const NEXT_PAYMENT = statement(`
  select least(
    (select min(check_at) from payment_attempts where app_id = $1 and check_at is not null),
    (select min(expires_at) from payments
      where app_id = $1 and status in ('created', 'pending') and closing_since is null)) as at`);
const NEXT_REFUND = statement(`select min(check_at) as at from refunds where app_id = $1 and check_at is not null`);

/** What of payments and refunds waits for business time. */
@Injectable()
export class PaymentDueTimes {
  constructor(
    private readonly db: Database,
    times: DueTimes,
  ) {
    times.register({ kind: PAYMENT_LANES, next: (appId) => this.#next(NEXT_PAYMENT, appId) });
    times.register({ kind: REFUND_LANES, next: (appId) => this.#next(NEXT_REFUND, appId) });
  }

  async #next(query: typeof NEXT_PAYMENT, appId: string): Promise<Date | null> {
    const [row] = await this.db.run<{ at: Date | null }>(query, [appId]);
    return row?.at ?? null;
  }
}
