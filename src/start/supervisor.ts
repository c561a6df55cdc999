import cluster, { type Worker } from 'node:cluster';
import type { Config } from '../config/config.js';
import { newLogger } from '../server.js';

/** A child that dies is replaced, at most this often: a crash at start must not become a busy loop. */
const REPLACE_AFTER_MS = 1_000;

/**
 * Several API processes on one port, and one worker process beside them. The children get what the parent found out
 * (database, keys) through their environment. Gives what stops them all.
 */
export async function startSupervised(config: Config, concurrency: number): Promise<() => Promise<void>> {
  const log = newLogger(config.logLevel);
  let stopping = false;
  const common = {
    ...process.env,
    MINIBASE_CHILD: '1',
    DATABASE_URL: config.databaseUrl,
    MASTER_KEY: config.masterKeys.map((key) => key.toString('base64')).join(','),
    OPERATOR_TOKEN: config.operatorTokens.join(','),
    DATA_DIR: config.dataDir,
  };
  const roles = Array.from({ length: concurrency }, () => 'api');
  // The worker serves health on a port of its own, which nobody needs to know here.
  if (config.role === 'all') roles.push('worker');
  const spawn = (role: string): Promise<Worker> => {
    const worker = cluster.fork({
      ...common,
      MINIBASE_ROLE: role,
      ...(role === 'worker' ? { PORT: '0', HOST: '127.0.0.1' } : {}),
    });
    worker.once('exit', (code, signal) => {
      if (stopping) return;
      log.error({ role, code, signal }, 'a process ended; another takes its place');
      setTimeout(() => void (stopping || spawn(role).catch(() => undefined)), REPLACE_AFTER_MS);
    });
    return new Promise((resolve, reject) => {
      worker.once('message', () => resolve(worker));
      worker.once('exit', () => reject(new Error(`a process of role ${role} ended at start`)));
    });
  };
  await Promise.all(roles.map(spawn));
  return async () => {
    stopping = true;
    const workers = Object.values(cluster.workers ?? {}).filter((worker) => worker !== undefined);
    await Promise.all(workers.map(end));
  };
}

/** Longer than a worker waits for its jobs and then for the platforms' answers to messages that are on their way. */
const END_MS = 25_000;

function end(worker: Worker): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => worker.process.kill('SIGKILL'), END_MS);
    worker.once('exit', () => {
      clearTimeout(timer);
      resolve();
    });
    worker.process.kill('SIGTERM');
  });
}
