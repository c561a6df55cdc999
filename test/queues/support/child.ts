import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Stand } from './stand.js';

/** Starts a program of this folder as a process of its own; it finds the store in CHILD, with what `task` says. */
export function startChild(stand: Stand, program: string, task: object = {}): ChildProcess {
  const typescript = new URL('../../support/typescript.mjs', import.meta.url).href;
  return fork(fileURLToPath(new URL(program, import.meta.url)), {
    execArgv: ['--import', typescript],
    env: { ...process.env, NODE_OPTIONS: '', CHILD: JSON.stringify({ ...stand.address, ...task }) },
  });
}

/** What the child sends next. Fails when it ends without. */
export async function nextMessage<T>(child: ChildProcess): Promise<T> {
  const ended = once(child, 'exit').then(([code]) => {
    throw new Error(`the child ended with ${String(code)} before it said anything`);
  });
  const [message] = (await Promise.race([once(child, 'message'), ended])) as [T];
  return message;
}
