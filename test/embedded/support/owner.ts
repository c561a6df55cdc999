import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Report, Told } from './owner-program.js';
import { until } from './until.js';

const PROGRAM = fileURLToPath(new URL('owner-program.ts', import.meta.url));
const LOADER = new URL('../../support/typescript.mjs', import.meta.url).href;

/** A process of its own that owns an embedded PostgreSQL, and can be killed. */
export class Owner {
  static readonly #all = new Set<Owner>();
  readonly #reports: Report[] = [];
  readonly #exited: Promise<unknown>;
  #stderr = '';
  isOver = false;

  private constructor(private readonly child: ChildProcess) {
    Owner.#all.add(this);
    this.#exited = once(child, 'close').then(() => (this.isOver = true));
    createInterface(child.stdout!).on('line', (line) => this.#reports.push(JSON.parse(line) as Report));
    child.stderr!.on('data', (chunk) => (this.#stderr += chunk));
  }

  /** `as`: the user that the whole program runs as. */
  static run(told: Told, as: { uid?: number; gid?: number } = {}): Owner {
    const args = ['--import', LOADER, PROGRAM, JSON.stringify(told)];
    // A session of its own, as a terminal gives: Ctrl-C can be sent to its process group without reaching Jest.
    return new Owner(
      spawn(process.execPath, args, { ...as, cwd: '/', detached: true, stdio: ['ignore', 'pipe', 'pipe'] }),
    );
  }

  /** Stops those that a test left running. */
  static async stopAll(): Promise<void> {
    await Promise.all([...Owner.#all].map((owner) => owner.stop()));
    Owner.#all.clear();
  }

  get pid(): number {
    return this.child.pid!;
  }

  get log(): string[] {
    return this.#reports.flatMap((report) => (report.is === 'log' ? [report.message] : []));
  }

  ready(): Promise<{ url: string; afterMs: number }> {
    return this.#reported('ready');
  }

  async refusal(): Promise<string> {
    return (await this.#reported('refused')).line;
  }

  /** Ctrl-C: the terminal sends it to the whole group of processes in front. */
  async interrupt(): Promise<void> {
    process.kill(-this.pid, 'SIGINT');
    await this.#reported('interrupted');
  }

  async kill(): Promise<void> {
    this.child.kill('SIGKILL');
    await this.#exited;
  }

  /** Gives the exit code. */
  async stop(): Promise<number | null> {
    this.child.kill('SIGTERM');
    await this.#exited;
    return this.child.exitCode;
  }

  async #reported<Kind extends Report['is']>(kind: Kind): Promise<Extract<Report, { is: Kind }>> {
    const ofKind = (report: Report): report is Extract<Report, { is: Kind }> => report.is === kind;
    const found = await until(`the owner reports ${kind}`, () => {
      const report = this.#reports.find(ofKind);
      if (!report && this.isOver) throw new Error(`it ended: ${JSON.stringify(this.#reports)} ${this.#stderr}`);
      return report;
    });
    return found;
  }
}
