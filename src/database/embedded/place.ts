import { randomBytes } from 'node:crypto';
import { lstat, mkdir, open, readFile, rename, rm, rmdir, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { StartError } from '../../common/start-error.js';
import { canUse, databaseUser, type DatabaseUser, give } from './database-user.js';
import { syncDirectory, unlessAbsent, unlessPresent } from './files.js';

/** What a data folder remembers about its PostgreSQL, in `postgres.json`, readable by its owner only. */
const Saved = z.object({
  /** Relative to the data folder while it lies inside, so that the folder can be moved. */
  home: z.string().min(1),
  port: z.int().min(1).max(65_535).optional(),
  password: z.string().min(1),
  /** True once the data directory was complete: from then on its absence is a loss, not a first start. */
  created: z.boolean(),
});
export type Saved = z.infer<typeof Saved>;

/** Where things are, and who runs them. */
export interface Place {
  readonly dataDir: string;
  readonly home: string;
  /** PostgreSQL's own data directory. */
  readonly data: string;
  readonly log: string;
  readonly user: DatabaseUser;
  readonly saved: Saved;
}

/** Homes for data folders that PostgreSQL's user cannot enter. They outlive a reboot, unlike /tmp. */
const SHARED_HOMES = ['/var/lib/minibase', '/var/tmp/minibase'];

/** Finds the place of a data folder, or chooses one for a new folder. Throws StartError. */
export async function openPlace(dataDir: string): Promise<Place> {
  const saved = await readSaved(dataDir);
  const home = path.resolve(dataDir, saved?.home ?? 'postgres');
  const data = path.join(home, 'data');
  const user = await databaseUser(data);
  const place = { dataDir, home, data, log: path.join(home, 'postgres.log'), user };

  const exists = await stat(data).then(
    () => true,
    (error: NodeJS.ErrnoException) => error.code !== 'ENOENT',
  );
  if (!exists && saved?.created) throw new StartError(lost(place));
  if (exists && !saved) throw new StartError(keyless(place));
  if (exists && !(await canUse(user, home))) throw new StartError(unreachable(place));
  if (!saved) return newPlace(dataDir, user);
  if (!exists && !(await makeHome(home, user))) throw new StartError(unreachable(place));
  return { ...place, saved };
}

const lost = ({ data, dataDir }: { data: string; dataDir: string }) =>
  `The database in ${data} is gone: bring it back, or delete ${savedIn(dataDir)} to begin with an empty one.`;

const keyless = ({ data, dataDir }: { data: string; dataDir: string }) =>
  `${savedIn(dataDir)} is gone, the password of the database in ${data}: bring it back, or move the database away.`;

const unreachable = ({ home, user }: { home: string; user: DatabaseUser }) =>
  `PostgreSQL runs as ${user.name}, who may not enter ${home} or not write there: let it, or set DATABASE_URL.`;

async function newPlace(dataDir: string, user: DatabaseUser): Promise<Place> {
  const home = await newHome(dataDir, user);
  const inside = path.relative(dataDir, home);
  const saved = {
    home: inside.startsWith('..') ? home : inside,
    password: randomBytes(24).toString('base64url'),
    created: false,
  };
  await save(dataDir, saved);
  return { dataDir, home, data: path.join(home, 'data'), log: path.join(home, 'postgres.log'), user, saved };
}

/** In the data folder if PostgreSQL's user can go there, which it cannot when that lies in a home such as /root. */
async function newHome(dataDir: string, user: DatabaseUser): Promise<string> {
  const inside = path.join(dataDir, 'postgres');
  if (await makeHome(inside, user)) return inside;
  for (const shared of SHARED_HOMES) {
    const home = path.join(shared, randomBytes(8).toString('hex'));
    if (!(await makeShared(shared)) || !(await makeHome(home, user))) continue;
    await writeFile(path.join(home, 'README'), `The database of ${dataDir}. Of no use without it.\n`, { flag: 'wx' });
    return home;
  }
  throw new StartError(unreachable({ home: dataDir, user }));
}

async function makeHome(home: string, user: DatabaseUser): Promise<boolean> {
  await mkdir(home, { mode: 0o700 }).catch(unlessPresent);
  await give(home, user);
  if (await canUse(user, home)) return true;
  await rmdir(home).catch(() => undefined); // not ours to clear if something is in it
  return false;
}

/** False if the folder cannot be had, or somebody else could swap what root puts there. */
async function makeShared(folder: string): Promise<boolean> {
  try {
    await mkdir(folder, { recursive: true, mode: 0o755 });
    const found = await lstat(folder);
    return found.isDirectory() && found.uid === 0 && (found.mode & 0o022) === 0;
  } catch {
    return false;
  }
}

const savedIn = (dataDir: string) => path.join(dataDir, 'postgres.json');

/** What `postgres.json` says; undefined before the first start. Throws StartError if it is damaged. */
export async function readSaved(dataDir: string): Promise<Saved | undefined> {
  const text = await readFile(savedIn(dataDir), 'utf8').catch(unlessAbsent);
  if (text === undefined) return undefined;
  try {
    return Saved.parse(JSON.parse(text));
  } catch (cause) {
    throw new StartError(`${savedIn(dataDir)} is damaged: bring it back from a backup.`, { cause });
  }
}

/** Replaces `postgres.json` as a whole, durably: half a file would lock us out of the database. */
export async function save(dataDir: string, saved: Saved): Promise<void> {
  const fresh = `${savedIn(dataDir)}.new`;
  await rm(fresh, { force: true });
  const file = await open(fresh, 'wx', 0o600);
  try {
    await file.writeFile(`${JSON.stringify(saved, null, 2)}\n`);
    // Root may start a folder of somebody else's once, who must be able to start it again.
    const { uid, gid } = await stat(dataDir);
    if (process.getuid?.() === 0) await file.chown(uid, gid);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(fresh, savedIn(dataDir));
  await syncDirectory(dataDir);
}
