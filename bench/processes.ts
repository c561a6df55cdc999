import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';

/** `USER_HZ`, which is 100 on every Linux that Node supports. */
const TICKS_PER_SECOND = 100;

/** A process of the bench's own. It leaves with us: both servers stop when their channel to the parent closes. */
export class Child {
  private constructor(readonly process: ChildProcess) {}

  /** Starts a module and waits for its first message. Throws when it ends before, with what it wrote to stderr. */
  static async start<Ready>(
    module: URL,
    env: Readonly<Record<string, string>>,
    execArgv: readonly string[] = [],
  ): Promise<{ child: Child; ready: Ready }> {
    const child = fork(module, [], {
      env: { ...process.env, ...env },
      execArgv: [...execArgv],
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    const [ready] = (await Promise.race([
      once(child, 'message'),
      once(child, 'exit').then(([code]) => {
        throw new Error(`${module.pathname.split('/').at(-1)} ended with ${String(code)} before it was ready`);
      }),
    ])) as [Ready];
    return { child: new Child(child), ready };
  }

  /** Seconds of processor time so far, all threads, user and system. Read from /proc, so only on Linux; else NaN. */
  cpuSeconds(): number {
    if (process.platform !== 'linux') return Number.NaN;
    const stat = readFileSync(`/proc/${this.process.pid}/stat`, 'utf8');
    // The name in parentheses may hold anything; counted after it, utime and stime are the 12th and 13th field.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
  }

  /** Asks the process something and waits for its answer. */
  async ask<Answer>(message: object): Promise<Answer> {
    const answered = once(this.process, 'message');
    this.process.send(message);
    const [answer] = (await answered) as [Answer];
    return answer;
  }

  async stop(): Promise<void> {
    if (this.process.exitCode !== null || this.process.signalCode !== null) return;
    const gone = once(this.process, 'exit');
    this.process.kill('SIGTERM');
    await gone;
  }
}
