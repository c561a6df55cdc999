import { StartError } from '../common/start-error.js';
import { newDataSource } from './data-source.js';

/** Any number, the same in every process: whoever migrates holds this advisory lock. */
const MIGRATION_LOCK = 7_308_324_466;

/** Brings the schema up to date, once, whoever else starts at the same moment. Gives the names of what it ran. */
export async function migrate(url: string): Promise<string[]> {
  const dataSource = newDataSource({ url, poolSize: 2, name: 'minibase migrations' });
  await connect(dataSource.initialize());
  const lock = dataSource.createQueryRunner();
  try {
    await lock.query('select pg_advisory_lock($1)', [MIGRATION_LOCK]);
    return (await dataSource.runMigrations()).map(({ name }) => name);
  } finally {
    await lock.query('select pg_advisory_unlock($1)', [MIGRATION_LOCK]);
    await lock.release();
    await dataSource.destroy();
  }
}

async function connect(opening: Promise<unknown>): Promise<void> {
  try {
    await opening;
  } catch (error) {
    throw new StartError(
      `Cannot reach Postgres at DATABASE_URL (${reason(error)}): check the address, the password and that it runs.`,
      { cause: error },
    );
  }
}

/** `ECONNREFUSED`, `28P01`: the code alone, as messages may repeat the connection string. */
const reason = (error: unknown): string =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'no connection';
