import { Injectable } from '@nestjs/common';
import { fromCursor, type Page, toPage } from '../common/pagination.js';
import { notFound } from '../common/problems.js';
import { Database } from '../database/database.js';
import type { AppRecord, RequestContext } from '../tenancy/caller.js';
import { Idempotency } from '../tenancy/idempotency.js';
import { LIST_MANDATES } from './mandate.sql.js';
import type { MandateRow } from './mandate-rows.js';
import type { MandateQuery, MandateView } from './mandates.schemas.js';
import { Mandates } from './mandates.service.js';

/** Mandates as developers and users see them. */
@Injectable()
export class MandateBook {
  constructor(
    private readonly db: Database,
    private readonly mandates: Mandates,
    private readonly idempotency: Idempotency,
  ) {}

  async list(appId: string, { limit, cursor, userId }: MandateQuery): Promise<Page<MandateView>> {
    const before = cursor === undefined ? null : fromCursor(cursor, /^man_[0-9a-f]{32}$/);
    const rows = await this.db.run<MandateRow>(LIST_MANDATES, [appId, userId ?? null, before, limit + 1]);
    return toPage(rows, limit, ({ id }) => id, toView);
  }

  /** Throws `mandate_not_found`, also for another user's. */
  async get(appId: string, id: string, ofUser?: string): Promise<MandateView> {
    return toView(await this.#find(appId, id, ofUser));
  }

  /** Ends it: never debited again from now on, and the platform is told. One that is over stays as it is. */
  async terminate(app: AppRecord, id: string, context: RequestContext, ofUser?: string): Promise<MandateView> {
    await this.#find(app.id, id, ofUser);
    const reason = ofUser === undefined ? 'ended by the merchant' : 'ended by the user in the mini-program';
    await this.idempotency.once(
      context.idempotency,
      async (tx) => {
        await this.mandates.end(tx, app, id, reason);
        return { id, result: undefined };
      },
      async () => undefined,
    );
    this.mandates.nudge(app.id);
    return this.get(app.id, id, ofUser);
  }

  async #find(appId: string, id: string, ofUser?: string): Promise<MandateRow> {
    const mandate = await this.mandates.find(appId, id);
    if (!mandate || (ofUser !== undefined && mandate.userId !== ofUser)) throw notFound('mandate', id);
    return mandate;
  }
}

const toView = (row: MandateRow): MandateView => ({
  id: row.id,
  userId: row.userId,
  subscriptionId: row.subscriptionId,
  platform: row.platform,
  number: row.number,
  contractId: row.contractId,
  status: row.status,
  mostAmount: row.terms.mostAmount,
  signedAt: row.signedAt?.toISOString() ?? null,
  endsAt: row.endsAt?.toISOString() ?? null,
  endedAt: row.endedAt?.toISOString() ?? null,
  endedBy: row.endedBy,
  isEnding: row.terminationReason !== null && row.endedAt === null && row.status !== 'lapsed',
  createdAt: row.createdAt.toISOString(),
});
