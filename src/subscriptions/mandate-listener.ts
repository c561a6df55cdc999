import { Injectable } from '@nestjs/common';
import type { Tx } from '../database/database.js';
import type { AppRecord } from '../tenancy/caller.js';
import type { MandateRow } from './mandate-rows.js';

/** What follows in the transaction in which a mandate changes. Writes rows, nothing else: no network, no queue. */
export interface MandateListener {
  /** The user may now be debited. Its subscription is locked. */
  onSigned(tx: Tx, app: AppRecord, mandate: MandateRow): Promise<void>;
  /** Nobody may be debited under it any more, or (`lapsed`) it was never signed. Its subscription is locked. */
  onEnded(tx: Tx, app: AppRecord, mandate: MandateRow): Promise<void>;
}

@Injectable()
export class MandateListeners implements MandateListener {
  readonly #listeners: MandateListener[] = [];

  register(listener: MandateListener): void {
    this.#listeners.push(listener);
  }

  async onSigned(tx: Tx, app: AppRecord, mandate: MandateRow): Promise<void> {
    for (const listener of this.#listeners) await listener.onSigned(tx, app, mandate);
  }

  async onEnded(tx: Tx, app: AppRecord, mandate: MandateRow): Promise<void> {
    for (const listener of this.#listeners) await listener.onEnded(tx, app, mandate);
  }
}
