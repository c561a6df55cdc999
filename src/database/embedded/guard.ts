import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { surroundings } from './database-user.js';
import type { Place } from './place.js';

/**
 * Reads the server's pid at every (re)start, until its owner closes the pipe: on purpose, after the server stopped and
 * the last line was empty, or by dying. Then it asks for a fast shutdown (SIGINT, as `pg_ctl stop -m fast` does), but
 * only of that very server: by now a new owner may run another one here. A server that was just born writes its lock
 * file a moment later, hence three looks.
 */
const SCRIPT = `
while read -r line; do server=$line; done
[ -n "$server" ] || exit 0
for look in 1 2 3; do
  read -r running 2>/dev/null < "$1" && [ "$running" = "$server" ] && kill -INT "$server" && exit 0
  sleep 1
done`;

/** A process that outlives this one just long enough to stop the server. */
export class Guard {
  #process: ChildProcess;
  #server = '';
  #closing = false;

  constructor(private readonly place: Place) {
    this.#process = this.#spawn();
  }

  /** Says which server to stop when this process dies; none while it is down. */
  watch(pid: number | undefined): void {
    this.#server = pid === undefined ? '' : String(pid);
    this.#process.stdin?.write(`${this.#server}\n`);
  }

  /** Ends the guard; the server must be down. */
  async close(): Promise<void> {
    this.#closing = true;
    this.watch(undefined);
    const { pid, exitCode, signalCode } = this.#process;
    if (pid === undefined || exitCode !== null || signalCode !== null) return;
    const exited = once(this.#process, 'exit');
    this.#process.ref();
    this.#process.stdin?.end();
    await exited;
  }

  #spawn(): ChildProcess {
    const lockFile = path.join(this.place.data, 'postmaster.pid');
    // In a session of its own: Ctrl-C in the terminal must not end it before the application has drained.
    const guard = spawn('/bin/sh', ['-c', SCRIPT, 'guard', lockFile], {
      ...surroundings(this.place.user),
      argv0: 'minibase-postgres-guard',
      detached: true,
      stdio: ['pipe', 'ignore', 'ignore'],
    });
    guard.unref();
    guard.on('error', () => undefined); // 'exit' or the next write tells
    guard.stdin.on('error', () => undefined); // it was killed
    guard.once('exit', () => setTimeout(() => this.#replace(), 1_000).unref());
    return guard;
  }

  #replace(): void {
    if (this.#closing) return;
    this.#process = this.#spawn();
    this.watch(this.#server === '' ? undefined : Number(this.#server));
  }
}
