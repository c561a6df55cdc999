import {
  LATEST_SCHEMA_VERSION,
  SchemaMigrationRequiredError,
  assertSchemaCompatibility,
  createPostgresBackend,
  runMigrations,
  type BackendFactory,
  type IQueueBackend,
  type PgPool,
} from 'bullmq';
import { Client, DatabaseError, Pool } from 'pg';
import { StartError } from '../common/start-error.js';
import { SPARE } from './connections.js';
import { describe } from './log.js';
import type { QueueStore, StoreConnection } from './store.js';
import { within } from './within.js';

const LEAST_SPARE = 2;
/** insufficient_privilege, read_only_sql_transaction */
const NOT_ALLOWED: readonly unknown[] = ['42501', '25006'];
const MAY_NOT_CREATE =
  'DATABASE_URL may not create the schema bullmq, where the queues live: let its user create it, or set REDIS_URL.';

/**
 * Brings BullMQ's own schema, `bullmq`, up to date: safe for any number of processes at once, as it runs in one
 * transaction under an advisory lock. Reads only when there is nothing to do. Throws StartError where it may not create.
 */
export async function migrateQueues(databaseUrl: string): Promise<void> {
  const client = new Client({ connectionString: databaseUrl, connectionTimeoutMillis: 10_000 });
  await client.connect();
  try {
    if ((await versionOf(client)) < LATEST_SCHEMA_VERSION) await runMigrations(client);
  } catch (error) {
    if (error instanceof DatabaseError && NOT_ALLOWED.includes(error.code)) throw new StartError(MAY_NOT_CREATE);
    throw error;
  } finally {
    await client.end();
  }
}

async function versionOf(client: Client): Promise<number> {
  try {
    return await assertSchemaCompatibility(client);
  } catch (error) {
    if (error instanceof SchemaMigrationRequiredError) return 0;
    throw error;
  }
}

export interface PostgresStoreOptions {
  readonly workers: number;
  readonly size?: number | undefined;
  readonly warn: (line: string) => void;
}

/**
 * BullMQ on Postgres. Connections per process: at most `size`, workers + 6 unless QUEUE_POOL says otherwise; each worker
 * holds one of them for good (LISTEN), so a pool that is not larger than its workers would hang.
 * LISTEN needs sessions: not through PgBouncer in transaction mode.
 */
export class PostgresStore implements QueueStore {
  readonly connection: Pool;
  readonly backend: BackendFactory<IQueueBackend, StoreConnection>;

  /** Connects with the first query. Throws StartError when `size` (QUEUE_POOL) is too small for the workers. */
  constructor(
    private readonly databaseUrl: string,
    { workers, size = workers + SPARE, warn }: PostgresStoreOptions,
  ) {
    if (size < workers + LEAST_SPARE) {
      throw new StartError(
        `QUEUE_POOL is ${size}, but ${workers} workers need at least ${workers + LEAST_SPARE}: raise it or leave it out.`,
      );
    }
    this.connection = new Pool({
      ...withSearchPath(databaseUrl),
      max: size,
      application_name: 'minibase queues',
      connectionTimeoutMillis: 5_000,
      // Every statement of a queue is short; a server that no longer answers must not hold a worker for ever.
      query_timeout: 10_000,
      idleTimeoutMillis: 60_000,
      keepAlive: true,
    });
    this.connection.setMaxListeners(0); // Each queue and worker listens on it.
    this.connection.on('error', (error) => warn(`queues: ${describe(error)}`));
    // BullMQ takes a pool by what it can do; its type for one is narrower than pg's.
    const connection = this.connection as unknown as PgPool;
    this.backend = (queue, options, extra) => createPostgresBackend(queue, { ...options, connection }, extra);
  }

  /** The schema is the namespace. */
  prefix(kind: string): string {
    return kind;
  }

  open(): Promise<void> {
    return migrateQueues(this.databaseUrl);
  }

  /** All the way: BullMQ does not open a queue again that failed to open. */
  async ready(opening: Promise<unknown>): Promise<void> {
    await opening;
  }

  async ping(): Promise<void> {
    await this.connection.query('select 1');
  }

  async close(): Promise<void> {
    await within(2_000, this.connection.end(), () => undefined);
  }
}

/** With a pool of ours BullMQ leaves the search path to us; its schema is then always `bullmq`. */
function withSearchPath(databaseUrl: string): { connectionString: string; options: string } {
  const url = new URL(databaseUrl);
  const given = url.searchParams.get('options');
  url.searchParams.delete('options'); // Those in the URL would win over ours.
  return { connectionString: url.toString(), options: `${given ? `${given} ` : ''}-c search_path=bullmq` };
}
