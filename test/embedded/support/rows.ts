import { randomUUID } from 'node:crypto';
import pg from 'pg';

/** Runs one statement over a connection of its own. */
export async function query(url: string, text: string, values: unknown[] = []): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 2_000 });
  client.on('error', () => undefined);
  try {
    await client.connect();
    return (await client.query<Record<string, unknown>>(text, values)).rows;
  } finally {
    await client.end();
  }
}

/** Commits a row and gives its mark. */
export async function commitRow(url: string): Promise<string> {
  const mark = randomUUID();
  await query(url, 'create table if not exists marks (mark text primary key)');
  await query(url, 'insert into marks values ($1)', [mark]);
  return mark;
}

export async function hasRow(url: string, mark: string): Promise<boolean> {
  return (await query(url, 'select from marks where mark = $1', [mark])).length === 1;
}
