import { ENTITIES } from '../../src/app.module.js';
import { newDataSource } from '../../src/database/data-source.js';
import { startMinibase, type Minibase } from '../support/minibase.js';

/** Tables that belong to the installation and hold nothing of any app, or are the apps themselves. */
const OF_NO_APP = ['apps', 'event_relay', 'migrations', 'queue_sweeps', 'rate_limits', 'server_keys'];

interface Key {
  table: string;
  name: string;
  columns: string[];
}

describe('the schema can be sharded by app:', () => {
  let minibase: Minibase;
  beforeAll(async () => {
    minibase = await startMinibase();
  });
  afterAll(() => minibase.close());

  const query = <T>(sql: string) => minibase.database.dataSource.query<T[]>(sql);
  const ofApps = <T extends { table: string }>(rows: T[]) => rows.filter(({ table }) => !OF_NO_APP.includes(table));

  const tables = () =>
    query<{ table: string }>(`
      select c.relname as table from pg_class c join pg_namespace n on n.oid = c.relnamespace
      where n.nspname = 'public' and c.relkind in ('r', 'p') order by 1`);
  /** Primary keys and everything else that is unique: constraints and indexes alike. */
  const uniqueKeys = (primary: boolean) =>
    query<Key>(`
      select t.relname as table, i.relname as name,
        array(select a.attname::text from unnest(x.indkey) with ordinality k(attnum, place)
          join pg_attribute a on a.attrelid = t.oid and a.attnum = k.attnum order by k.place) as columns
      from pg_index x join pg_class t on t.oid = x.indrelid join pg_class i on i.oid = x.indexrelid
        join pg_namespace n on n.oid = t.relnamespace
      where n.nspname = 'public' and x.indisunique and x.indisprimary = ${primary}`);

  test('the list of tables without an app is not longer than it must be', async () => {
    const all = (await tables()).map(({ table }) => table);
    expect(all).toEqual(expect.arrayContaining(OF_NO_APP));
    const withApp = await query<{ table: string }>(`
      select table_name as table from information_schema.columns where table_schema = 'public' and column_name = 'app_id'`);
    expect(withApp.map(({ table }) => table).filter((table) => OF_NO_APP.includes(table))).toEqual([]);
    expect(ofApps(await tables()).length).toBeGreaterThan(8);
  });

  test('every table has a primary key that begins with app_id', async () => {
    const keys = new Map((await uniqueKeys(true)).map(({ table, columns }) => [table, columns]));
    const first = ofApps(await tables()).map(({ table }) => [table, keys.get(table)?.[0]]);
    expect(first).toEqual(first.map(([table]) => [table, 'app_id']));
  });

  test('everything unique is unique within an app', async () => {
    const others = ofApps(await uniqueKeys(false));
    expect(others.length).toBeGreaterThan(4);
    expect(others.filter(({ columns }) => !columns.includes('app_id'))).toEqual([]);
  });

  test('every foreign key stays within the app', async () => {
    const keys = await query<Key & { target: string; targets: string[] }>(`
      select t.relname as table, c.conname as name, f.relname as target,
        array(select attname::text from pg_attribute where attrelid = c.conrelid and attnum = any (c.conkey)) as columns,
        array(select attname::text from pg_attribute where attrelid = c.confrelid and attnum = any (c.confkey)) as targets
      from pg_constraint c join pg_class t on t.oid = c.conrelid join pg_class f on f.oid = c.confrelid
        join pg_namespace n on n.oid = t.relnamespace
      where c.contype = 'f' and n.nspname = 'public'`);
    expect(keys.length).toBeGreaterThan(6);
    const leaving = keys.filter(
      ({ columns, target, targets }) =>
        !columns.includes('app_id') || !(target === 'apps' || targets.includes('app_id')),
    );
    expect(leaving).toEqual([]);
  });

  test('app_id is never absent', async () => {
    const optional = await query(`
      select table_name from information_schema.columns
      where table_schema = 'public' and column_name = 'app_id' and is_nullable = 'YES'`);
    expect(optional).toEqual([]);
  });

  test('there are no triggers and no functions', async () => {
    const triggers = await query(`select tgname from pg_trigger where not tgisinternal`);
    const functions = await query(`
      select proname from pg_proc p join pg_namespace n on n.oid = p.pronamespace where n.nspname = 'public'`);
    expect([triggers, functions]).toEqual([[], []]);
  });
});

describe('the entities', () => {
  let minibase: Minibase;
  beforeAll(async () => {
    minibase = await startMinibase();
  });
  afterAll(() => minibase.close());

  test('are what the migrations made: every column is there, of that type, and as optional', async () => {
    const dataSource = await newDataSource({
      url: minibase.config.databaseUrl,
      poolSize: 1,
      entities: ENTITIES,
    }).initialize();
    const rows = await dataSource.query<
      { table: string; column: string; type: string; nullable: boolean; filled: boolean }[]
    >(`
      select table_name as table, column_name as column, data_type as type, is_nullable = 'YES' as nullable,
        column_default is not null or is_identity = 'YES' as filled
      from information_schema.columns where table_schema = 'public'`);
    const NAMES: Readonly<Record<string, string>> = { timestamptz: 'timestamp with time zone' };
    for (const { tableName, columns, primaryColumns } of dataSource.entityMetadatas) {
      const real = new Map(rows.filter(({ table }) => table === tableName).map((row) => [row.column, row]));
      for (const { databaseName, type, isNullable } of columns) {
        const { type: realType, nullable } = real.get(databaseName) ?? {};
        expect([tableName, databaseName, realType, nullable]).toEqual([
          tableName,
          databaseName,
          NAMES[String(type)] ?? type,
          isNullable,
        ]);
      }
      // What an entity leaves out must fill itself, or no row could be inserted through it.
      const known = new Set(columns.map(({ databaseName }) => databaseName));
      const missing = [...real.values()].filter(
        ({ column, nullable, filled }) => !known.has(column) && !nullable && !filled,
      );
      expect([tableName, missing]).toEqual([tableName, []]);
      if (tableName !== 'apps') expect(primaryColumns.map((one) => one.databaseName)[0]).toBe('app_id');
    }
    expect(dataSource.entityMetadatas.length).toBe(ENTITIES.length);
    await dataSource.destroy();
  });
});
