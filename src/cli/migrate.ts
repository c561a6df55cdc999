import { migrate } from '../database/migrate.js';
import { withInstallation } from './installation.js';

export const migrateCommand = ({ revert = false }: { revert?: boolean }): Promise<void> =>
  withInstallation(async ({ databaseUrl, database }) => {
    if (revert) {
      await database.dataSource.undoLastMigration({ transaction: 'each' });
      process.stdout.write('The latest migration is undone.\n');
      return;
    }
    const ran = await migrate(databaseUrl);
    process.stdout.write(ran.length === 0 ? 'The schema is up to date.\n' : `${ran.join('\n')}\n`);
  });
