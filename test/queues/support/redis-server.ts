import { spawn, spawnSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { aPort } from '../../support/ports.js';
import { until } from './until.js';

export interface RedisServer {
  readonly port: number;
  stop(): Promise<void>;
}

export const redisIsInstalled = (): boolean => spawnSync('redis-server', ['--version']).status === 0;

/** A Redis of the test's own: a free port, a temporary directory, nothing written to disk. `at` names a port instead. */
export async function startRedis(options: readonly string[] = [], at?: number): Promise<RedisServer> {
  const port = at ?? (await aPort());
  const dir = await mkdtemp(join(tmpdir(), 'minibase-redis-'));
  const args = ['--port', String(port), '--bind', '127.0.0.1', '--dir', dir, '--save', '', ...options];
  const server = spawn('redis-server', args, { stdio: 'ignore' });
  const ended = new Promise((resolve) => server.once('exit', resolve));
  const probe = new Redis(port, '127.0.0.1', { lazyConnect: true, retryStrategy: () => 20 });
  probe.on('error', () => undefined);
  await until('redis-server answers', async () => (await probe.ping()) === 'PONG');
  probe.disconnect();
  return {
    port,
    stop: async () => {
      server.kill();
      await ended;
      await rm(dir, { recursive: true, force: true });
    },
  };
}
