import { Injectable, Logger } from '@nestjs/common';
import { Clock } from '../common/clock.js';
import { Database, type Tx } from '../database/database.js';
import { Announcer } from '../events/announce.js';
import type { CallbackContent } from '../platforms/callback.js';
import { CONCLUDE } from './callback.sql.js';
import { type Arrival, type CallbackContext, CallbackHandlers, type Concluded } from './callback-handler.js';
import { Mismatch } from './mismatch.js';

const IGNORED: Concluded = { status: 'ignored', objectId: null };

/** Does what a kept callback says, and writes into its row what became of it. */
@Injectable()
export class Conclusions {
  readonly #log = new Logger('Callbacks');

  constructor(
    private readonly db: Database,
    private readonly clock: Clock,
    private readonly handlers: CallbackHandlers,
    private readonly announcer: Announcer,
  ) {}

  /**
   * Back to the savepoint and no further when the content cannot be: the callback stays, parked, and is acknowledged. That
   * is announced unless `wasThere`, for then it was before.
   */
  async conclude(
    tx: Tx,
    arrival: Arrival,
    context: CallbackContext,
    content: CallbackContent,
    wasThere: boolean,
  ): Promise<Concluded | { status: 'parked' }> {
    const { app, platform, accountId } = arrival;
    const { id, type } = context;
    const handler = this.handlers.of(content.kind);
    try {
      const concluded = handler
        ? await tx.transaction((inner) => handler.apply(inner, arrival, content, context))
        : IGNORED;
      await this.write(tx, app.id, id, concluded.status, null, concluded.objectId);
      return concluded;
    } catch (error) {
      if (!(error instanceof Mismatch)) throw error;
      const { field, message, objectId } = error;
      this.#log.error({ app: app.id, account: accountId, callback: id, field }, `callback parked: ${message}`);
      await this.write(tx, app.id, id, 'parked', field, objectId);
      await handler?.doubt?.(tx, arrival, content);
      if (wasThere) return { status: 'parked' };
      await this.announcer.announce(tx, {
        appId: app.id,
        type: 'callback.parked',
        stream: { type: 'callback', id },
        sequence: 1,
        data: { callbackId: id, platform, accountId, callbackType: type, problem: field, objectId },
      });
      return { status: 'parked' };
    }
  }

  /** `problem`: why it is parked. An object that is known stays where `objectId` is null. */
  async write(
    tx: Tx,
    appId: string,
    id: string,
    status: 'settled' | 'ignored' | 'parked',
    problem: string | null,
    objectId: string | null,
  ): Promise<void> {
    await this.db.run(CONCLUDE, [appId, id, status, problem, objectId, this.clock.now()], tx);
  }
}
