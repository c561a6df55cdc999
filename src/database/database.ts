import { createHash } from 'node:crypto';
import type { Pool, PoolClient, QueryResultRow } from 'pg';
import type { DataSource, EntityManager } from 'typeorm';

/** A transaction, always passed on explicitly; what takes one writes rows and does nothing else (no network, no queue). */
export type Tx = EntityManager;

/** SQL that each connection plans once. `name` follows from the text, so two texts never share a plan. */
export interface Statement {
  readonly name: string;
  readonly text: string;
}

/** Declares a prepared statement; do it once, at module level. */
export const statement = (text: string): Statement => ({
  name: `mb_${createHash('sha256').update(text).digest('base64url').slice(0, 16)}`,
  text,
});

type Value =
  string | number | bigint | boolean | Date | Buffer | null | undefined | readonly (string | number | null)[];

/** The one way to Postgres: TypeORM's transactions and repositories, and prepared statements on the same pool. */
export class Database {
  constructor(readonly dataSource: DataSource) {}

  get pool(): Pool {
    return (this.dataSource.driver as unknown as { master: Pool }).master;
  }

  /**
   * Commits what `work` writes, or nothing of it. Of two transactions that wait for each other Postgres undoes one: that
   * one is done again, so `work` must not count on running once.
   */
  async transaction<T>(work: (tx: Tx) => Promise<T>): Promise<T> {
    for (let tries = 1; ; tries += 1) {
      try {
        return await this.dataSource.transaction(work);
      } catch (error) {
        if (tries === MOST_TRIES || !isDeadlock(error)) throw error;
      }
    }
  }

  /** Runs a prepared statement in one round trip, inside `tx` when given. Gives the rows. */
  async run<Row extends QueryResultRow>(sql: Statement, values: readonly Value[], tx?: Tx): Promise<Row[]> {
    const client = tx ? await clientOf(tx) : this.pool;
    const { rows } = await client.query<Row>({ name: sql.name, text: sql.text, values: values as unknown[] });
    return rows;
  }
}

const MOST_TRIES = 3;
const isDeadlock = (error: unknown): boolean => (error as { code?: unknown } | null)?.code === '40P01';

const clientOf = async (tx: Tx): Promise<PoolClient> => {
  if (!tx.queryRunner?.isTransactionActive) throw new Error('this needs an open transaction');
  return (await tx.queryRunner.connect()) as PoolClient;
};
