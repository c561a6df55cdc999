import { Injectable } from '@nestjs/common';
import { type Arrival, type CallbackHandler, CallbackHandlers, type Concluded } from '../callbacks/callback-handler.js';
import { Mismatch } from '../callbacks/mismatch.js';
import { Database, type Tx } from '../database/database.js';
import type { ContentOf } from '../platforms/callback.js';
import { Lanes } from '../queues/lane.js';
import { BILLING_LANES } from './lanes.js';
import { MandateChanges } from './mandate-changes.js';
import type { MandateRow } from './mandate-rows.js';
import { FIND_TOLD } from './mandate.sql.js';

/** Does what callbacks say of contracts. */
@Injectable()
export class MandateCallbacks implements CallbackHandler<'mandate'> {
  readonly kinds = ['mandate'] as const;

  constructor(
    private readonly db: Database,
    private readonly changes: MandateChanges,
    private readonly lanes: Lanes,
    handlers: CallbackHandlers,
  ) {
    handlers.register(this);
  }

  async apply(tx: Tx, arrival: Arrival, content: ContentOf<'mandate'>): Promise<Concluded> {
    const { app, platform, accountId } = arrival;
    const { number = null, contractId = null, state } = content;
    const [mandate] = await this.db.run<MandateRow>(FIND_TOLD, [app.id, platform, number, contractId], tx);
    if (!mandate) throw new Mismatch('unknown_mandate', 'there is no mandate under that number');
    // A callback may speak only of contracts of the account at whose address it arrived.
    if (![mandate.merchantAccountId, mandate.platformAccountId].includes(accountId)) {
      throw new Mismatch('account', 'it is about a mandate of another account', mandate.id);
    }
    await this.changes.apply(tx, app, mandate, state);
    const isNews = state.kind === 'active' || state.kind === 'ended';
    return { status: isNews ? 'settled' : 'ignored', objectId: mandate.id };
  }

  /** A signature may have made the first debit due. */
  afterwards({ app }: Arrival): void {
    void this.lanes.nudge(BILLING_LANES, { appId: app.id, lane: app.id });
  }
}
