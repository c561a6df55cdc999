import { randomBytes } from 'node:crypto';
import pg from 'pg';

export interface TestDatabase {
  readonly url: string;
  /** Ends what is still connected and removes it. */
  drop(): Promise<void>;
}

/** Makes a database of its own for a spec, by default a copy of the migrated one that the global setup left. */
export async function createDatabase(template = set('TEST_DATABASE_TEMPLATE')): Promise<TestDatabase> {
  const name = `test_${randomBytes(6).toString('hex')}`;
  await onServer(`create database ${pg.escapeIdentifier(name)} template ${pg.escapeIdentifier(template)}`);
  return {
    url: urlOf(name),
    drop: () => onServer(`drop database if exists ${pg.escapeIdentifier(name)} with (force)`),
  };
}

function urlOf(database: string): string {
  const url = new URL(set('TEST_DATABASE_URL'));
  url.pathname = `/${database}`;
  return url.href;
}

async function onServer(statement: string): Promise<void> {
  const client = new pg.Client(set('TEST_DATABASE_URL'));
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}

function set(variable: 'TEST_DATABASE_URL' | 'TEST_DATABASE_TEMPLATE'): string {
  const value = process.env[variable];
  if (!value) throw new Error(`${variable} is not set: the global setup in jest.config.cjs does it`);
  return value;
}
