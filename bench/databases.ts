import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';

export interface PostgresFacts {
  readonly version: string;
  readonly fsync: string;
  readonly synchronousCommit: string;
  /** Where our server counts its limits: with neither REDIS_URL nor DATABASE_URL no other process can share them. */
  readonly limits: 'memory' | 'Postgres' | 'Redis';
}

/** The embedded Postgres as the server has left it described in its data folder. */
export async function embeddedUrl(dataDir: string): Promise<string> {
  const { port, password } = JSON.parse(await readFile(join(dataDir, 'postgres.json'), 'utf8')) as {
    port: number;
    password: string;
  };
  return `postgres://minibase:${password}@127.0.0.1:${port}/minibase`;
}

/**
 * Makes an empty database on the server of `url`. Gives what drops it again, once its clients have left: not `with
 * (force)`, which is refused to a role that is no superuser while autovacuum works there. Without it autovacuum yields.
 */
export async function freshDatabase(url: string, name: string): Promise<() => Promise<void>> {
  const drop = `drop database if exists ${name}`;
  await runOn(url, drop);
  await runOn(url, `create database ${name}`);
  return () => runOn(url, drop);
}

export async function runOn(url: string, sql: string): Promise<void> {
  await rowsOn(url, sql);
}

export async function connectTo(url: string): Promise<pg.Client> {
  const client = new pg.Client(url);
  await client.connect();
  return client;
}

export async function rowsOn<Row extends pg.QueryResultRow>(
  url: string,
  sql: string,
  values?: readonly unknown[],
): Promise<Row[]> {
  const client = await connectTo(url);
  try {
    return (await client.query<Row>(sql, values && [...values])).rows;
  } finally {
    await client.end();
  }
}

export async function factsOf(url: string, external: boolean): Promise<PostgresFacts> {
  const client = await connectTo(url);
  const show = async (setting: string): Promise<string> => {
    const { rows } = await client.query<{ value: string }>('select current_setting($1) as value', [setting]);
    return rows[0]!.value;
  };
  try {
    return {
      version: await show('server_version'),
      fsync: await show('fsync'),
      synchronousCommit: await show('synchronous_commit'),
      limits: process.env['REDIS_URL'] ? 'Redis' : external ? 'Postgres' : 'memory',
    };
  } finally {
    await client.end();
  }
}

/** The same server's other database. */
export function urlOf(url: string, database: string): string {
  const changed = new URL(url);
  changed.pathname = `/${database}`;
  return changed.href;
}
