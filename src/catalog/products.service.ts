import { Injectable } from '@nestjs/common';
import { LessThan, type QueryDeepPartialEntity } from 'typeorm';
import { newId } from '../common/ids.js';
import { fromCursor, type Page, toPage } from '../common/pagination.js';
import { notFound } from '../common/problems.js';
import { Database } from '../database/database.js';
import { Audit } from '../tenancy/audit.js';
import type { RequestContext, ServerCaller } from '../tenancy/caller.js';
import { Idempotency } from '../tenancy/idempotency.js';
import { ProductRow } from './product.entity.js';
import type { CreateProduct, ProductQuery, ProductView, UpdateProduct } from './products.schemas.js';

/** What an app sells. */
@Injectable()
export class Products {
  constructor(
    private readonly db: Database,
    private readonly idempotency: Idempotency,
    private readonly audit: Audit,
  ) {}

  create({ app }: ServerCaller, body: CreateProduct, context: RequestContext): Promise<ProductView> {
    return this.idempotency.once(
      context.idempotency,
      async (tx) => {
        const id = newId('product');
        const row = await tx.save(tx.create(ProductRow, { appId: app.id, id, ...body }));
        const fields = Object.keys(body);
        await this.audit.record(tx, context, { appId: app.id, action: 'product.create', target: id, fields });
        return { id, result: toView(row) };
      },
      ({ resourceId }) => this.get(app.id, resourceId),
    );
  }

  async get(appId: string, id: string): Promise<ProductView> {
    const row = await this.db.dataSource.manager.findOneBy(ProductRow, { appId, id });
    if (!row) throw notFound('product', id);
    return toView(row);
  }

  async list(appId: string, { limit, cursor, active }: ProductQuery): Promise<Page<ProductView>> {
    const rows = await this.db.dataSource.manager.find(ProductRow, {
      where: {
        appId,
        ...(active === undefined ? {} : { active: active === 'true' }),
        ...(cursor === undefined ? {} : { id: LessThan(fromCursor(cursor, /^prd_[0-9a-f]{32}$/)) }),
      },
      order: { id: 'DESC' },
      take: limit + 1,
    });
    return toPage(rows, limit, ({ id }) => id, toView);
  }

  update({ app }: ServerCaller, id: string, body: UpdateProduct, context: RequestContext): Promise<ProductView> {
    return this.idempotency.once(
      context.idempotency,
      async (tx) => {
        const where = { appId: app.id, id };
        const changes = { ...body, updatedAt: () => 'now()' } as QueryDeepPartialEntity<ProductRow>;
        const { affected } = await tx.update(ProductRow, where, changes);
        if (affected !== 1) throw notFound('product', id);
        const fields = Object.keys(body);
        await this.audit.record(tx, context, { appId: app.id, action: 'product.update', target: id, fields });
        return { id, result: toView(await tx.findOneByOrFail(ProductRow, where)) };
      },
      () => this.get(app.id, id),
    );
  }
}

const toView = ({ id, name, features, active, metadata, createdAt, updatedAt }: ProductRow): ProductView => ({
  id,
  name,
  features,
  active,
  metadata,
  createdAt: createdAt.toISOString(),
  updatedAt: updatedAt.toISOString(),
});
