import { spawn, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { until } from '../../queues/support/until.js';

const MAIN = fileURLToPath(new URL('../../../src/cli/main.ts', import.meta.url));
const TYPESCRIPT = new URL('../../support/typescript.mjs', import.meta.url).href;

/** `minibase <arguments>` as a process, with what it says and how it ends. */
export class Command {
  readonly child: ChildProcess;
  readonly ended: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
  output = '';
  errors = '';

  constructor(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
    const { PATH = '', HOME = '' } = process.env;
    this.child = spawn(process.execPath, ['--import', TYPESCRIPT, MAIN, ...args], {
      env: { PATH, HOME, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.child.stdout!.on('data', (chunk: Buffer) => (this.output += chunk.toString()));
    this.child.stderr!.on('data', (chunk: Buffer) => (this.errors += chunk.toString()));
    this.ended = new Promise((resolve) => this.child.once('close', (code, signal) => resolve({ code, signal })));
  }

  /** Waits until it has said that. Fails with what it said when it ends before. */
  async says(text: string, ms = 20_000): Promise<this> {
    let over = false;
    void this.ended.then(() => (over = true));
    await until(`the command says ${text}`, () => over || this.output.includes(text), ms);
    if (!this.output.includes(text)) throw new Error(`the command ended: ${this.errors || this.output}`);
    return this;
  }
}
