import { jest } from '@jest/globals';
import pg from 'pg';
import { newDataSource } from '../../src/database/data-source.js';
import { migrate } from '../../src/database/migrate.js';
import { MIGRATIONS } from '../../src/database/migrations/index.js';
import { createDatabase, type TestDatabase } from '../support/postgres.js';

const NAMES = MIGRATIONS.map(({ name }) => name);

/** Everything that makes up the schema, as text that two databases can be compared by. */
async function schemaOf(url: string): Promise<string[]> {
  const client = new pg.Client(url);
  await client.connect();
  try {
    const { rows } = await client.query<{ line: string }>(`
      select format('%s.%s %s %s %s', table_name, column_name, data_type, is_nullable, column_default) as line
        from information_schema.columns where table_schema = 'public'
      union all select indexdef from pg_indexes where schemaname = 'public'
      union all select format('%s %s', conrelid::regclass, pg_get_constraintdef(oid)) from pg_constraint
        where connamespace = 'public'::regnamespace
      order by 1`);
    return rows.map(({ line }) => line);
  } finally {
    await client.end();
  }
}

describe('migrations', () => {
  let database: TestDatabase;
  beforeEach(async () => {
    database = await createDatabase('template1');
  });
  afterEach(() => database.drop());

  test('run in the order of their names, which is that of their times', () => {
    expect(NAMES).toEqual([...NAMES].sort((a, b) => Number(/\d{13}$/.exec(a)) - Number(/\d{13}$/.exec(b))));
    expect(NAMES.every((name) => /^[A-Z][A-Za-z]+\d{13}$/.test(name))).toBe(true);
  });

  test('run once: a second time there is nothing to do', async () => {
    expect(await migrate(database.url)).toEqual(NAMES);
    const schema = await schemaOf(database.url);
    expect(await migrate(database.url)).toEqual([]);
    expect(await schemaOf(database.url)).toEqual(schema);
  });

  test('of several processes at once run in one of them, and all wait for it', async () => {
    const ran = await Promise.all(Array.from({ length: 5 }, () => migrate(database.url)));
    expect(ran.filter((names) => names.length > 0)).toEqual([NAMES]);
    expect((await schemaOf(database.url)).length).toBeGreaterThan(50);
  });

  test('can all be undone, step by step, and done again, and nothing of them is left behind', async () => {
    const empty = await schemaOf(database.url);
    await migrate(database.url);
    const schema = await schemaOf(database.url);
    const dataSource = await newDataSource({ url: database.url, poolSize: 1 }).initialize();
    for (let step = 0; step < NAMES.length; step++) await dataSource.undoLastMigration({ transaction: 'each' });
    await dataSource.query('drop table migrations');
    await dataSource.destroy();
    expect(await schemaOf(database.url)).toEqual(empty);
    expect(await migrate(database.url)).toEqual(NAMES);
    expect(await schemaOf(database.url)).toEqual(schema);
  });

  test('that fail leave nothing of themselves, and run whole the next time', async () => {
    const client = new pg.Client(database.url);
    await client.connect();
    const said = jest.spyOn(console, 'log').mockReturnValue(); // TypeORM reports there, whatever its settings
    // In the way of a later migration: its table is there already.
    await client.query('create table users (id int)');
    await expect(migrate(database.url)).rejects.toThrow(/users/);
    const { rows } = await client.query<{ there: boolean }>(`select to_regclass('identities') is not null as there`);
    expect(rows[0]!.there).toBe(false);
    said.mockRestore();
    await client.query('drop table users');
    await client.end();
    const remaining = await migrate(database.url);
    expect(remaining).toEqual(NAMES.slice(NAMES.length - remaining.length));
    expect(remaining.some((name) => name.startsWith('Users'))).toBe(true);
  });
});
