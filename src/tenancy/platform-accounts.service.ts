import { Injectable } from '@nestjs/common';
import { LessThan } from 'typeorm';
import { newId } from '../common/ids.js';
import { fromCursor, type Page, toPage } from '../common/pagination.js';
import { invalid, notFound, problem } from '../common/problems.js';
import { Database, type Tx } from '../database/database.js';
import type { AccountCheck, PlatformAccount, PlatformCode } from '../platforms/platform.js';
import { Platforms } from '../platforms/registry.js';
import { AccountSecrets } from './account-secrets.js';
import { Audit } from './audit.js';
import type { AppRecord, RequestContext, ServerCaller } from './caller.js';
import { type Credentials, parseCredentials, parsePlatformAppId } from './credentials.js';
import { Directory } from './directory.js';
import { Idempotency } from './idempotency.js';
import { PlatformAccountRow } from './platform-account.entity.js';
import type {
  CreatePlatformAccount,
  PlatformAccountQuery,
  PlatformAccountView,
  UpdatePlatformAccount,
} from './platform-accounts.schemas.js';
import { SandboxConsole } from './sandbox-console.js';

/** Changes of one account that come at once take turns; who is overtaken this often is told to try again. */
const TRIES = 5;
/** Somebody has changed the credentials since they were read. */
class Overtaken extends Error {}

/** The mini-programs of an app on the platforms, with their sealed credentials. */
@Injectable()
export class PlatformAccounts {
  /** The active accounts of an app, secrets opened: every login asks for them. */
  readonly #active = new Directory<readonly PlatformAccount[]>();

  constructor(
    private readonly db: Database,
    private readonly secrets: AccountSecrets,
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
    const active = (await this.#active.get(app.id, () => this.#loadActive(app))) ?? [];
    const [account, another] = active.filter(
      (one) => one.platform === platform && (platformAppId === undefined || one.platformAppId === platformAppId),
    );
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

  create({ app }: ServerCaller, body: CreatePlatformAccount, context: RequestContext): Promise<PlatformAccountView> {
    return this.idempotency
      .onceAsking(
        context.idempotency,
        () => this.#complete(app, body),
        async (tx, { platformAppId, credentials }) => {
          const id = newId('platformAccount');
          const row = tx.create(PlatformAccountRow, {
            appId: app.id,
            id,
            platform: body.platform,
            platformAppId,
            name: body.name ?? platformAppId,
            status: 'active',
            credentials: this.secrets.seal(app.id, id, credentials),
          });
          await tx.insert(PlatformAccountRow, row).catch(alreadyThere(platformAppId));
          await this.#record(tx, context, app, 'create', id, Object.keys(body));
          return { id, result: this.secrets.view(await this.#find(app.id, id, tx)) };
        },
        ({ resourceId }) => this.get(app.id, resourceId),
      )
      .finally(() => this.#active.forget(app.id));
  }

  async get(appId: string, id: string): Promise<PlatformAccountView> {
    return this.secrets.view(await this.#find(appId, id));
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
      (row) => this.secrets.view(row),
    );
  }

  async update(
    { app }: ServerCaller,
    id: string,
    body: UpdatePlatformAccount,
    context: RequestContext,
  ): Promise<PlatformAccountView> {
    try {
      for (let tries = 1; tries <= TRIES; tries++) {
        const updated = await this.#update(app, id, body, context).catch((error: unknown) => {
          if (!(error instanceof Overtaken)) throw error;
        });
        if (updated) return updated;
      }
    } finally {
      this.#active.forget(app.id);
    }
    throw problem('unavailable', 'This account is being changed too often at once. Try again.', { retryAfter: 1 });
  }

  /** Deletes an account that nobody ever used; one with users is disabled, as their history refers to it. */
  async remove({ app }: ServerCaller, id: string, context: RequestContext): Promise<void> {
    const removal = (inUse: boolean) =>
      this.idempotency.once(
        context.idempotency,
        async (tx) => {
          const row = { appId: app.id, id };
          await this.#find(app.id, id, tx);
          if (inUse) await tx.update(PlatformAccountRow, row, { status: 'disabled', updatedAt: () => 'now()' });
          else await tx.delete(PlatformAccountRow, row);
          await this.#record(tx, context, app, inUse ? 'disable' : 'delete', id);
          return { id, result: undefined };
        },
        async () => undefined,
      );
    await removal(false)
      .catch((error: unknown) => {
        if (sqlState(error) === FOREIGN_KEY_VIOLATION) return removal(true);
        throw error;
      })
      .finally(() => this.#active.forget(app.id));
  }

  /** Tries the credentials at the platform (or the sandbox) and says in plain words what is wrong. */
  async verify({ app }: ServerCaller, id: string): Promise<AccountCheck> {
    const row = await this.#find(app.id, id);
    return this.platforms.verifiable(row.platform).verify(this.secrets.open(row, app.mode));
  }

  #update(app: AppRecord, id: string, body: UpdatePlatformAccount, context: RequestContext) {
    const { name, status, credentials: changes } = body;
    const plain = { ...(name !== undefined && { name }), ...(status !== undefined && { status }) };
    return this.idempotency.onceAsking(
      context.idempotency,
      async () => {
        const row = await this.#find(app.id, id);
        return changes && { before: row.credentials, after: await this.#merged(app, row, changes) };
      },
      async (tx, credentials) => {
        const { affected } = await tx.update(
          PlatformAccountRow,
          { appId: app.id, id, ...(credentials && { credentials: credentials.before }) },
          { ...plain, ...(credentials && { credentials: credentials.after }), updatedAt: () => 'now()' },
        );
        if (affected !== 1) throw new Overtaken();
        await this.#record(tx, context, app, 'update', id, Object.keys(body));
        return { id, result: this.secrets.view(await this.#find(app.id, id, tx)) };
      },
      () => this.get(app.id, id),
    );
  }

  /** The account as the platform wants it: given by a live app, completed by the sandbox for a test app. */
  async #complete(app: AppRecord, { platform, platformAppId, credentials = {} }: CreatePlatformAccount) {
    const description = this.platforms.get(platform);
    if (platformAppId !== undefined) parsePlatformAppId(description, platformAppId);
    if (app.mode === 'live') {
      if (platformAppId === undefined) throw invalid('platformAppId', 'a live account needs it');
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

  /** The sealed credentials of an account after a change, of which the sandbox has been told. */
  async #merged(app: AppRecord, row: PlatformAccountRow, changes: CredentialChanges): Promise<string> {
    const { id, platform, platformAppId } = row;
    const description = this.platforms.get(platform);
    const kept = merge(this.secrets.credentialsOf(row), changes);
    if (app.mode === 'live') return this.secrets.seal(app.id, id, parseCredentials(description, kept));
    const told = description.toConsole?.(kept) ?? kept;
    const shown = await this.sandbox.register({ platform, platformAppId, credentials: told });
    // What the console shows is the truth about the platform's side, also after the sandbox was reset.
    return this.secrets.seal(app.id, id, parseCredentials(description, { ...kept, ...shown.credentials }));
  }

  async #loadActive({ id: appId, mode }: AppRecord): Promise<PlatformAccount[]> {
    const rows = await this.db.dataSource.manager.findBy(PlatformAccountRow, { appId, status: 'active' });
    return rows.map((row) => this.secrets.open(row, mode));
  }

  async #find(appId: string, id: string, tx: Tx = this.db.dataSource.manager): Promise<PlatformAccountRow> {
    const row = await tx.findOneBy(PlatformAccountRow, { appId, id });
    if (!row) throw notFound('platform_account', id);
    return row;
  }

  #record(tx: Tx, context: RequestContext, app: AppRecord, verb: string, target: string, fields: string[] = []) {
    return this.audit.record(tx, context, { appId: app.id, action: `platform_account.${verb}`, target, fields });
  }
}

const UNIQUE_VIOLATION = '23505';
const FOREIGN_KEY_VIOLATION = '23503';
const sqlState = (error: unknown): unknown => (error as { code?: unknown } | null)?.code;

const alreadyThere =
  (platformAppId: string) =>
  (error: unknown): never => {
    if (sqlState(error) !== UNIQUE_VIOLATION) throw error;
    throw problem('platform_account_exists', `This app has registered ${platformAppId} already: update that account.`);
  };

type CredentialChanges = Readonly<Record<string, string | null>>;

/** Fields that are left out keep their value; null takes one away. */
const merge = (kept: Credentials, changes: CredentialChanges): Credentials =>
  Object.fromEntries(
    Object.entries({ ...kept, ...changes }).filter((entry): entry is [string, string] => entry[1] !== null),
  );
