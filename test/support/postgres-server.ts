import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../../src/database/embedded/embedded-postgres.js';
import { migrate } from '../../src/database/migrate.js';
import { migrateQueues } from '../../src/queues/postgres-store.js';
import { createDatabase, type TestDatabase } from './postgres.js';

let embedded: { server: EmbeddedPostgres; dataDir: string } | undefined;
let template: TestDatabase | undefined;

/**
 * Starts one server for all specs of a run, unless TEST_DATABASE_URL names one already, and migrates the database that
 * `createDatabase` copies, with that of the queues. The workers inherit both variables.
 */
export async function startTestPostgres(): Promise<void> {
  process.env['TEST_DATABASE_URL'] ??= await startServer();
  template = await createDatabase('template1');
  process.env['TEST_DATABASE_TEMPLATE'] = new URL(template.url).pathname.slice(1);
  await migrate(template.url);
  await migrateQueues(template.url);
}

export async function stopTestPostgres(): Promise<void> {
  await template?.drop();
  if (!embedded) return;
  delete process.env['TEST_DATABASE_URL']; // a next run in this process (`jest --watch`) starts its own
  await embedded.server.stop();
  await rm(embedded.dataDir, { recursive: true, force: true });
  embedded = undefined;
}

async function startServer(): Promise<string> {
  const dataDir = await mkdtemp(path.join(tmpdir(), 'minibase-test-'));
  await chmod(dataDir, 0o711); // run by root, PostgreSQL has another user, who must get in
  const log = (line: { level: string; message: string }): void => {
    if (line.level !== 'info') process.stderr.write(`test database: ${line.message}\n`);
  };
  const server = await startEmbeddedPostgres({ dataDir, disposable: true, log });
  embedded = { server, dataDir };
  return server.url;
}
