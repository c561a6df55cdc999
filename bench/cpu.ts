import { readdirSync, readFileSync } from 'node:fs';

/** `USER_HZ`; compare `processes.ts`. */
const TICKS_PER_SECOND = 100;

interface Found {
  readonly pid: number;
  readonly parent: number;
  readonly name: string;
  readonly seconds: number;
}

/** Seconds of processor time so far of whatever works for the server of `pid`, besides itself. NaN outside Linux. */
export interface Helpers {
  /** Postgres, all its processes on this machine. */
  readonly postgres: number;
  /** The sandbox: the server's own child that is a Node.js. */
  readonly sandbox: number;
}

/** Read from /proc. With a Postgres that is not on this machine its time is 0. */
export function helpersOf(pid: number): Helpers {
  if (process.platform !== 'linux') return { postgres: Number.NaN, sandbox: Number.NaN };
  const all = readdirSync('/proc').flatMap((name) => (/^\d+$/.test(name) ? (read(Number(name)) ?? []) : []));
  const own = descendantsOf(pid, all);
  const sum = (some: readonly Found[]): number => some.reduce((total, { seconds }) => total + seconds, 0);
  return {
    postgres: sum(own.filter(({ name }) => name.startsWith('postgres'))),
    sandbox: sum(own.filter(({ name }) => !name.startsWith('postgres'))),
  };
}

function descendantsOf(pid: number, all: readonly Found[]): Found[] {
  const children = all.filter(({ parent }) => parent === pid);
  return children.flatMap((child) => [child, ...descendantsOf(child.pid, all)]);
}

function read(pid: number): Found | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const end = stat.lastIndexOf(')');
    const fields = stat.slice(end + 2).split(' ');
    return {
      pid,
      parent: Number(fields[1]),
      name: stat.slice(stat.indexOf('(') + 1, end),
      seconds: (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND,
    };
  } catch {
    // It has ended meanwhile.
    return undefined;
  }
}
