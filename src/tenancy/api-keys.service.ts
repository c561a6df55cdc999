import { createHash, randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { IsNull, LessThan } from 'typeorm';
import { newId } from '../common/ids.js';
import { fromCursor, type Page, type PageQuery, toPage } from '../common/pagination.js';
import { notFound, problem } from '../common/problems.js';
import { Database, statement } from '../database/database.js';
import { ApiKey } from './api-key.entity.js';
import { Apps } from './apps.service.js';
import type { ApiKeyView, CreateApiKey, NewApiKeyView } from './apps.schemas.js';
import { Audit } from './audit.js';
import type { RequestContext, ServerCaller } from './caller.js';
import { Directory } from './directory.js';
import { Idempotency, shownAgain } from './idempotency.js';

/** `mb_test_<app>_<random>`: the app is in the key, so that finding it needs one shard. */
const FORM = /^mb_(test|live)_([0-9a-f]{32})_([A-Za-z0-9_-]{43})$/;

const FIND = statement(`select id from api_keys where app_id = $1 and hash = $2 and revoked_at is null`);
const TOUCH = statement(`
  update api_keys set last_used_at = now()
  where app_id = $1 and id = $2 and (last_used_at is null or last_used_at < now() - interval '1 minute')`);

const hashOf = (secret: string): Buffer => createHash('sha256').update(secret).digest();

@Injectable()
export class ApiKeys {
  readonly #known = new Directory<ServerCaller>();
  readonly #touched = new LRUCache<string, true>({ max: 10_000, ttl: 60_000 });

  constructor(
    private readonly db: Database,
    private readonly apps: Apps,
    private readonly idempotency: Idempotency,
    private readonly audit: Audit,
  ) {}

  /** Whose key this is. Throws `unauthenticated`, whatever is wrong with it. */
  async authenticate(secret: string): Promise<ServerCaller> {
    const hash = hashOf(secret);
    const known = await this.#known.get(hash.toString('base64'), () => this.#load(secret, hash));
    if (!known) throw problem('unauthenticated', 'This secret key is unknown or revoked.');
    this.#touch(known);
    // The key is cached, its app apart from it: a test app's clock may have moved since.
    return { ...known, app: await this.apps.record(known.app.id) };
  }

  async create(appId: string, { name }: CreateApiKey, context: RequestContext): Promise<NewApiKeyView> {
    const app = await this.apps.record(appId);
    return this.idempotency.once(
      context.idempotency,
      async (tx) => {
        const secret = `mb_${app.mode}_${appId.slice('app_'.length)}_${randomBytes(32).toString('base64url')}`;
        const id = newId('apiKey');
        const key = await tx.save(tx.create(ApiKey, { appId, id, name, hash: hashOf(secret), hint: secret.slice(-4) }));
        await this.audit.record(tx, context, { appId, action: 'api_key.create', target: id, fields: ['name'] });
        return { id, secret, result: { ...toView(key), secret } };
      },
      async (made) => ({ ...(await this.#get(appId, made.resourceId)), secret: shownAgain(made) }),
    );
  }

  async list(appId: string, { limit, cursor }: PageQuery): Promise<Page<ApiKeyView>> {
    await this.apps.record(appId);
    const rows = await this.db.dataSource.manager.find(ApiKey, {
      where: { appId, ...(cursor === undefined ? {} : { id: LessThan(fromCursor(cursor, /^key_[0-9a-f]{32}$/)) }) },
      order: { id: 'DESC' },
      take: limit + 1,
    });
    return toPage(rows, limit, ({ id }) => id, toView);
  }

  /** Ends a key at once here, within DIRECTORY_TTL_MS in other processes. */
  async revoke(appId: string, id: string, context: RequestContext): Promise<void> {
    await this.idempotency.once(
      context.idempotency,
      async (tx) => {
        const { affected } = await tx.update(ApiKey, { appId, id, revokedAt: IsNull() }, { revokedAt: () => 'now()' });
        if (affected !== 1) throw notFound('api_key', id);
        await this.audit.record(tx, context, { appId, action: 'api_key.revoke', target: id });
        return { id, result: undefined };
      },
      async () => undefined,
    );
    this.#known.forgetAll();
  }

  async #get(appId: string, id: string): Promise<ApiKeyView> {
    const key = await this.db.dataSource.manager.findOneBy(ApiKey, { appId, id });
    if (!key) throw notFound('api_key', id);
    return toView(key);
  }

  async #load(secret: string, hash: Buffer): Promise<ServerCaller | undefined> {
    const [, mode, body] = FORM.exec(secret) ?? [];
    if (!body) return undefined;
    const appId = `app_${body}`;
    const [key] = await this.db.run<{ id: string }>(FIND, [appId, hash]);
    if (!key) return undefined;
    const app = await this.apps.record(appId);
    if (app.mode !== mode) return undefined;
    return { kind: 'server', app, keyId: key.id };
  }

  /** Remembers the use, at most once a minute and without making the request wait. */
  #touch({ app, keyId }: ServerCaller): void {
    if (this.#touched.has(keyId)) return;
    this.#touched.set(keyId, true);
    this.db.run(TOUCH, [app.id, keyId]).catch(() => this.#touched.delete(keyId));
  }
}

const toView = (key: ApiKey): ApiKeyView => ({
  id: key.id,
  name: key.name,
  hint: key.hint,
  createdAt: key.createdAt.toISOString(),
  lastUsedAt: key.lastUsedAt?.toISOString() ?? null,
  revokedAt: key.revokedAt?.toISOString() ?? null,
});
