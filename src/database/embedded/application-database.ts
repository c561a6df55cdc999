import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { StartError } from '../../common/start-error.js';
import { SUPERUSER } from './cluster.js';

/** The application's role and its database. Not the superuser: an injected statement must not reach the machine. */
const NAME = 'minibase';
const SHORTEST_PAUSE_MS = 20;
const LONGEST_PAUSE_MS = 500;

export interface Access {
  readonly port: number;
  readonly password: string;
}

/** What the application connects to. */
export const applicationUrl = ({ port, password }: Access): string =>
  `postgres://${NAME}:${password}@127.0.0.1:${port}/${NAME}`;

/** True if a database lets us in at this URL now. */
export async function answers(url: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5_000 });
  client.on('error', () => undefined);
  try {
    await client.connect();
    await client.end();
    return true;
  } catch {
    return false;
  }
}

/** Connects as soon as the server lets us: it may have to recover first. Gives nothing if `gaveUp` says so before. */
export async function connectWhenReady(access: Access, gaveUp: () => boolean): Promise<pg.Client | undefined> {
  for (let pause = SHORTEST_PAUSE_MS; !gaveUp(); pause = Math.min(pause * 1.3, LONGEST_PAUSE_MS)) {
    const client = new pg.Client({
      ...{ host: '127.0.0.1', port: access.port, user: SUPERUSER, password: access.password, database: SUPERUSER },
      ...{ application_name: 'minibase owner', connectionTimeoutMillis: 5_000 },
    });
    client.on('error', () => undefined); // it dies with the server, whose end we see ourselves
    try {
      await client.connect();
      return client;
    } catch (error) {
      if (isRefusal(error)) throw new StartError('The password in postgres.json is not the one of its database.');
    }
    await delay(pause);
  }
  return undefined;
}

/** SQLSTATE class 28: this login is wrong and stays wrong. Everything else passes when the server is up. */
const isRefusal = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' && error.code.startsWith('28');

/**
 * Creates the application's role and database if a start did not get that far before. The role may create databases,
 * so that a copy for a trial needs no superuser.
 */
export async function ensureDatabase(client: pg.Client, { password }: Access): Promise<void> {
  const role = await client.query('select from pg_roles where rolname = $1', [NAME]);
  if (role.rowCount === 0) {
    await client.query(`create role ${NAME} login createdb password ${client.escapeLiteral(password)}`);
  }
  const database = await client.query('select from pg_database where datname = $1', [NAME]);
  if (database.rowCount === 0) await client.query(`create database ${NAME} owner ${NAME}`);
}
