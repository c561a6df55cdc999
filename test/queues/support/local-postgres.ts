import { randomBytes } from 'node:crypto';
import { Client } from 'pg';
import { migrate } from '../../../src/database/migrate.js';

export interface TestDatabase { readonly url: string; drop(): Promise<void> }
export async function createDatabase(): Promise<TestDatabase> {
  const admin = new Client('postgres://postgres@127.0.0.1:55432/postgres');
  await admin.connect();
  const name = `t_${randomBytes(6).toString('hex')}`;
  await admin.query(`create database ${name}`);
  const url = `postgres://postgres@127.0.0.1:55432/${name}`;
  await migrate(url);
  return { url, drop: async () => { await admin.query(`drop database ${name} with (force)`); await admin.end(); } };
}
