import { type ChildProcess, spawn } from 'node:child_process';
import type { Writable } from 'node:stream';
import { setTimeout as pause } from 'node:timers/promises';

const PATIENCE_MS = 90_000;

export interface Program {
  readonly name: string;
  /** Built, from the root of the project. */
  readonly module: string;
  readonly env: Readonly<Record<string, string>>;
  /** Answers 200 when it serves. */
  readonly health: string;
  readonly log: Writable;
}

/** A process that is killed and started again. */
export class Running {
  #child: ChildProcess | undefined;

  constructor(private readonly program: Program) {}

  get name(): string {
    return this.program.name;
  }

  async start(): Promise<void> {
    const { module, env, health, log, name } = this.program;
    const { PATH = '', HOME = '' } = process.env;
    const child = spawn(process.execPath, [module], { env: { PATH, HOME, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
    this.#child = child;
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (text: Buffer) => void log.write(`${name}: ${text.toString()}`)); // prettier-ignore
    for (const start = Date.now(); Date.now() - start < PATIENCE_MS; await pause(100)) {
      // A start that meets a database which is away ends with one line; an operator's supervisor starts it again.
      if (child.exitCode !== null) return this.start();
      const answer = await fetch(health).catch(() => undefined);
      await answer?.arrayBuffer();
      if (answer?.ok) return;
    }
    throw new Error(`${name} does not serve within ${PATIENCE_MS} ms: see servers.log`);
  }

  /** As the kernel does when memory is short: nothing is finished. */
  kill(): Promise<void> {
    return this.#end('SIGKILL');
  }

  async killAndStart(): Promise<void> {
    await this.kill();
    await this.start();
  }

  stop(): Promise<void> {
    return this.#end('SIGTERM');
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
    child.kill(signal);
    const timer = setTimeout(() => child.kill('SIGKILL'), 20_000);
    await gone;
    clearTimeout(timer);
  }
}
