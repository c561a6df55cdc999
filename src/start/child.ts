import { fork, type ChildProcess } from 'node:child_process';
import { StartError } from '../common/start-error.js';

/** A process of ours: it sends `{ ready: true }` when it serves, and leaves when we do (its IPC channel closes). */
export interface Child {
  readonly process: ChildProcess;
  /** Asks it to finish, waits, and after `patience` milliseconds ends it. */
  stop(patience?: number): Promise<void>;
}

export interface ChildOptions {
  readonly name: string;
  readonly module: string;
  readonly env: NodeJS.ProcessEnv;
}

/** Starts a process and waits until it serves. Throws StartError with the line it wrote when it could not. */
export async function startChild({ name, module, env }: ChildOptions): Promise<Child> {
  // A session of its own: Ctrl-C in the terminal reaches us alone, and we stop things in order.
  const child = fork(module, [], { env, detached: true, stdio: ['ignore', 'inherit', 'pipe', 'ipc'] });
  // Until it serves, what it says is ours to pass on, as one line; afterwards it speaks for itself.
  let said = '';
  const listen = (chunk: Buffer) => void (said = (said + chunk.toString()).slice(-2_000));
  child.stderr?.on('data', listen);
  await new Promise<void>((resolve, reject) => {
    child.once('message', () => resolve());
    child.once('error', reject);
    // `close` comes when everything it said has arrived.
    child.once('close', (code, signal) =>
      reject(new StartError(said.trim().split('\n').at(-1) || `${name} ended at once (${signal ?? code}).`)),
    );
  });
  child.stderr?.off('data', listen).pipe(process.stderr);
  return { process: child, stop: (patience = 10_000) => stop(child, patience) };
}

async function stop(child: ChildProcess, patience: number): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), patience);
  await gone;
  clearTimeout(timer);
}
