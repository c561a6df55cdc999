import { execFile, type ExecFileException } from 'node:child_process';
import { chown, stat } from 'node:fs/promises';
import { StartError } from '../../common/start-error.js';

/** Who runs PostgreSQL. `ids` is empty when this process does it under its own user. */
export interface DatabaseUser {
  readonly name: string;
  readonly ids: { readonly uid?: number; readonly gid?: number };
}

/** A program that ended badly; `stderr` is what it said. */
export class ProgramFailed extends Error {
  constructor(
    readonly stderr: string,
    cause: ExecFileException,
  ) {
    super(cause.message, { cause });
  }
}

/** Accounts that a PostgreSQL of ours may borrow as root. `initdb` accepts no uid without a name. */
const ACCOUNTS = ['postgres', '_postgres', 'nobody', 'daemon'];

/**
 * Chooses the user: PostgreSQL refuses to run as root. An existing data directory decides, as PostgreSQL only opens
 * one of its own user, whatever accounts came to the machine since.
 */
export async function databaseUser(dataDirectory: string): Promise<DatabaseUser> {
  if (process.getuid?.() !== 0) return { name: 'this user', ids: {} };
  const owner = await stat(dataDirectory).catch(() => undefined);
  if (owner && owner.uid !== 0) return { name: `uid ${owner.uid}`, ids: { uid: owner.uid, gid: owner.gid } };
  for (const name of ACCOUNTS) {
    const ids = await idsOf(name);
    if (ids) return { name, ids };
  }
  throw new StartError('PostgreSQL refuses to run as root: add a user named postgres, or set DATABASE_URL.');
}

async function idsOf(name: string): Promise<{ uid: number; gid: number } | undefined> {
  const id = async (flag: string) => Number((await runAs(ROOT, 'id', [flag, name])).trim());
  try {
    return { uid: await id('-u'), gid: await id('-g') };
  } catch (error) {
    if (error instanceof ProgramFailed) return undefined;
    throw error;
  }
}

const ROOT: DatabaseUser = { name: 'root', ids: {} };

/** Makes a file or folder the user's own, if that is another one than this process's. */
export async function give(file: string, { ids }: DatabaseUser): Promise<void> {
  if (ids.uid !== undefined && ids.gid !== undefined) await chown(file, ids.uid, ids.gid);
}

/** True if `user` may enter `directory` and write there; asked of the kernel, which knows ACLs and every parent. */
export async function canUse(user: DatabaseUser, directory: string): Promise<boolean> {
  try {
    await runAs(user, '/bin/sh', ['-c', 'cd "$0" && test -w .', directory]);
    return true;
  } catch (error) {
    if (error instanceof ProgramFailed) return false;
    throw error;
  }
}

/**
 * What a program of PostgreSQL's may inherit. No `PG…` variable changes what we start, no key of ours shows in its
 * environment, its messages are in English, and its working directory is one that every user may enter.
 */
export const surroundings = (user: DatabaseUser) =>
  ({ ...user.ids, cwd: '/', env: { PATH: process.env.PATH ?? '/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' } }) as const;

/** Runs a program to its end as `user`. Gives stdout; throws ProgramFailed. */
export function runAs(user: DatabaseUser, file: string, args: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(file, args, surroundings(user), (error, stdout, stderr) => {
      if (!error) return resolve(stdout);
      // A text code (EPERM, ENOENT) means that the program was not even started.
      const started = typeof error.code !== 'string';
      reject(started ? new ProgramFailed(stderr, error) : new Error(error.message, { cause: error }));
    });
  });
}
