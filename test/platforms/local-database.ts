import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { newDataSource } from '../../src/database/data-source.js';
import { Database } from '../../src/database/database.js';
import { migrate } from '../../src/database/migrate.js';
import { PlatformTokens1700000002000 } from '../../src/database/migrations/1700000002000-platform-tokens.js';

const ADMIN = 'postgres://postgres@127.0.0.1:54999/postgres';

export async function createTestDatabase() {
  const name = `t_${randomBytes(6).toString('hex')}`;
  const admin = new pg.Client(ADMIN);
  await admin.connect();
  await admin.query(`create database ${name}`);
  const url = `postgres://postgres@127.0.0.1:54999/${name}`;
  await migrate(url);
  const open: Database[] = [];
  const connect = async () => {
    const db = new Database(await newDataSource({ url, poolSize: 10 }).initialize());
    open.push(db);
    return db;
  };
  const db = await connect();
  const [{ exists }] = await db.dataSource.query(`select to_regclass('platform_tokens') is not null as exists`);
  if (!exists) await new PlatformTokens1700000002000().up(db.dataSource.createQueryRunner());
  return {
    url,
    db,
    connect,
    async drop() {
      for (const one of open) await one.dataSource.destroy();
      await admin.query(`drop database ${name}`);
      await admin.end();
    },
  };
}
