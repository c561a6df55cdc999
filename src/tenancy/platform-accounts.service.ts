import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { LessThan } from 'typeorm';
import { newId } from '../common/ids.js';
import { fromCursor, type Page, toPage } from '../common/pagination.js';
import { notFound, problem } from '../common/problems.js';
import { Sealer, type SealedPlace } from '../common/seal.js';
import { Database } from '../database/database.js';
import type { AccountCheck, PlatformAccount, PlatformCode } from '../platforms/platform.js';
import { Platforms } from '../platforms/registry.js';
import { DIRECTORY_TTL_MS } from './apps.service.js';
import { Audit } from './audit.js';
import type { AppRecord, RequestContext, ServerCaller } from './caller.js';
import { type Credentials, parseCredentials, parsePlatformAppId } from './credentials.js';
import { Idempotency } from './idempotency.js';
import { PlatformAccountRow } from './platform-account.entity.js';
import type {
  CreatePlatformAccount,
  PlatformAccountQuery,
  PlatformAccountView,
  UpdatePlatformAccount,
} from './platform-accounts.schemas.js';
import { SandboxConsole } from './sandbox-console.js';

/** The mini-programs of an app on the platforms, with their sealed credentials. */
@Injectable()
export class PlatformAccounts {
  /** Active accounts of one app on one platform, secrets opened: asked for by every login. */
  readonly #active = new LRUCache<string, readonly PlatformAccount[], AppRecord>({
    max: 10_000,
    ttl: DIRECTORY_TTL_MS,
    fetchMethod: (key, _, { context: app }) => this.#loadActive(app, key.slice(key.indexOf(' ') + 1) as PlatformCode),
  });

  constructor(
    private readonly db: Database,
    private readonly sealer: Sealer,
    private readonly platforms: Platforms,
    private readonly sandbox: SandboxConsole,
    private readonly idempotency: Idempotency,
    private readonly audit: Audit,
  ) {}

  /**
   * The app's active account on a platform. `platformAppId` may be left out while there is only one; else 422
   * `platform_account_ambiguous`, and `platform_account_missing` when there is none.
   */
  async resolve(app: AppRecord, platform: PlatformCode, platformAppId?: string): Promise<PlatformAccount> {
    const active = (await this.#active.fetch(`${app.id} ${platform}`, { context: app })) ?? [];
    const matching = platformAppId === undefined ? active : active.filter((one) => one.platformAppId === platformAppId);
    const [account, another] = matching;
    if (!account) {
      throw problem(
        'platform_account_missing',
        `This app has no active ${platform} account${platformAppId ? ' with that platformAppId' : ''}: create one with POST /v1/platform-accounts.`,
      );
    }
    if (another) {
      throw problem('platform_account_ambiguous', `This app has several ${platform} accounts: send platformAppId.`);
    }
    return account;
  }

  async create(
    { app }: ServerCaller,
    body: CreatePlatformAccount,
    context: RequestContext,
  ): Promise<PlatformAccountView> {
    const { platformAppId, credentials } = await this.#complete(app, body);
    const id = newId('platformAccount');
    return this.idempotency
      .once(
        context.idempotency,
        async (tx) => {
          const row = tx.create(PlatformAccountRow, {
            appId: app.id,
            id,
            platform: body.platform,
            platformAppId,
            name: body.name ?? platformAppId,
            status: 'active',
            credentials: this.sealer.seal(JSON.stringify(credentials), place(app.id, id)),
          });
          await tx.insert(PlatformAccountRow, row);
          await this.audit.record(tx, context, {
            appId: app.id,
            action: 'platform_account.create',
            target: id,
            fields: Object.keys(body),
          });
          return { id, result: this.#view(await tx.findOneByOrFail(PlatformAccountRow, { appId: app.id, id })) };
        },
        ({ resourceId }) => this.get(app.id, resourceId),
      )
      .catch(this.#explain(platformAppId))
      .finally(() => this.#forget(app.id, body.platform));
  }

  async get(appId: string, id: string): Promise<PlatformAccountView> {
    return this.#view(await this.#find(appId, id));
  }

  async list(appId: string, { limit, cursor, platform }: PlatformAccountQuery): Promise<Page<PlatformAccountView>> {
    const rows = await this.db.dataSource.manager.find(PlatformAccountRow, {
      where: {
        appId,
        ...(platform ? { platform } : {}),
        ...(cursor === undefined ? {} : { id: LessThan(fromCursor(cursor, /^pac_[0-9a-f]{32}$/)) }),
      },
      order: { id: 'DESC' },
      take: limit + 1,
    });
    return toPage(
      rows,
      limit,
      ({ id }) => id,
      (row) => this.#view(row),
    );
  }

  async update(
    { app }: ServerCaller,
    id: string,
    body: UpdatePlatformAccount,
    context: RequestContext,
  ): Promise<PlatformAccountView> {
    const row = await this.#find(app.id, id);
    const sealed = body.credentials ? await this.#resealed(app, row, body.credentials) : row.credentials;
    return this.idempotency
      .once(
        context.idempotency,
        async (tx) => {
          await tx.update(
            PlatformAccountRow,
            { appId: app.id, id },
            {
              name: body.name ?? row.name,
              status: body.status ?? row.status,
              credentials: sealed,
              updatedAt: () => 'now()',
            },
          );
          await this.audit.record(tx, context, {
            appId: app.id,
            action: 'platform_account.update',
            target: id,
            fields: Object.keys(body),
          });
          return { id, result: this.#view(await tx.findOneByOrFail(PlatformAccountRow, { appId: app.id, id })) };
        },
        () => this.get(app.id, id),
      )
      .finally(() => this.#forget(app.id, row.platform));
  }

  /** Deletes an account that nobody ever used; one with users is disabled, as their history refers to it. */
  async remove({ app }: ServerCaller, id: string, context: RequestContext): Promise<void> {
    const removal = (inUse: boolean) =>
      this.idempotency.once(
        context.idempotency,
        async (tx) => {
          const { platform } = await tx.findOneByOrFail(PlatformAccountRow, { appId: app.id, id }).catch(() => {
            throw notFound('platform_account', id);
          });
          if (inUse)
            await tx.update(
              PlatformAccountRow,
              { appId: app.id, id },
              { status: 'disabled', updatedAt: () => 'now()' },
            );
          else await tx.delete(PlatformAccountRow, { appId: app.id, id });
          await this.audit.record(tx, context, {
            appId: app.id,
            action: inUse ? 'platform_account.disable' : 'platform_account.delete',
            target: id,
          });
          this.#forget(app.id, platform);
          return { id, result: undefined };
        },
        async () => undefined,
      );
    await removal(false).catch((error: unknown) => {
      if (sqlState(error) === FOREIGN_KEY_VIOLATION) return removal(true);
      throw error;
    });
  }

  /** Tries the credentials at the platform (or the sandbox) and says in plain words what is wrong. */
  async verify({ app }: ServerCaller, id: string): Promise<AccountCheck> {
    return this.platforms
      .verifiable((await this.#find(app.id, id)).platform)
      .verify(this.#open(app, await this.#find(app.id, id)));
  }

  /** The account as the platform wants it: given by a live app, completed by the sandbox for a test app. */
  async #complete(app: AppRecord, { platform, platformAppId, credentials = {} }: CreatePlatformAccount) {
    const description = this.platforms.get(platform);
    if (platformAppId !== undefined) parsePlatformAppId(description, platformAppId);
    if (app.mode === 'live') {
      if (platformAppId === undefined) throw problem('validation_failed', 'platformAppId: a live account needs it');
      return { platformAppId, credentials: parseCredentials(description, credentials) };
    }
    const shown = await this.sandbox.register({
      platform,
      platformAppId,
      credentials: description.toConsole?.(credentials) ?? credentials,
    });
    return {
      platformAppId: shown.platformAppId,
      credentials: parseCredentials(description, { ...shown.credentials, ...credentials }),
    };
  }

  async #resealed(app: AppRecord, row: PlatformAccountRow, changes: Credentials): Promise<string> {
    const description = this.platforms.get(row.platform);
    const { platform, platformAppId } = row;
    const credentials = parseCredentials(description, { ...this.#credentials(row), ...changes });
    if (app.mode === 'test') {
      await this.sandbox.register({
        platform,
        platformAppId,
        credentials: description.toConsole?.(credentials) ?? credentials,
      });
    }
    return this.sealer.seal(JSON.stringify(credentials), place(app.id, row.id));
  }

  async #loadActive(app: AppRecord, platform: PlatformCode): Promise<PlatformAccount[]> {
    const rows = await this.db.dataSource.manager.findBy(PlatformAccountRow, {
      appId: app.id,
      platform,
      status: 'active',
    });
    return rows.map((row) => this.#open(app, row));
  }

  async #find(appId: string, id: string): Promise<PlatformAccountRow> {
    const row = await this.db.dataSource.manager.findOneBy(PlatformAccountRow, { appId, id });
    if (!row) throw notFound('platform_account', id);
    return row;
  }

  #open({ mode }: AppRecord, row: PlatformAccountRow): PlatformAccount {
    const { appId, id, platform, platformAppId } = row;
    return Object.freeze({ appId, id, platform, platformAppId, mode, credentials: this.#credentials(row) });
  }

  #credentials({ appId, id, credentials }: PlatformAccountRow): Credentials {
    return JSON.parse(this.sealer.open(credentials, place(appId, id))) as Credentials;
  }

  #forget(appId: string, platform: PlatformCode): void {
    this.#active.delete(`${appId} ${platform}`);
  }

  #explain =
    (platformAppId: string) =>
    (error: unknown): never => {
      if (sqlState(error) !== UNIQUE_VIOLATION) throw error;
      throw problem(
        'platform_account_exists',
        `This app has registered ${platformAppId} already: update that account.`,
      );
    };

  #view(row: PlatformAccountRow): PlatformAccountView {
    const { secretFields } = this.platforms.get(row.platform);
    const { id, platform, platformAppId, name, status, createdAt, updatedAt } = row;
    const credentials = Object.fromEntries(
      Object.entries(this.#credentials(row)).map(([field, value]) => [
        field,
        secretFields.includes(field) ? fingerprint(value) : value,
      ]),
    );
    return {
      id,
      platform,
      platformAppId,
      name,
      status,
      credentials,
      createdAt: createdAt.toISOString(),
      updatedAt: updatedAt.toISOString(),
    };
  }
}

const UNIQUE_VIOLATION = '23505';
const FOREIGN_KEY_VIOLATION = '23503';
const sqlState = (error: unknown): unknown => (error as { code?: unknown } | null)?.code;

const place = (app: string, row: string): SealedPlace => ({
  app,
  table: 'platform_accounts',
  row,
  column: 'credentials',
});
const fingerprint = (secret: string): string =>
  `sha256:${createHash('sha256').update(secret).digest('hex').slice(0, 16)}`;
