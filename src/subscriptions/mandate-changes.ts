import { Injectable } from '@nestjs/common';
import { Mismatch } from '../callbacks/mismatch.js';
import { Clock } from '../common/clock.js';
import { Database, type Tx } from '../database/database.js';
import { Announcer } from '../events/announce.js';
import type { EventType } from '../events/event-types.js';
import type { MandateState } from '../platforms/mandate-platform.js';
import { BusinessTime } from '../tenancy/business-time.js';
import type { AppRecord } from '../tenancy/caller.js';
import { MandateListeners } from './mandate-listener.js';
import type { MandateRow } from './mandate-rows.js';
import { END_MANDATE, LAPSE_MANDATE, SIGN_MANDATE, WANT_ENDED } from './mandate.sql.js';
import { LOCK_SUBSCRIPTION, RAISE_SUBSCRIPTION } from './subscriptions.sql.js';

/** The one place that moves a mandate: whoever wins the conditional update announces it and lets the engine act. */
@Injectable()
export class MandateChanges {
  constructor(
    private readonly db: Database,
    private readonly clock: Clock,
    private readonly time: BusinessTime,
    private readonly announcer: Announcer,
    private readonly listeners: MandateListeners,
  ) {}

  /** What the platform says; nothing for what is known, still open or absent. Throws Mismatch for another payer. */
  async apply(tx: Tx, app: AppRecord, mandate: MandateRow, state: MandateState): Promise<void> {
    if (state.kind === 'active') return this.#sign(tx, app, mandate, state);
    if (state.kind !== 'ended') return;
    await this.end(tx, app, mandate, {
      status: state.how,
      by: state.by,
      at: state.endedAt ?? this.time.now(app),
    });
  }

  /** The contract is over at the platform. */
  async end(
    tx: Tx,
    app: AppRecord,
    { id, subscriptionId }: MandateRow,
    over: { status: 'terminated' | 'expired'; by: 'user' | 'merchant' | 'platform'; at: Date },
  ): Promise<void> {
    await this.db.run(LOCK_SUBSCRIPTION, [app.id, subscriptionId], tx);
    const values = [app.id, id, over.status, over.at, over.by, this.clock.now()];
    const [ended] = await this.db.run<MandateRow>(END_MANDATE, values, tx);
    if (!ended) return;
    await this.#announce(tx, 'mandate.ended', ended);
    await this.listeners.onEnded(tx, app, ended);
  }

  /** Nobody has signed it in time, or the payer has taken the tick off. */
  async lapse(tx: Tx, app: AppRecord, { id, subscriptionId }: MandateRow): Promise<void> {
    await this.db.run(LOCK_SUBSCRIPTION, [app.id, subscriptionId], tx);
    const [lapsed] = await this.db.run<MandateRow>(LAPSE_MANDATE, [app.id, id, this.clock.now()], tx);
    if (!lapsed) return;
    await this.#announce(tx, 'mandate.lapsed', lapsed);
    await this.listeners.onEnded(tx, app, lapsed);
  }

  /** We want it ended: it is not debited from now on, and the mandates' lane tells the platform. */
  async wantEnded(tx: Tx, app: AppRecord, id: string, reason: string): Promise<void> {
    await this.db.run(WANT_ENDED, [app.id, id, reason, this.time.now(app), this.clock.now()], tx);
  }

  async #sign(
    tx: Tx,
    app: AppRecord,
    { id, subscriptionId, payer }: MandateRow,
    state: Extract<MandateState, { kind: 'active' }>,
  ): Promise<void> {
    if (state.payer !== undefined && state.payer !== payer) {
      throw new Mismatch('payer', `mandate ${id} was signed by another user`, id);
    }
    await this.db.run(LOCK_SUBSCRIPTION, [app.id, subscriptionId], tx);
    const { contractId, signedAt, endsAt } = state;
    const values = [app.id, id, contractId, signedAt, endsAt, this.clock.now(), this.time.now(app)];
    const [signed] = await this.db.run<MandateRow>(SIGN_MANDATE, values, tx);
    if (!signed) return;
    await this.#announce(tx, 'mandate.signed', signed);
    await this.listeners.onSigned(tx, app, signed);
  }

  async #announce(tx: Tx, type: EventType, mandate: MandateRow): Promise<void> {
    const { appId, id, subscriptionId, userId, platform, status, endedBy } = mandate;
    const values = [appId, subscriptionId, this.clock.now()];
    const [raised] = await this.db.run<{ sequence: number }>(RAISE_SUBSCRIPTION, values, tx);
    await this.announcer.announce(tx, {
      appId,
      type,
      stream: { type: 'subscription', id: subscriptionId },
      sequence: raised?.sequence ?? 0,
      object: { type: 'mandate', id },
      data: { mandateId: id, subscriptionId, userId, platform, status, endedBy },
    });
  }
}
