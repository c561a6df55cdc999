import { randomBytes, randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startSandbox, type RunningSandbox } from '../../sandbox/server.js';
import { SystemClock } from '../../src/common/clock.js';
import { Sealer } from '../../src/common/seal.js';
import { newDataSource } from '../../src/database/data-source.js';
import { Database } from '../../src/database/database.js';
import { AccessTokens } from '../../src/platforms/access-tokens.js';
import { PlatformError } from '../../src/platforms/errors.js';
import type { PlatformAccount, PlatformCode } from '../../src/platforms/platform.js';
import { TokenRows } from '../../src/platforms/token-rows.js';
import { UndiciHttp } from '../../src/platforms/undici-http.js';
import { createDatabase, type TestDatabase } from '../support/postgres.js';

/** How the next calls of an account go wrong. */
export interface Fault {
  readonly kind: 'busy' | 'code' | 'status_500' | 'garbage' | 'timeout_before' | 'timeout_after';
  readonly code?: string | number;
  /** Only calls to this path. */
  readonly path?: string;
  readonly times?: number;
}

/** What platform folders stand on, all of it real: sandbox, HTTP, Postgres. */
export class Bench {
  readonly clock = new SystemClock();
  readonly http: UndiciHttp;
  /** Gives up soon, so that a test of silence does not take long. */
  readonly impatientHttp: UndiciHttp;
  readonly #sealer = new Sealer([randomBytes(32)]);

  private constructor(
    private readonly sandbox: RunningSandbox,
    private readonly database: TestDatabase,
    private readonly db: Database,
    private readonly dataDir: string,
  ) {
    this.http = new UndiciHttp({ sandboxUrl: sandbox.url });
    this.impatientHttp = new UndiciHttp({ sandboxUrl: sandbox.url, timeout: 300 });
  }

  static async start(): Promise<Bench> {
    const dataDir = await mkdtemp(join(tmpdir(), 'minibase-'));
    const [sandbox, database] = await Promise.all([
      startSandbox({ host: '127.0.0.1', port: 0, dataDir, logLevel: 'silent' }),
      createDatabase(),
    ]);
    const db = new Database(await newDataSource({ url: database.url, poolSize: 5 }).initialize());
    return new Bench(sandbox, database, db, dataDir);
  }

  async stop(): Promise<void> {
    await Promise.all([this.http.close(), this.impatientHttp.close()]);
    await this.sandbox.close();
    await this.db.dataSource.destroy();
    await this.database.drop();
    await rm(this.dataDir, { recursive: true, force: true });
  }

  /** The tokens as one process has them. */
  newTokens(): AccessTokens {
    return new AccessTokens(new TokenRows(this.db, this.#sealer), this.clock);
  }

  /** A new mini-program, with credentials that the platform made up where none are given. */
  async account(platform: PlatformCode, credentials: object = {}): Promise<PlatformAccount> {
    const shown = await this.act<{ platformAppId: string; credentials: object }>('accounts', {
      platform,
      kind: 'program',
      credentials,
    });
    const account: PlatformAccount = {
      appId: `app_${randomUUID()}`,
      id: `pac_${randomUUID()}`,
      platform,
      platformAppId: shown.platformAppId,
      mode: 'test',
      credentials: shown.credentials,
    };
    const { dataSource } = this.db;
    await dataSource.query(`insert into apps (id, name, mode) values ($1, 'test', 'test')`, [account.appId]);
    await dataSource.query(
      `insert into platform_accounts (app_id, id, platform, platform_app_id, name, status, credentials)
       values ($1, $2, $3, $4, 'test', 'active', '')`,
      [account.appId, account.id, platform, account.platformAppId],
    );
    return account;
  }

  /** What a person does with a phone: `login`, `phone`, `profile`; or a tester: `expire`. */
  person<T>(action: string, { platform, platformAppId }: PlatformAccount, over: object): Promise<T> {
    return this.act<T>(action, { platform, platformAppId, ...over });
  }

  async fault({ platform, platformAppId }: PlatformAccount, { path, code, ...fault }: Fault): Promise<void> {
    await this.act('faults', {
      match: { platform, platformAppId, ...(path === undefined ? {} : { path }) },
      ...(code === undefined ? {} : { code: String(code) }),
      ...fault,
    });
  }

  async noFaults(): Promise<void> {
    await fetch(`${this.sandbox.url}/_/faults`, { method: 'DELETE' });
  }

  /** How many calls reached that path of the platform for an account. */
  async callsTo({ platform, platformAppId }: PlatformAccount, path: string): Promise<number> {
    const query = new URLSearchParams({ platform, platformAppId, path });
    const answer = await fetch(`${this.sandbox.url}/_/calls?${query.toString()}`);
    return ((await answer.json()) as { total: number }).total;
  }

  /** What the sandbox shows under that path of its own surface. */
  get(path: string): Promise<Response> {
    return fetch(`${this.sandbox.url}/_/${path}`);
  }

  /** A request to the sandbox's own surface. */
  post(action: string, body: object): Promise<Response> {
    return fetch(`${this.sandbox.url}/_/${action}`, { method: 'POST', body: JSON.stringify(body) });
  }

  /** The same, and fails unless it succeeds. */
  async act<T>(action: string, body: object): Promise<T> {
    const answer = await this.post(action, body);
    if (!answer.ok) throw new Error(`${action}: ${await answer.text()}`);
    return (await answer.json()) as T;
  }
}

/** The problem that a call ends in. */
export async function problemOf(calling: Promise<unknown>): Promise<PlatformError> {
  const error = await calling.then(
    () => new Error('the call succeeded'),
    (reason: unknown) => reason,
  );
  if (error instanceof PlatformError) return error;
  throw error;
}
