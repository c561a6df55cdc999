import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { until } from './until.js';

/** Where PostgreSQL's own data directory is, as the data folder remembers it. */
export async function clusterOf(dataDir: string): Promise<string> {
  const saved = z
    .object({ home: z.string() })
    .parse(JSON.parse(await readFile(path.join(dataDir, 'postgres.json'), 'utf8')));
  return path.join(path.resolve(dataDir, saved.home), 'data');
}

/** The pid of the server that runs, or ran last if it was killed. */
export async function serverOf(dataDir: string): Promise<number> {
  const text = await readFile(path.join(await clusterOf(dataDir), 'postmaster.pid'), 'utf8');
  return Number.parseInt(text, 10);
}

export const guardOf = (ownerPid: number): Promise<number> =>
  until(
    'there is a guard',
    () => processes().find((p) => p.parent === ownerPid && /postgres-guard/.test(p.command))?.pid,
  );

/** False for a zombie, too: it only waits for its parent to notice. */
export const isAlive = (pid: number): boolean => processes().some((one) => one.pid === pid);

export const hasEnded = (pid: number): Promise<boolean> => until(`process ${pid} has ended`, () => !isAlive(pid));

interface Process {
  readonly pid: number;
  readonly parent: number;
  readonly command: string;
}

/** From /proc where there is one, as a bare Linux has no `ps`. */
function processes(): Process[] {
  return process.platform === 'linux' ? readdirSync('/proc').flatMap(fromProc) : fromPs();
}

function fromProc(pid: string): Process[] {
  if (!/^\d+$/.test(pid)) return [];
  try {
    const [state, parent] = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ');
    const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
    return state === 'Z' ? [] : [{ pid: Number(pid), parent: Number(parent), command }];
  } catch {
    return []; // it ended meanwhile
  }
}

function fromPs(): Process[] {
  const lines = execFileSync('ps', ['-A', '-o', 'pid=,ppid=,stat=,command='], { encoding: 'utf8' }).split('\n');
  return lines.flatMap((line) => {
    const [, pid, parent, state, command] = /^ *(\d+) +(\d+) +(\S+) +(.*)$/.exec(line) ?? [];
    return !state || state.startsWith('Z')
      ? []
      : [{ pid: Number(pid), parent: Number(parent), command: command ?? '' }];
  });
}
