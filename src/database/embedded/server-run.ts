import { type ChildProcess, spawn } from 'node:child_process';
import { open, rename, stat } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { surroundings } from './database-user.js';
import type { Place } from './place.js';

/** A server that ended instead of becoming ready; `output` is what it wrote to its `log`. */
export class ServerEnded extends Error {
  constructor(
    how: string,
    readonly output: string,
    readonly log: string,
  ) {
    // "The database system is starting up" is what it tells those who try to connect, us among them.
    const complaint = /(?:FATAL|PANIC|^\S*sh|^postgres): +(?!the database system is)(\S.*)/m.exec(output)?.[1];
    super(complaint ?? how);
  }
}

const LOG_LIMIT = 5 * 1024 * 1024;
/** How long each way of stopping may take; a fast shutdown writes what is in memory, which slow disks need time for. */
const STOPS = [
  { signal: 'SIGINT', patience: 30_000 }, // fast: ends sessions, checkpoint
  { signal: 'SIGQUIT', patience: 5_000 }, // immediate: the next start recovers from the log
  { signal: 'SIGKILL', patience: 5_000 },
] as const;

/**
 * One life of the server, as a direct child in a session of its own. Not by `pg_ctl start`, whose server belongs to
 * nobody: if this process has pid 1, as in containers, one that dies stays a zombie, whose lock file no other server
 * dares to touch. A child tells of its end at once, and the session keeps the terminal's Ctrl-C away.
 */
export class ServerRun {
  /** How it ended. Never rejects. */
  readonly ended: Promise<string>;
  isOver = false;

  private constructor(
    private readonly child: ChildProcess,
    private readonly place: Place,
    private readonly logStart: number,
  ) {
    this.ended = new Promise((resolve) => {
      child.once('error', (error) => resolve(error.message));
      child.once('exit', (code, signal) => resolve(signal ? `signal ${signal}` : `exit code ${code}`));
    });
    void this.ended.then(() => (this.isOver = true));
  }

  static async launch(postgres: string, place: Place, settings: Readonly<Record<string, string>>): Promise<ServerRun> {
    if ((await sizeOf(place.log)) > LOG_LIMIT) await rename(place.log, `${place.log}.1`);
    const logStart = await sizeOf(place.log);
    const args = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
    // The shell opens the log as PostgreSQL's user and becomes the server, keeping its pid.
    const script = 'umask 077; log=$1; shift; exec "$@" >>"$log" 2>&1';
    const child = spawn('/bin/sh', ['-c', script, 'sh', place.log, postgres, '-D', place.data, ...args], {
      ...surroundings(place.user),
      detached: true,
      stdio: 'ignore',
    });
    return new ServerRun(child, place, logStart);
  }

  get pid(): number | undefined {
    return this.child.pid;
  }

  /** Why it ended, from its log. */
  async failure(): Promise<ServerEnded> {
    return new ServerEnded(await this.ended, await readFrom(this.place.log, this.logStart), this.place.log);
  }

  async stop(): Promise<void> {
    for (const { signal, patience } of STOPS) {
      if (this.isOver) return;
      this.child.kill(signal);
      await Promise.race([this.ended, delay(patience, undefined, { ref: false })]);
    }
  }
}

const sizeOf = (file: string): Promise<number> =>
  stat(file).then(
    ({ size }) => size,
    () => 0,
  );

async function readFrom(file: string, start: number): Promise<string> {
  const handle = await open(file, 'r').catch(() => undefined);
  if (!handle) return '';
  try {
    const { buffer, bytesRead } = await handle.read({ buffer: Buffer.alloc(64 * 1024), position: start });
    return buffer.toString('utf8', 0, bytesRead);
  } finally {
    await handle.close();
  }
}
