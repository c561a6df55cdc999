import path from 'node:path';
import { StartError } from '../../common/start-error.js';
import { answers, applicationUrl } from './application-database.js';
import { readSaved } from './place.js';

/** The URL of the PostgreSQL that another process runs for a data folder. Throws StartError if none does. */
export async function runningEmbeddedUrl(dataDir: string): Promise<string> {
  const saved = await readSaved(path.resolve(dataDir));
  if (saved?.port !== undefined) {
    const url = applicationUrl({ port: saved.port, password: saved.password });
    if (await answers(url)) return url;
  }
  throw new StartError(`No Minibase runs on ${dataDir}: start it first, or set DATABASE_URL.`);
}
