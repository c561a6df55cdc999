import { Injectable } from '@nestjs/common';
import { type FindOptionsWhere, LessThan, type QueryDeepPartialEntity } from 'typeorm';
import { ID_PREFIXES, isId, newId } from '../common/ids.js';
import { fromCursor, type Page, toPage } from '../common/pagination.js';
import { notFound, problem } from '../common/problems.js';
import { Database, type Tx } from '../database/database.js';
import type { AccountRow } from './account.entity.js';
import { AccountConsole, type NewAccount } from './account-console.js';
import type { AccountKind } from './account-kind.js';
import { AccountSecrets } from './account-secrets.js';
import type { AccountQuery, CommonAccountView } from './accounts.schemas.js';
import { Apps } from './apps.service.js';
import { Audit } from './audit.js';
import type { AppRecord, RequestContext } from './caller.js';
import { type CredentialChanges, mergeCredentials } from './credentials.js';
import { Idempotency } from './idempotency.js';
import { OpenedAccounts } from './opened-accounts.js';

/** Changes of one account that come at once take turns; who is overtaken this often is told to try again. */
const TRIES = 5;
/** Somebody has changed the credentials since they were read, or removed what the change refers to. */
class Overtaken extends Error {}

/** What every kind of accounts works with. */
@Injectable()
export class AccountTools {
  constructor(
    readonly db: Database,
    readonly apps: Apps,
    readonly secrets: AccountSecrets,
    readonly console: AccountConsole,
    readonly idempotency: Idempotency,
    readonly audit: Audit,
  ) {}
}

/** What a developer changes of an account; `fields` are the names for the audit log. */
interface AccountChange {
  readonly name?: string | undefined;
  readonly status?: 'active' | 'disabled' | undefined;
  readonly credentials?: CredentialChanges | undefined;
}

/** Accounts of one kind, with sealed credentials: how they are registered, shown, changed and removed. */
export abstract class Accounts<Row extends AccountRow, Account, View> {
  protected readonly opened: OpenedAccounts<Row, Account>;

  constructor(
    private readonly kind: AccountKind<Row>,
    protected readonly tools: AccountTools,
  ) {
    this.opened = new OpenedAccounts(tools.db, kind.entity, (row, mode) => this.toAccount(row, mode));
  }

  /** The account as its platform needs it, secrets opened; frozen. */
  protected abstract toAccount(row: Row, mode: AppRecord['mode']): Account;
  protected abstract toView(row: Row, common: CommonAccountView): View;

  /**
   * The account by its id, of any status: the same frozen object as long as nothing changes, and without a query when
   * it was asked for lately. Throws `platform_account_not_found` / `merchant_account_not_found`.
   */
  async open(appId: string, mode: AppRecord['mode'], id: string): Promise<Account> {
    return (await this.openedIn(appId, mode, id)).account;
  }

  /** The account by its id alone, of any status, with its app: for callbacks. Cached like `open`. */
  async byId(id: string): Promise<{ app: AppRecord; account: Account } | undefined> {
    if (!isId(this.kind.id, id)) return undefined;
    const { apps } = this.tools;
    const found = await this.opened.anywhere(id, async (appId) => (await apps.record(appId)).mode);
    return found && { app: await apps.record(found.row.appId), account: found.account };
  }

  async get(appId: string, id: string): Promise<View> {
    return this.#view(await this.find(appId, id));
  }

  async list(appId: string, { limit, cursor, platform }: AccountQuery): Promise<Page<View>> {
    const pattern = new RegExp(`^${ID_PREFIXES[this.kind.id]}_[0-9a-f]{32}$`);
    const rows = await this.tools.db.dataSource.manager.find(this.kind.entity, {
      where: {
        appId,
        ...(platform ? { platform } : {}),
        ...(cursor === undefined ? {} : { id: LessThan(fromCursor(cursor, pattern)) }),
      } as FindOptionsWhere<Row>,
      order: { id: 'DESC' } as never,
      take: limit + 1,
    });
    return toPage(
      rows,
      limit,
      ({ id }) => id,
      (row) => this.#view(row),
    );
  }

  /** Deletes an account that nobody ever used; one that others refer to is disabled. */
  async remove({ app }: { app: AppRecord }, id: string, context: RequestContext): Promise<void> {
    const removal = (inUse: boolean) =>
      this.tools.idempotency.once(
        context.idempotency,
        async (tx) => {
          await this.find(app.id, id, tx);
          if (inUse) await this.#write(tx, { appId: app.id, id }, { status: 'disabled' });
          else await tx.delete(this.kind.entity, { appId: app.id, id });
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
      .finally(() => this.opened.forget(app.id, id));
  }

  /** Registers an account; `columns` checks and gives those that only this kind has. */
  protected add(
    app: AppRecord,
    account: Omit<NewAccount, 'id'> & { readonly name: string | undefined; readonly fields: string[] },
    columns: () => Promise<Partial<Row>>,
    context: RequestContext,
  ): Promise<View> {
    const { kind, tools } = this;
    const id = newId(kind.id);
    return tools.idempotency
      .onceAsking(
        context.idempotency,
        async () => {
          await this.#requireNew(app, account);
          return { own: await columns(), ...(await tools.console.complete(kind, app, { ...account, id })) };
        },
        async (tx, { own, ownId, credentials }) => {
          const row = {
            appId: app.id,
            id,
            platform: account.platform,
            [kind.ownId]: ownId,
            name: account.name ?? ownId,
            status: 'active',
            credentials: tools.secrets.seal(kind, app.id, id, credentials),
            ...own,
          };
          await tx.insert(kind.entity, row as QueryDeepPartialEntity<Row>).catch(notInserted(kind, ownId));
          await this.#record(tx, context, app, 'create', id, account.fields);
          return { id, result: this.#view(await this.find(app.id, id, tx)) };
        },
        ({ resourceId }) => this.get(app.id, resourceId),
      )
      .finally(() => this.opened.forget(app.id));
  }

  /** Changes an account; `columns` checks and gives those that only this kind has. */
  protected async change(
    app: AppRecord,
    id: string,
    body: AccountChange,
    columns: (row: Row) => Promise<Partial<Row>>,
    context: RequestContext,
  ): Promise<View> {
    try {
      for (let tries = 1; tries <= TRIES; tries++) {
        const changed = await this.#change(app, id, body, columns, context).catch((error: unknown) => {
          if (!(error instanceof Overtaken)) throw error;
        });
        if (changed) return changed;
      }
    } finally {
      this.opened.forget(app.id, id);
    }
    throw problem('unavailable', 'This account is being changed too often at once. Try again.', { retryAfter: 1 });
  }

  protected async find(appId: string, id: string, tx: Tx = this.tools.db.dataSource.manager): Promise<Row> {
    const row = await tx.findOneBy(this.kind.entity, { appId, id } as FindOptionsWhere<Row>);
    if (!row) throw notFound(this.kind.noun, id);
    return row;
  }

  protected async openedIn(appId: string, mode: AppRecord['mode'], id: string) {
    const found = isId(this.kind.id, id) ? await this.opened.inApp(appId, mode, id) : undefined;
    if (!found) throw notFound(this.kind.noun, id.slice(0, 40));
    return found;
  }

  #change(
    app: AppRecord,
    id: string,
    body: AccountChange,
    columns: (row: Row) => Promise<Partial<Row>>,
    context: RequestContext,
  ): Promise<View> {
    const { name, status, credentials: changes } = body;
    const plain = { ...(name !== undefined && { name }), ...(status !== undefined && { status }) };
    return this.tools.idempotency.onceAsking(
      context.idempotency,
      async () => {
        const row = await this.find(app.id, id);
        const own = await columns(row);
        return {
          own,
          credentials: changes && { before: row.credentials, after: await this.#merged(app, row, changes) },
        };
      },
      async (tx, { own, credentials }) => {
        const where = { appId: app.id, id, ...(credentials && { credentials: credentials.before }) };
        const set = { ...plain, ...own, ...(credentials && { credentials: credentials.after }) };
        await this.#write(tx, where, set);
        await this.#record(tx, context, app, 'update', id, Object.keys(body));
        return { id, result: this.#view(await this.find(app.id, id, tx)) };
      },
      () => this.get(app.id, id),
    );
  }

  /** The sealed credentials of an account after a change, of which the sandbox has been told. */
  async #merged(app: AppRecord, row: Row, changes: CredentialChanges): Promise<string> {
    const { console, secrets } = this.tools;
    const kept = mergeCredentials(secrets.open(this.kind, row), changes);
    return secrets.seal(this.kind, app.id, row.id, await console.change(this.kind, app, row, kept));
  }

  /** Before the sandbox is told anything: it must not push to an account that will not be. */
  async #requireNew(app: AppRecord, { platform, ownId }: Omit<NewAccount, 'id'>): Promise<void> {
    if (ownId === undefined) return;
    const where = { appId: app.id, platform, [this.kind.ownId]: ownId } as FindOptionsWhere<Row>;
    if (await this.tools.db.dataSource.manager.existsBy(this.kind.entity, where)) throw exists(this.kind, ownId);
  }

  async #write(tx: Tx, where: object, set: object): Promise<void> {
    const changes = { ...set, updatedAt: () => 'now()' } as unknown as QueryDeepPartialEntity<Row>;
    const written = tx.update(this.kind.entity, where, changes);
    const { affected } = await written.catch((error: unknown) => {
      throw sqlState(error) === FOREIGN_KEY_VIOLATION ? new Overtaken() : error;
    });
    if (affected !== 1) throw new Overtaken();
  }

  #view(row: Row): View {
    const { console, secrets } = this.tools;
    const { secretFields } = console.describe(this.kind, row.platform);
    const { id, platform, name, status, createdAt, updatedAt } = row;
    return this.toView(row, {
      id,
      platform,
      name,
      status,
      credentials: secrets.shown(secrets.open(this.kind, row), secretFields),
      createdAt: createdAt.toISOString(),
      updatedAt: updatedAt.toISOString(),
    });
  }

  #record(tx: Tx, context: RequestContext, app: AppRecord, verb: string, target: string, fields: string[] = []) {
    return this.tools.audit.record(tx, context, { appId: app.id, action: `${this.kind.noun}.${verb}`, target, fields });
  }
}

const UNIQUE_VIOLATION = '23505';
const FOREIGN_KEY_VIOLATION = '23503';
const sqlState = (error: unknown): unknown => (error as { code?: unknown } | null)?.code;

const exists = ({ noun }: AccountKind, ownId: string) =>
  problem(`${noun}_exists`, `This app has registered ${ownId} already: update that account.`);

const notInserted =
  (kind: AccountKind, ownId: string) =>
  (error: unknown): never => {
    if (sqlState(error) === UNIQUE_VIOLATION) throw exists(kind, ownId);
    if (sqlState(error) === FOREIGN_KEY_VIOLATION) {
      throw problem('unavailable', 'What this account refers to was removed just now. Try again.', { retryAfter: 1 });
    }
    throw error;
  };
