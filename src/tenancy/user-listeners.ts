import { Injectable } from '@nestjs/common';
import type { Tx } from '../database/database.js';

export interface UserRef {
  readonly appId: string;
  readonly userId: string;
}

/** What an upper domain does when a user goes or becomes another. It registers with UserListeners when it starts. */
export interface UserListener {
  /** The domain's name; its part of an export stands under it. */
  readonly name: string;
  /**
   * Before personal data is erased: ends what the user holds at the platforms (subscriptions, mandates). May use the
   * network and must be repeatable: it runs again when the erasure did not get through. A throw stops the erasure.
   */
  beforeErasure?(user: UserRef): Promise<void>;
  /** In the erasing transaction: removes the domain's personal data. Writes rows, nothing else. */
  onErased?(tx: Tx, user: UserRef): Promise<void>;
  /** In the merging transaction: moves what belongs to `from`. Writes rows, nothing else. */
  onMerged?(tx: Tx, from: UserRef, into: UserRef): Promise<void>;
  /** The domain's part of `GET /v1/me/export`, as JSON. */
  export?(user: UserRef): Promise<unknown>;
}

@Injectable()
export class UserListeners {
  readonly #listeners: UserListener[] = [];

  register(listener: UserListener): void {
    this.#listeners.push(listener);
  }

  async beforeErasure(user: UserRef): Promise<void> {
    for (const listener of this.#listeners) await listener.beforeErasure?.(user);
  }

  async onErased(tx: Tx, user: UserRef): Promise<void> {
    for (const listener of this.#listeners) await listener.onErased?.(tx, user);
  }

  async onMerged(tx: Tx, from: UserRef, into: UserRef): Promise<void> {
    for (const listener of this.#listeners) await listener.onMerged?.(tx, from, into);
  }

  async export(user: UserRef): Promise<Record<string, unknown>> {
    const parts: Record<string, unknown> = {};
    for (const listener of this.#listeners) if (listener.export) parts[listener.name] = await listener.export(user);
    return parts;
  }
}
