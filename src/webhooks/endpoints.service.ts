import { Injectable } from '@nestjs/common';
import { Clock } from '../common/clock.js';
import { ID_PREFIXES, newId } from '../common/ids.js';
import { fromCursor, type Page, type PageQuery, toPage } from '../common/pagination.js';
import { notFound, problem } from '../common/problems.js';
import { Sealer } from '../common/seal.js';
import { Database, type Tx } from '../database/database.js';
import { Announcer } from '../events/announce.js';
import { Relay } from '../events/relay.js';
import { Lanes } from '../queues/lane.js';
import { Audit } from '../tenancy/audit.js';
import type { RequestContext } from '../tenancy/caller.js';
import { Idempotency, shownAgain } from '../tenancy/idempotency.js';
import { deliveryIdOf } from './delivery-id.js';
import { DELIVERY_LANES } from './delivery-lanes.js';
import { type EndpointRow, placeOf } from './endpoint.js';
import { COUNT, FIND, INSERT, LIST, LOCK, RAISE, RECOVER, REMOVE, ROTATE, TAKE_TURNS, UPDATE } from './endpoint.sql.js';
import type {
  CreateWebhookEndpoint,
  NewWebhookEndpointView,
  RecoverWebhookEndpoint,
  UpdateWebhookEndpoint,
  WebhookEndpointView,
  WebhookTestView,
} from './endpoints.schemas.js';
import { EndpointViews, shownOnce } from './endpoint-views.js';
import { newSigningSecret } from './signature.js';
import { Targets } from './targets.js';

/** Each event is matched with every endpoint of its app. */
const MOST = 50;
/** How long deliveries carry both signatures after a rotation. */
const OVERLAP_MS = 24 * 3_600_000;

/** Where the events of an app are sent: registered, shown, changed and removed. */
@Injectable()
export class Endpoints {
  constructor(
    private readonly db: Database,
    private readonly clock: Clock,
    private readonly sealer: Sealer,
    private readonly views: EndpointViews,
    private readonly targets: Targets,
    private readonly idempotency: Idempotency,
    private readonly audit: Audit,
    private readonly announcer: Announcer,
    private readonly relay: Relay,
    private readonly lanes: Lanes,
  ) {}

  /** Throws `webhook_url_refused`, `webhook_endpoint_limit`. */
  create(appId: string, body: CreateWebhookEndpoint, context: RequestContext): Promise<NewWebhookEndpointView> {
    const { href } = this.targets.registered(body.url);
    return this.idempotency.once(
      context.idempotency,
      async (tx) => {
        const id = newId('webhookEndpoint');
        const { secret, publicKey } = newSigningSecret(body.signature);
        await this.db.run(TAKE_TURNS, [appId], tx);
        const [counted] = await this.db.run<{ count: number }>(COUNT, [appId], tx);
        if ((counted?.count ?? 0) >= MOST) {
          throw problem('webhook_endpoint_limit', `An app has ${MOST} webhook endpoints at most: delete one.`);
        }
        const [row] = await this.db.run<EndpointRow>(INSERT, [appId, id, href, body.description, eventsOf(body), body.ordered, body.signature, this.sealer.seal(secret, placeOf({ appId, id }, 'secret')), publicKey, this.views.sealedHeaders({ appId, id }, body.headers), body.rateLimit], tx); // prettier-ignore
        await this.#record(tx, context, appId, 'create', id, Object.keys(body));
        return { id, ...shownOnce(body.signature, secret), result: this.views.newView(row!, secret) };
      },
      async (made) => this.views.again(await this.find(appId, made.resourceId), () => shownAgain(made)),
    );
  }

  async list(appId: string, { limit, cursor }: PageQuery): Promise<Page<WebhookEndpointView>> {
    const before = cursor === undefined ? null : fromCursor(cursor, /^wep_[0-9a-f]{32}$/);
    const rows = await this.db.run<EndpointRow>(LIST, [appId, before, limit + 1]);
    return toPage(
      rows,
      limit,
      ({ id }) => id,
      (row) => this.views.view(row),
    );
  }

  async get(appId: string, id: string): Promise<WebhookEndpointView> {
    return this.views.view(await this.find(appId, id));
  }

  /** Throws `webhook_url_refused`, `webhook_endpoint_not_found`. */
  async update(
    appId: string,
    id: string,
    body: UpdateWebhookEndpoint,
    context: RequestContext,
  ): Promise<WebhookEndpointView> {
    const url = body.url === undefined ? undefined : this.targets.registered(body.url).href;
    const view = await this.idempotency.once(
      context.idempotency,
      async (tx) => {
        const row = await this.find(appId, id, tx, true);
        const { status = row.status, description = row.description, rateLimit = row.rateLimit } = body;
        const headers = body.headers === undefined ? row.headers : this.views.sealedHeaders(row, body.headers);
        const events = body.events === undefined ? row.events : eventsOf({ events: body.events });
        const isFresh = (url !== undefined && url !== row.url) || (status === 'enabled' && row.status === 'disabled');
        const [changed] = await this.db.run<EndpointRow>(
          UPDATE,
          [appId, id, url ?? row.url, description, events, rateLimit, headers, status, isFresh],
          tx,
        );
        await this.#record(tx, context, appId, 'update', id, Object.keys(body));
        return { id, result: this.views.view(changed!) };
      },
      () => this.get(appId, id),
    );
    this.#wake(appId, id);
    return view;
  }

  /** Its deliveries stay to be read; those that still wait are canceled. */
  async remove(appId: string, id: string, context: RequestContext): Promise<void> {
    await this.idempotency.once(
      context.idempotency,
      async (tx) => {
        if ((await this.db.run(REMOVE, [appId, id], tx)).length === 0) throw notFound('webhook_endpoint', id);
        await this.#record(tx, context, appId, 'delete', id);
        return { id, result: undefined };
      },
      async () => undefined,
    );
    this.#wake(appId, id);
  }

  /** A new secret; for a day deliveries carry signatures by both, so that nobody has to switch at the same moment. */
  rotate(appId: string, id: string, context: RequestContext): Promise<NewWebhookEndpointView> {
    return this.idempotency.once(
      context.idempotency,
      async (tx) => {
        const row = await this.find(appId, id, tx, true);
        const { secret, publicKey } = newSigningSecret(row.signature);
        const previous = this.sealer.open(row.secret, placeOf(row, 'secret'));
        const [rotated] = await this.db.run<EndpointRow>(
          ROTATE,
          [
            ...[appId, id, this.sealer.seal(secret, placeOf(row, 'secret')), publicKey],
            this.sealer.seal(previous, placeOf(row, 'previous_secret')),
            new Date(this.clock.now().getTime() + OVERLAP_MS),
          ],
          tx,
        );
        await this.#record(tx, context, appId, 'rotate_secret', id);
        return { id, ...shownOnce(row.signature, secret), result: this.views.newView(rotated!, secret) };
      },
      async (made) => this.views.again(await this.find(appId, id), () => shownAgain(made)),
    );
  }

  /** Makes what failed since then due again, in the background; the lane does it. Throws `webhook_endpoint_disabled`. */
  async recover(
    appId: string,
    id: string,
    { since, missing }: RecoverWebhookEndpoint,
    context: RequestContext,
  ): Promise<WebhookEndpointView> {
    const from = new Date(since);
    const view = await this.idempotency.once(
      context.idempotency,
      async (tx) => {
        refuseDisabled(await this.find(appId, id, tx, true));
        const last = eventIdAt(this.clock.now().getTime() + 1);
        const values = [appId, id, eventIdAt(Math.max(0, from.getTime())), last, from, missing];
        const [row] = await this.db.run<EndpointRow>(RECOVER, values, tx);
        await this.#record(tx, context, appId, 'recover', id, ['since', 'missing']);
        return { id, result: this.views.view(row!) };
      },
      () => this.get(appId, id),
    );
    this.#wake(appId, id);
    return view;
  }

  /** Sends a `webhook.test` there and nowhere else. Throws `webhook_endpoint_disabled`. */
  async test(appId: string, id: string, context: RequestContext): Promise<WebhookTestView> {
    const eventId = await this.idempotency.once(
      context.idempotency,
      async (tx) => {
        refuseDisabled(await this.find(appId, id, tx, true));
        const [raised] = await this.db.run<{ sequence: number }>(RAISE, [appId, id], tx);
        const event = newId('event');
        await this.announcer.announce(tx, {
          id: event,
          appId,
          type: 'webhook.test',
          stream: { type: 'webhook_endpoint', id },
          sequence: raised!.sequence,
          data: { webhookEndpointId: id },
        });
        return { id: event, result: event };
      },
      async ({ resourceId }) => resourceId,
    );
    this.relay.nudge();
    return { eventId, deliveryId: deliveryIdOf(eventId, id) };
  }

  /** Throws `webhook_endpoint_not_found`. With `lock`, until the end of `tx`. */
  async find(appId: string, id: string, tx?: Tx, lock = false): Promise<EndpointRow> {
    const [row] = await this.db.run<EndpointRow>(lock ? LOCK : FIND, [appId, id], tx);
    if (!row) throw notFound('webhook_endpoint', id.slice(0, 40));
    return row;
  }

  #wake(appId: string, id: string): void {
    void this.lanes.nudge(DELIVERY_LANES, { appId, lane: id });
  }

  #record(tx: Tx, context: RequestContext, appId: string, verb: string, target: string, fields: string[] = []) {
    return this.audit.record(tx, context, { appId, action: `webhook_endpoint.${verb}`, target, fields });
  }
}

const eventsOf = ({ events }: { events: readonly string[] }): string[] =>
  events.includes('*') ? ['*'] : [...new Set(events)].sort();

/** The smallest id of events that were announced at that millisecond. */
const eventIdAt = (ms: number): string => `${ID_PREFIXES.event}_${ms.toString(16).padStart(12, '0')}`;

function refuseDisabled({ id, status }: EndpointRow): void {
  if (status !== 'disabled') return;
  throw problem('webhook_endpoint_disabled', `The endpoint ${id} is disabled: set its status to enabled first.`);
}
