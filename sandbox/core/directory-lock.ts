import { randomUUID } from 'node:crypto';
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { StartError } from './errors.js';

export type Release = () => Promise<void>;

interface Claim {
  readonly name: string;
  readonly pid: number;
  /** Its process has found no rival: it has the directory. */
  readonly owns: boolean;
}

const FILE_NAME = /^claim\.((\d+)\.(\d*)\.[\w-]+)$/;
const PATIENCE = 200;

/**
 * Makes this the only user of `directory` until it releases it or dies. Throws StartError when another living process
 * has it.
 *
 * Node has no flock. Here everybody puts down a claim first and looks around second: of two, the later one sees the
 * earlier, so never both find themselves alone. When several come at once, the smallest name waits and the others go.
 * A claim says in its name whose it is, and the claims of the dead are swept away.
 */
export async function lockDirectory(directory: string): Promise<Release> {
  const name = `${await identityOf(process.pid)}.${randomUUID()}`;
  const release = async (): Promise<void> => remove(directory, name);
  await writeFile(join(directory, `claim.${name}`), '', { mode: 0o600 });
  try {
    for (let tries = 1; ; tries += 1) {
      const rivals = (await livingClaims(directory)).filter((claim) => claim.name !== name);
      const [rival] = rivals;
      if (!rival) break;
      const stronger =
        rivals.find((claim) => claim.owns || claim.name < name) ?? (tries > PATIENCE ? rival : undefined);
      if (stronger) throw inUse(directory, stronger.pid);
      await wait(10);
    }
    await writeFile(join(directory, `owner.${name}`), '', { mode: 0o600 });
    return release;
  } catch (error) {
    await release();
    throw error;
  }
}

const inUse = (directory: string, pid: number): StartError =>
  new StartError(`${directory} is in use by process ${pid}: stop it, or start with another DATA_DIR`);

async function livingClaims(directory: string): Promise<Claim[]> {
  const files = new Set(await readdir(directory));
  const claims: Claim[] = [];
  for (const file of files) {
    const [, name, pid, started] = FILE_NAME.exec(file) ?? [];
    if (name === undefined) continue;
    if (await lives(Number(pid), `${pid}.${started}`)) {
      claims.push({ name, pid: Number(pid), owns: files.has(`owner.${name}`) });
    } else await remove(directory, name);
  }
  return claims;
}

async function remove(directory: string, name: string): Promise<void> {
  await rm(join(directory, `owner.${name}`), { force: true });
  await rm(join(directory, `claim.${name}`), { force: true });
}

async function lives(pid: number, identity: string): Promise<boolean> {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false;
  }
  return (await identityOf(pid)) === identity;
}

/** A pid alone is not enough: a restarted container gives the same few again. Linux tells when a process began. */
async function identityOf(pid: number): Promise<string> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  const [state, ...afterState] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const started = afterState[18] ?? ''; // field 22 of proc(5), in clock ticks since boot
  return state === 'Z' ? 'dead, but nobody has looked' : `${pid}.${started}`;
}
