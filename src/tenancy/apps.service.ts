import { Injectable } from '@nestjs/common';
import { LessThan } from 'typeorm';
import { isId, newId } from '../common/ids.js';
import { fromCursor, type Page, type PageQuery, toPage } from '../common/pagination.js';
import { notFound } from '../common/problems.js';
import { Database } from '../database/database.js';
import { App } from './app.entity.js';
import type { AppView, CreateApp, UpdateApp } from './apps.schemas.js';
import { Audit } from './audit.js';
import type { AppRecord, RequestContext } from './caller.js';
import { Directory } from './directory.js';
import { Idempotency } from './idempotency.js';

@Injectable()
export class Apps {
  readonly #records = new Directory<AppRecord>();

  constructor(
    private readonly db: Database,
    private readonly idempotency: Idempotency,
    private readonly audit: Audit,
  ) {}

  /**
   * The app as the request path needs it, cached; a test app whose clock was moved is read each time, because it may be
   * moved again. Throws `app_not_found`.
   */
  async record(id: string): Promise<AppRecord> {
    const record = isId('app', id) ? await this.#records.get(id, () => this.#load(id)) : undefined;
    if (!record) throw notFound('app', id.slice(0, 40));
    if (record.clockOffset !== 0) this.#records.forget(id);
    return record;
  }

  /** After a change of app rows that did not come through here: the next one who asks reads. */
  forget(): void {
    this.#records.forgetAll();
  }

  create(body: CreateApp, context: RequestContext): Promise<AppView> {
    return this.idempotency.once(
      context.idempotency,
      async (tx) => {
        const id = newId('app');
        const app = await tx.save(tx.create(App, { id, ...body }));
        await this.audit.record(tx, context, {
          appId: id,
          action: 'app.create',
          target: id,
          fields: Object.keys(body),
        });
        return { id, result: toView(app) };
      },
      ({ resourceId }) => this.get(resourceId),
    );
  }

  async get(id: string): Promise<AppView> {
    return toView(await this.#find(id));
  }

  async list({ limit, cursor }: PageQuery): Promise<Page<AppView>> {
    const rows = await this.db.dataSource.manager.find(App, {
      where: cursor === undefined ? {} : { id: LessThan(fromCursor(cursor, /^app_[0-9a-f]{32}$/)) },
      order: { id: 'DESC' },
      take: limit + 1,
    });
    return toPage(rows, limit, ({ id }) => id, toView);
  }

  update(id: string, { name }: UpdateApp, context: RequestContext): Promise<AppView> {
    return this.idempotency.once(
      context.idempotency,
      async (tx) => {
        const { affected } = await tx.update(App, { id }, { name, updatedAt: () => 'now()' });
        if (affected !== 1) throw notFound('app', id);
        await this.audit.record(tx, context, { appId: id, action: 'app.update', target: id, fields: ['name'] });
        return { id, result: toView(await tx.findOneByOrFail(App, { id })) };
      },
      () => this.get(id),
    );
  }

  async #find(id: string): Promise<App> {
    const app = await this.db.dataSource.manager.findOneBy(App, { id });
    if (!app) throw notFound('app', id);
    return app;
  }

  async #load(id: string): Promise<AppRecord | undefined> {
    const app = await this.db.dataSource.manager.findOneBy(App, { id });
    return app ? { id: app.id, mode: app.mode, clockOffset: app.clockOffset } : undefined;
  }
}

const toView = ({ id, name, mode, createdAt }: App): AppView => ({
  id,
  name,
  mode,
  createdAt: createdAt.toISOString(),
});
