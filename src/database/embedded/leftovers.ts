import { execFile } from 'node:child_process';
import { readdir, readFile, readlink, realpath, rm } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { Binaries } from './binaries.js';
import { ProgramFailed, runAs } from './database-user.js';
import { unlessAbsent } from './files.js';
import type { Log } from './log.js';
import type { Place } from './place.js';

const FAST_STOP_SECONDS = 30;
const KILL_MS = 10_000;

/**
 * Makes a start possible after whatever happened before: stops a server whose owner died (its guard may be doing so at
 * this moment), ends the children of a server that was killed, and removes the lock file of a dead one.
 *
 * PostgreSQL's own check of the lock file asks only whether some process has that pid, as after the restart of a
 * container one usually has; and it waits for the children of a killed server, who notice it only between queries.
 */
export async function clearTheWay({ pgCtl }: Binaries, { data, user }: Place, log: Log): Promise<void> {
  const lockFile = path.join(data, 'postmaster.pid');
  const pid = await postmasterPid(lockFile);
  if (pid === undefined) return;
  if ((await serversOf(data)).includes(pid)) {
    log({ level: 'warn', message: `a PostgreSQL (pid ${pid}) runs without its owner: stopping it` });
    const stop = ['stop', '-D', data, '-m', 'fast', '-t', String(FAST_STOP_SECONDS)];
    await runAs(user, pgCtl, stop).catch((error: unknown) => {
      // It may be gone already, or it hangs: both are seen, and seen to, below.
      if (!(error instanceof ProgramFailed)) throw error;
    });
  }
  await endServers(data);
  await rm(lockFile, { force: true });
}

async function postmasterPid(lockFile: string): Promise<number | undefined> {
  const text = await readFile(lockFile, 'utf8').catch(unlessAbsent);
  return text === undefined ? undefined : Number.parseInt(text, 10); // the first line
}

/** Kills what is left, as a crash would have; the next start recovers from the log. */
async function endServers(data: string): Promise<void> {
  for (const giveUp = Date.now() + KILL_MS; ; await delay(20)) {
    const pids = await serversOf(data);
    if (pids.length === 0) return;
    if (Date.now() > giveUp) throw new Error(`processes ${pids.join(', ')} use ${data} and cannot be ended`);
    for (const pid of pids) kill(pid);
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** The living `postgres` processes of a data directory, which all work in it; a pid alone may be anybody's. */
async function serversOf(data: string): Promise<number[]> {
  const directory = await realpath(data);
  return process.platform === 'linux' ? fromProc(directory) : fromLsof(directory);
}

async function fromProc(directory: string): Promise<number[]> {
  const pids = (await readdir('/proc')).map(Number).filter(Number.isInteger);
  const ours = await Promise.all(
    pids.map(async (pid) => {
      try {
        const command = await readFile(`/proc/${pid}/comm`, 'utf8');
        return command.trim() === 'postgres' && (await readlink(`/proc/${pid}/cwd`)) === directory;
      } catch {
        return false; // it ended, or it is another user's and so not ours
      }
    }),
  );
  return pids.filter((_, index) => ours[index]);
}

async function fromLsof(directory: string): Promise<number[]> {
  // One line per field: p<pid>, fcwd, n<path>. It exits with 1 when it finds none.
  const list = promisify(execFile)('lsof', ['-a', '-c', 'postgres', '-d', 'cwd', '-F', 'pn']);
  const { stdout } = await list.catch((error: { code?: unknown; stdout?: string }) => {
    if (error.code === 1) return { stdout: error.stdout ?? '' };
    throw error;
  });
  const pids: number[] = [];
  let pid = 0;
  for (const line of stdout.split('\n')) {
    if (line.startsWith('p')) pid = Number(line.slice(1));
    if (line === `n${directory}`) pids.push(pid);
  }
  return pids;
}
