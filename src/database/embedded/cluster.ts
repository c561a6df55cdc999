import { randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { StartError } from '../../common/start-error.js';
import type { Binaries } from './binaries.js';
import { give, runAs } from './database-user.js';
import { syncDirectory, unlessAbsent } from './files.js';
import type { Place } from './place.js';

/** The role that owns the server; the application gets a lesser one. */
export const SUPERUSER = 'postgres';

/** Settings that a person may change later in `postgresql.conf`; those that we need are arguments of each start. */
const INITIAL_SETTINGS = [
  'shared_buffers=128MB', // small machines; the system's cache does the rest
  'max_parallel_workers_per_gather=0', // short queries; and containers have 64 MB of /dev/shm, too little for workers
];

/** Creates the data directory unless it exists, whole or not at all. Throws StartError if another major version made it. */
export async function ensureCluster({ initdb, major }: Binaries, place: Place, sync: boolean): Promise<void> {
  const found = await majorVersionOf(place.data);
  if (found === undefined) return create(initdb, place, sync);
  if (found !== major) {
    throw new StartError(
      `The database in ${place.data} was made by PostgreSQL ${found}, this is ${major}: ` +
        'dump it with the Minibase that made it (pg_dump), or set DATABASE_URL to a server of that version.',
    );
  }
}

async function majorVersionOf(data: string): Promise<string | undefined> {
  const text = await readFile(path.join(data, 'PG_VERSION'), 'utf8').catch(unlessAbsent);
  return text?.trim();
}

/**
 * Under another name first: a start that is killed half-way leaves nothing that looks like a database. A name of its
 * own, as the `initdb` of such a start may live on for a moment.
 */
async function create(initdb: string, { home, data, user, saved }: Place, sync: boolean): Promise<void> {
  const leftovers = (await readdir(home)).filter((name) => name.startsWith('new-'));
  const clean = (name: string) => rm(path.join(home, name), { recursive: true, force: true }).catch(() => undefined);
  await Promise.all(leftovers.map(clean)); // what cannot be removed while its maker writes is for the next time

  const fresh = path.join(home, `new-${randomBytes(4).toString('hex')}`);
  await mkdir(fresh, { mode: 0o700 });
  const passwordFile = path.join(fresh, 'password');
  await writeFile(passwordFile, `${saved.password}\n`, { mode: 0o600, flag: 'wx' });
  for (const made of [fresh, passwordFile]) await give(made, user);
  await runAs(user, initdb, [
    ...['-D', path.join(fresh, 'data'), '-U', SUPERUSER, `--pwfile=${passwordFile}`, '--auth=scram-sha-256'],
    // PostgreSQL's own C.UTF-8 sorts alike on every machine and after every upgrade of the system's C library.
    ...['--encoding=UTF8', '--locale-provider=builtin', '--builtin-locale=C.UTF-8', '--no-locale'],
    ...INITIAL_SETTINGS.flatMap((setting) => ['--set', setting]),
    ...(sync ? [] : ['--no-sync']), // measured: syncing costs 0.1 s of 0.75 s, and only the first start pays it
  ]);
  await rename(path.join(fresh, 'data'), data);
  await clean(path.basename(fresh));
  await syncDirectory(home);
}
