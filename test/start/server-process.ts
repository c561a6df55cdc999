import { spawn, type ChildProcess } from 'node:child_process';
import { chmod, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { until } from '../queues/support/until.js';
import { aPort } from '../support/ports.js';

export { aPort as freePort };

const MAIN = fileURLToPath(new URL('../../dist/main.js', import.meta.url));

export interface Demo {
  readonly apiUrl: string;
  readonly sandboxUrl: string;
  readonly operatorToken: string;
  readonly appId: string;
  readonly secretKey: string;
  readonly platformAppIds: Readonly<Record<string, string>>;
}

/** `node dist/main.js`, as `npm start` runs it, with what it says and how it ends. */
export class ServerProcess {
  readonly child: ChildProcess;
  readonly ended: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
  output = '';
  errors = '';

  constructor(readonly env: Readonly<Record<string, string>>) {
    const { PATH = '', HOME = '' } = process.env;
    this.child = spawn(process.execPath, [MAIN], { env: { PATH, HOME, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
    this.child.stdout!.on('data', (chunk: Buffer) => (this.output += chunk.toString()));
    this.child.stderr!.on('data', (chunk: Buffer) => (this.errors += chunk.toString()));
    this.ended = new Promise((resolve) => this.child.once('exit', (code, signal) => resolve({ code, signal })));
  }

  /** Waits for the banner. Fails with what the process said when it ends before. */
  async ready(): Promise<this> {
    let over = false;
    void this.ended.then(() => (over = true));
    await until('the server is ready', () => over || this.output.includes('is ready.'), 60_000);
    if (over) throw new Error(`the server ended: ${this.errors || this.output}`);
    return this;
  }

  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<{ code: number | null; signal: NodeJS.Signals | null }> {
    this.child.kill(signal);
    return this.ended;
  }
}

/** A data folder that the embedded database's user can enter, and ports that nobody has. */
export async function aPlace(): Promise<{
  env: Record<string, string>;
  demo(): Promise<Demo>;
  remove(): Promise<void>;
}> {
  const dataDir = await mkdtemp(join(tmpdir(), 'minibase-start-'));
  await chmod(dataDir, 0o711);
  const [port, sandboxPort] = await Promise.all([aPort(), aPort()]);
  return {
    env: { DATA_DIR: dataDir, PORT: String(port), SANDBOX_PORT: String(sandboxPort), LOG_LEVEL: 'warn' },
    demo: async () => JSON.parse(await readFile(join(dataDir, 'demo.json'), 'utf8')) as Demo,
    remove: () => rm(dataDir, { recursive: true, force: true }),
  };
}
