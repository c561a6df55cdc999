import { Injectable } from '@nestjs/common';
import { Clock } from '../common/clock.js';
import { fromCursor, type Page, toPage } from '../common/pagination.js';
import { notFound, problem } from '../common/problems.js';
import { Database } from '../database/database.js';
import { Lanes } from '../queues/lane.js';
import { Audit } from '../tenancy/audit.js';
import type { RequestContext } from '../tenancy/caller.js';
import { Idempotency } from '../tenancy/idempotency.js';
import type {
  RedeliverEvent,
  RedeliveryView,
  WebhookDeliveryDetail,
  WebhookDeliveryQuery,
  WebhookDeliveryView,
} from './deliveries.schemas.js';
import { ATTEMPTS, type DeliveryRow, FIND, FIND_EVENT, listing, REDELIVER } from './deliveries.sql.js';
import { DELIVERY_LANES } from './delivery-lanes.js';
import { Endpoints } from './endpoints.service.js';

interface AttemptRow {
  [column: string]: unknown;
  number: number;
  at: Date;
  durationMs: number;
  status: number | null;
  error: string | null;
  answer: string | null;
}

/** The sendings of events to endpoints, as their owner sees them. */
@Injectable()
export class Deliveries {
  constructor(
    private readonly db: Database,
    private readonly clock: Clock,
    private readonly endpoints: Endpoints,
    private readonly idempotency: Idempotency,
    private readonly audit: Audit,
    private readonly lanes: Lanes,
  ) {}

  /** Newest event first. */
  async list(appId: string, query: WebhookDeliveryQuery): Promise<Page<WebhookDeliveryView>> {
    const { limit, cursor, endpointId, eventId, status } = query;
    const before = cursor === undefined ? null : fromCursor(cursor, /^dlv_[0-9a-f]{32}$/);
    const filter = { endpoint: endpointId !== undefined, event: eventId !== undefined, status };
    const values = [appId, before, limit + 1, endpointId ?? null, eventId ?? null];
    const rows = await this.db.run<DeliveryRow>(listing(filter), values);
    return toPage(rows, limit, ({ id }) => id, toView);
  }

  /** Throws `webhook_delivery_not_found`. */
  async get(appId: string, id: string): Promise<WebhookDeliveryDetail> {
    const [row] = await this.db.run<DeliveryRow>(FIND, [appId, id]);
    if (!row) throw notFound('webhook_delivery', id.slice(0, 40));
    const attempts = await this.db.run<AttemptRow>(ATTEMPTS, [appId, id]);
    return { ...toView(row), attempts: attempts.map(({ at, ...rest }) => ({ ...rest, at: at.toISOString() })) };
  }

  /**
   * Sends an event again, whatever came of it before, with the same id and the same bytes.
   * Throws `event_not_found`, `webhook_endpoint_not_found`, `webhook_endpoint_disabled`.
   */
  async redeliver(
    appId: string,
    eventId: string,
    { endpointId }: RedeliverEvent,
    context: RequestContext,
  ): Promise<RedeliveryView> {
    const rows = await this.idempotency.once(
      context.idempotency,
      async (tx) => {
        if ((await this.db.run(FIND_EVENT, [appId, eventId], tx)).length === 0) throw notFound('event', eventId.slice(0, 40)); // prettier-ignore
        if (endpointId !== undefined) await this.#refuseDisabled(appId, endpointId);
        const values = [appId, eventId, endpointId ?? null, this.clock.now()];
        const result = await this.db.run<DeliveryRow>(REDELIVER, values, tx);
        await this.audit.record(tx, context, { appId, action: 'event.redeliver', target: eventId });
        return { id: eventId, result };
      },
      async () => {
        const values = [appId, null, 100, endpointId ?? null, eventId];
        const filter = { endpoint: endpointId !== undefined, event: true, status: undefined };
        return this.db.run<DeliveryRow>(listing(filter), values);
      },
    );
    for (const { endpointId: lane } of rows) void this.lanes.nudge(DELIVERY_LANES, { appId, lane });
    return { data: rows.map(toView) };
  }

  async #refuseDisabled(appId: string, endpointId: string): Promise<void> {
    const { status } = await this.endpoints.find(appId, endpointId);
    if (status !== 'disabled') return;
    throw problem('webhook_endpoint_disabled', `The endpoint ${endpointId} is disabled: set its status to enabled first.`); // prettier-ignore
  }
}

const toView = (row: DeliveryRow): WebhookDeliveryView => ({
  id: row.id,
  endpointId: row.endpointId,
  eventId: row.eventId,
  eventType: row.eventType,
  stream: { type: row.streamType, id: row.streamId },
  status: row.status,
  attemptCount: row.attempts,
  nextAttemptAt: row.status === 'pending' ? row.nextAttemptAt.toISOString() : null,
  lastStatus: row.lastStatus,
  lastError: row.lastError,
  createdAt: row.createdAt.toISOString(),
  finishedAt: row.finishedAt?.toISOString() ?? null,
});
