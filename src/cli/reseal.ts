import type { Sealer, SealedPlace } from '../common/seal.js';
import { type Database, statement } from '../database/database.js';
import { SEALED_COLUMNS, type SealedColumn } from './sealed-columns.js';
import { withInstallation } from './installation.js';

const BATCH = 500;

interface Row {
  [column: string]: unknown;
  sealed: string;
}

/** Seals every secret under the current master key. May be stopped and repeated at any time; the server keeps running. */
export const reseal = (): Promise<void> =>
  withInstallation(async ({ database, sealer }) => {
    for (const column of SEALED_COLUMNS) {
      const count = await resealColumn(database, sealer, column);
      process.stdout.write(`${column.table}.${column.column}: ${count} sealed anew\n`);
    }
  });

async function resealColumn(database: Database, sealer: Sealer, target: SealedColumn): Promise<number> {
  const { table, column, key, place } = target;
  const keys = key.join(', ');
  const read = statement(`
    select ${keys}, ${target.needs.concat(`${column} as sealed`).join(', ')} from ${table}
    where ${column} is not null and ${column} not like $1 || '%'
    limit ${BATCH}`);
  // Only if nobody has written meanwhile: a login may just have sealed a newer value.
  const write = statement(`
    update ${table} set ${column} = $1
    where ${column} = $2 and ${key.map((name, index) => `${name} = $${index + 3}`).join(' and ')}`);
  let count = 0;
  for (;;) {
    const rows = await database.run<Row>(read, [sealer.prefix]);
    if (rows.length === 0) return count;
    for (const row of rows) {
      const where: SealedPlace = place(row as Record<string, string>);
      const fresh = sealer.seal(sealer.open(row.sealed, where), where);
      await database.run(write, [fresh, row.sealed, ...key.map((name) => String(row[name]))]);
    }
    count += rows.length;
  }
}
