import { Sealer } from '../common/seal.js';
import { readSettings } from '../config/config.js';
import { newDataSource } from '../database/data-source.js';
import { Database } from '../database/database.js';
import { runningEmbeddedUrl } from '../database/embedded/running-url.js';
import { secretsOf } from '../start/secrets.js';

export interface Installation {
  readonly databaseUrl: string;
  readonly database: Database;
  readonly sealer: Sealer;
}

/**
 * Opens the installation that the environment names, for one command. With the embedded database the server must be
 * running, as it owns it. Throws StartError.
 */
export async function withInstallation(work: (installation: Installation) => Promise<void>): Promise<void> {
  const settings = readSettings(process.env);
  const databaseUrl = settings.DATABASE_URL ?? (await runningEmbeddedUrl(settings.DATA_DIR));
  const { masterKeys } = await secretsOf(settings);
  const dataSource = await newDataSource({ url: databaseUrl, poolSize: 2, name: 'minibase cli' }).initialize();
  try {
    const sealer = new Sealer(masterKeys.map((key) => Buffer.from(key, 'base64')));
    await work({ databaseUrl, database: new Database(dataSource), sealer });
  } finally {
    await dataSource.destroy();
  }
}
