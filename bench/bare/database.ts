import pg from 'pg';

/** A prepared statement, planned once per connection. */
export interface Statement {
  readonly name: string;
  readonly text: string;
}

/** Runs a prepared statement and gives its rows. */
export type Run = <Row extends pg.QueryResultRow>(statement: Statement, values: unknown[]) => Promise<Row[]>;

export function connect(databaseUrl: string, poolSize: number): Run {
  const pool = new pg.Pool({ connectionString: databaseUrl, max: poolSize, idleTimeoutMillis: 60_000 });
  return async <Row extends pg.QueryResultRow>({ name, text }: Statement, values: unknown[]) =>
    (await pool.query<Row>({ name, text, values })).rows;
}
