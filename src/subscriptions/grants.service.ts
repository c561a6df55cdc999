import { Injectable } from '@nestjs/common';
import type { FeatureValue } from '../catalog/products.schemas.js';
import { Clock } from '../common/clock.js';
import { newId } from '../common/ids.js';
import { fromCursor, type Page, type PageQuery, toPage } from '../common/pagination.js';
import { invalid, notFound } from '../common/problems.js';
import { Database, statement, type Tx } from '../database/database.js';
import { Relay } from '../events/relay.js';
import { BusinessTime } from '../tenancy/business-time.js';
import type { AppRecord, RequestContext } from '../tenancy/caller.js';
import { Idempotency } from '../tenancy/idempotency.js';
import { Payers } from '../tenancy/payers.js';
import { Entitlements } from './entitlements.service.js';
import type { CreateGrant, GrantView } from './entitlements.schemas.js';

const COLUMNS = `g.id, g.user_id as "userId", g.feature, g.value, g.expires_at as "expiresAt", g.reason,
  g.revoked_at as "revokedAt", g.created_at as "createdAt"`;
const INSERT = statement(`
  insert into grants as g (app_id, id, user_id, feature, value, expires_at, reason, created_at)
  values ($1, $2, $3, $4, $5, $6, $7, $8) returning ${COLUMNS}`);
const FIND = statement(`select ${COLUMNS} from grants g where g.app_id = $1 and g.id = $2`);
const LIST = statement(`
  select ${COLUMNS} from grants g where g.app_id = $1 and g.user_id = $2 and ($3::text is null or g.id < $3)
  order by g.id desc limit $4`);
const REVOKE = statement(`
  update grants g set revoked_at = $3 where g.app_id = $1 and g.id = $2 and g.revoked_at is null returning g.id`);

interface GrantRow extends Record<string, unknown> {
  id: string;
  userId: string;
  feature: string;
  value: FeatureValue;
  expiresAt: Date | null;
  reason: string | null;
  revokedAt: Date | null;
  createdAt: Date;
}

/** Gifts: a feature that the developer's server gives to a user, for a time or for ever. */
@Injectable()
export class Grants {
  constructor(
    private readonly db: Database,
    private readonly clock: Clock,
    private readonly time: BusinessTime,
    private readonly payers: Payers,
    private readonly entitlements: Entitlements,
    private readonly idempotency: Idempotency,
    private readonly relay: Relay,
  ) {}

  /** Throws `user_not_found`, `user_gone`, and `validation_failed` for a time that has passed. */
  async create(app: AppRecord, user: string, body: CreateGrant, context: RequestContext): Promise<GrantView> {
    const now = this.time.now(app);
    const expiresAt = body.expiresAt === undefined ? null : new Date(body.expiresAt);
    if (expiresAt && expiresAt <= now) throw invalid('expiresAt', 'must be later than now');
    const view = await this.idempotency.once(
      context.idempotency,
      async (tx) => {
        const userId = await this.payers.userOf(app.id, user, tx);
        const id = newId('grant');
        const value = JSON.stringify(body.value);
        const values = [app.id, id, userId, body.feature, value, expiresAt, body.reason ?? null, this.clock.now()];
        const [row] = await this.db.run<GrantRow>(INSERT, values, tx);
        await this.entitlements.set(tx, {
          ...{ appId: app.id, userId, source: { type: 'grant', id }, features: { [body.feature]: body.value } },
          ...{ startsAt: now, expiresAt, graceUntil: null, usageStart: now },
        });
        return { id, result: toView(row!) };
      },
      ({ resourceId }) => this.get(app.id, resourceId),
    );
    this.relay.nudge();
    return view;
  }

  async get(appId: string, id: string): Promise<GrantView> {
    return toView(await this.#find(appId, id));
  }

  /** Newest first. Throws `user_not_found`. */
  async list(appId: string, user: string, { limit, cursor }: PageQuery): Promise<Page<GrantView>> {
    const userId = await this.payers.userOf(appId, user);
    const before = cursor === undefined ? null : fromCursor(cursor, /^grt_[0-9a-f]{32}$/);
    const rows = await this.db.run<GrantRow>(LIST, [appId, userId, before, limit + 1]);
    return toPage(rows, limit, ({ id }) => id, toView);
  }

  /** Takes it back; one that was taken back stays so. Throws `grant_not_found`. */
  async revoke(app: AppRecord, id: string, context: RequestContext): Promise<void> {
    await this.#find(app.id, id);
    await this.idempotency.once(
      context.idempotency,
      async (tx) => {
        const now = this.time.now(app);
        const revoked = await this.db.run(REVOKE, [app.id, id, now], tx);
        if (revoked.length > 0) await this.entitlements.clear(tx, app.id, { type: 'grant', id }, now);
        return { id, result: undefined };
      },
      async () => undefined,
    );
    this.relay.nudge();
  }

  async #find(appId: string, id: string, tx?: Tx): Promise<GrantRow> {
    const [row] = await this.db.run<GrantRow>(FIND, [appId, id], tx);
    if (!row) throw notFound('grant', id);
    return row;
  }
}

const toView = ({ id, userId, feature, value, expiresAt, reason, revokedAt, createdAt }: GrantRow): GrantView => ({
  ...{ id, userId, feature, value, reason },
  expiresAt: expiresAt?.toISOString() ?? null,
  revokedAt: revokedAt?.toISOString() ?? null,
  createdAt: createdAt.toISOString(),
});
