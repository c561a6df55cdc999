import { Injectable, Logger } from '@nestjs/common';
import { Database } from '../database/database.js';
import { Announcer } from '../events/announce.js';
import { Relay } from '../events/relay.js';
import { DISABLE } from './endpoint.sql.js';
import type { DisabledReason } from './endpoint.js';
import type { Health } from './delivery-results.js';

/** So long nothing but failures, and nobody is there any more. */
const FAILING_MS = 5 * 24 * 3_600_000;
/** Over these days somebody must have tried: one failure and five silent days are no proof. */
const LEAST_FAILURES = 5;

/** Disables endpoints that say they are gone (410) or that have only failed for five days, and tells. */
@Injectable()
export class Disabling {
  readonly #log = new Logger(Disabling.name);

  constructor(
    private readonly db: Database,
    private readonly announcer: Announcer,
    private readonly relay: Relay,
  ) {}

  /** After a result; never throws, as the next result comes here again. */
  async consider(endpoint: Health, now: Date): Promise<void> {
    const { status, failures, failingSince, gone } = endpoint;
    if (status === 'disabled') return;
    const failingBefore = new Date(now.getTime() - FAILING_MS);
    const isFailing = failingSince !== null && failingSince <= failingBefore && failures >= LEAST_FAILURES;
    if (!gone && !isFailing) return;
    try {
      await this.#disable(endpoint, gone ? 'gone' : 'failing', failingBefore);
    } catch (error) {
      this.#log.error({ endpoint: endpoint.id }, error instanceof Error ? error.message : 'unknown');
    }
  }

  async #disable({ appId, id }: Health, reason: DisabledReason, failingBefore: Date): Promise<void> {
    const isDisabled = await this.db.transaction(async (tx) => {
      const [row] = await this.db.run<{ sequence: number }>(DISABLE, [appId, id, reason, failingBefore], tx);
      if (!row) return false;
      await this.announcer.announce(tx, {
        appId,
        type: 'webhook_endpoint.disabled',
        stream: { type: 'webhook_endpoint', id },
        sequence: row.sequence,
        data: { webhookEndpointId: id, reason },
      });
      return true;
    });
    if (!isDisabled) return;
    const why = reason === 'gone' ? 'it answered 410' : 'nothing but failures for five days';
    this.#log.warn({ app: appId, endpoint: id }, `webhook endpoint disabled: ${why}`);
    this.relay.nudge();
  }
}
