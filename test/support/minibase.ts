import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AddressInfo } from 'node:net';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { startSandbox, type RunningSandbox } from '../../sandbox/server.js';
import type { Overrides } from '../../src/app.module.js';
import { Clock } from '../../src/common/clock.js';
import type { Config } from '../../src/config/config.js';
import { Database } from '../../src/database/database.js';
import { createServer, newLogger } from '../../src/server.js';
import { Apps } from '../../src/tenancy/apps.service.js';
import type { HostResolver } from '../../src/webhooks/resolver.js';
import { aPort } from './ports.js';
import { createDatabase, type TestDatabase } from './postgres.js';

/** Protocol time that a test can move. */
export class MovableClock extends Clock {
  #ahead = 0;

  override now(): Date {
    return new Date(Date.now() + this.#ahead);
  }

  advance(by: { seconds?: number; minutes?: number; days?: number }): void {
    const { seconds = 0, minutes = 0, days = 0 } = by;
    this.#ahead += ((days * 24 * 60 + minutes) * 60 + seconds) * 1_000;
  }
}

export interface Minibase {
  /** Where the API listens. */
  readonly url: string;
  readonly sandboxUrl: string;
  readonly operatorToken: string;
  readonly config: Config;
  readonly clock: MovableClock;
  readonly database: Database;
  readonly app: NestFastifyApplication;
  /** After a test has changed rows of apps by itself: what this process remembers of them is read anew. */
  forgetApps(): void;
  /** Another API process on the same database and sandbox, with caches of its own. */
  another(over?: Partial<Config>): Promise<{ url: string; close(): Promise<void> }>;
  close(): Promise<void>;
}

/** A whole Minibase of its own: database from the migrated template, sandbox, API and worker in this process. */
export async function startMinibase(over: Partial<Config> = {}, resolver?: HostResolver): Promise<Minibase> {
  const dataDir = await mkdtemp(join(tmpdir(), 'minibase-'));
  const database = await createDatabase();
  const sandbox = await startSandbox({ host: '127.0.0.1', port: 0, dataDir, logLevel: 'silent' });
  const clock = new MovableClock();
  const port = await aPort();
  const config = testConfig(database, sandbox, dataDir, { publicUrl: `http://127.0.0.1:${port}`, ...over });
  const overrides = { clock, ...(resolver && { resolver }) };
  const first = await listening(config, overrides, port);
  const others: { close(): Promise<void> }[] = [];
  return {
    url: first.url,
    sandboxUrl: sandbox.url,
    operatorToken: config.operatorTokens[0]!,
    config,
    clock,
    database: first.app.get(Database),
    app: first.app,
    forgetApps: () => first.app.get(Apps).forget(),
    another: async (changes = {}) => {
      const other = await listening({ ...config, ...changes }, overrides);
      others.push(other);
      return other;
    },
    close: async () => {
      for (const one of [...others, first]) await one.close();
      await sandbox.close();
      await database.drop();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

/** `port` 0 takes a free one; the first has the one that PUBLIC_URL names, where platforms send their callbacks. */
async function listening(config: Config, overrides: Overrides, port = 0) {
  const app = await createServer(config, newLogger(process.env['TEST_LOG'] ?? 'silent'), overrides);
  await app.listen(port, '127.0.0.1');
  const { port: taken } = app.getHttpServer().address() as AddressInfo;
  return { app, url: `http://127.0.0.1:${taken}`, close: () => app.close() };
}

const testConfig = (
  database: TestDatabase,
  sandbox: RunningSandbox,
  dataDir: string,
  over: Partial<Config>,
): Config => ({
  environment: 'test',
  role: 'all',
  host: '127.0.0.1',
  port: 0,
  publicUrl: 'http://localhost:3000',
  databaseUrl: database.url,
  databasePool: 10,
  queuePool: undefined,
  redisUrl: process.env['TEST_REDIS_URL'],
  dataDir,
  masterKeys: [randomBytes(32)],
  operatorTokens: [`op_${randomBytes(16).toString('hex')}`],
  // Tests say from which address they come, as a proxy does.
  trustedProxies: ['127.0.0.1/32'],
  webhookAllow: ['127.0.0.0/8', '::1/128'],
  eventRetentionDays: 90,
  sandboxUrl: sandbox.url,
  sharedLimits: false,
  logLevel: 'silent',
  ...over,
});
