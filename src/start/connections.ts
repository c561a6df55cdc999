import { StartError } from '../common/start-error.js';
import type { Config } from '../config/config.js';
import { newDataSource } from '../database/data-source.js';
import { queueConnections } from '../queues/connections.js';

/** Refuses a start whose processes could together ask for more connections than the database gives. */
export async function checkConnections(config: Config, processes: number): Promise<void> {
  const needed = processes * (config.databasePool + queueConnections(config));
  const dataSource = await newDataSource({ url: config.databaseUrl, poolSize: 1 }).initialize();
  try {
    const [row] = await dataSource.query<{ free: number }[]>(
      `select current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int as free`,
    );
    if (row && needed > row.free) {
      throw new StartError(
        `${processes} processes may open ${needed} connections, and Postgres gives ${row.free}: lower DATABASE_POOL, QUEUE_POOL or WEB_CONCURRENCY, or raise max_connections.`,
      );
    }
  } finally {
    await dataSource.destroy();
  }
}
