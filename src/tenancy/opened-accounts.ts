import { isDeepStrictEqual } from 'node:util';
import { LRUCache } from 'lru-cache';
import type { FindOptionsWhere } from 'typeorm';
import type { Database } from '../database/database.js';
import type { AccountRow } from './account.entity.js';
import type { AppRecord } from './caller.js';
import { Directory } from './directory.js';

/** A row and the account that it is for its platform, secrets opened. */
export interface OpenedAccount<Row, Account> {
  readonly row: Row;
  readonly account: Account;
}

type Mode = AppRecord['mode'];

/**
 * Accounts as the platforms need them, cached: logins, payments and callbacks ask for them without a query. However
 * often a row is read, while it is unchanged its account stays the same object, so that a platform parses keys once.
 */
export class OpenedAccounts<Row extends AccountRow, Account> {
  readonly #active = new Directory<readonly OpenedAccount<Row, Account>[]>();
  readonly #byId = new Directory<OpenedAccount<Row, Account>>();
  readonly #latest = new LRUCache<string, OpenedAccount<Row, Account>>({ max: 10_000 });

  constructor(
    private readonly db: Database,
    private readonly entity: new () => Row,
    private readonly open: (row: Row, mode: Mode) => Account,
  ) {}

  /** The active accounts of an app. */
  async active({ id: appId, mode }: AppRecord): Promise<readonly OpenedAccount<Row, Account>[]> {
    const read = async () => {
      const where = { appId, status: 'active' } as FindOptionsWhere<Row>;
      return (await this.db.dataSource.manager.findBy(this.entity, where)).map((row) => this.opened(row, mode));
    };
    return (await this.#active.get(appId, read)) ?? [];
  }

  /** Of any status. */
  inApp(appId: string, mode: Mode, id: string): Promise<OpenedAccount<Row, Account> | undefined> {
    return this.#byId.get(`${appId}/${id}`, () => this.#read({ appId, id }, async () => mode));
  }

  /** Of any status and app, by id alone. */
  anywhere(id: string, modeOf: (appId: string) => Promise<Mode>): Promise<OpenedAccount<Row, Account> | undefined> {
    return this.#byId.get(id, () => this.#read({ id }, modeOf));
  }

  /** The account of a row that was just read. */
  opened(row: Row, mode: Mode): OpenedAccount<Row, Account> {
    const latest = this.#latest.get(row.id);
    if (latest && isDeepStrictEqual(latest.row, row)) return latest;
    const opened = { row, account: this.open(row, mode) };
    this.#latest.set(row.id, opened);
    return opened;
  }

  /** After a change here: the next one who asks reads. */
  forget(appId: string, id?: string): void {
    this.#active.forget(appId);
    if (id === undefined) return;
    this.#byId.forget(id);
    this.#byId.forget(`${appId}/${id}`);
  }

  async #read(where: { appId?: string; id: string }, modeOf: (appId: string) => Promise<Mode>) {
    const row = await this.db.dataSource.manager.findOneBy(this.entity, where as FindOptionsWhere<Row>);
    return row ? this.opened(row, await modeOf(row.appId)) : undefined;
  }
}
