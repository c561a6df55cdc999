import { createRedisBackend, type BackendFactory, type IQueueBackend } from 'bullmq';
import { Cluster, Redis, type RedisOptions } from 'ioredis';
import { describe } from './log.js';
import type { QueueStore, StoreConnection } from './store.js';
import { within } from './within.js';

/**
 * A connection that never gives up: commands wait for Redis to come back, and callers bound their own waiting (`Nudger`,
 * `RedisBuckets`). If commands failed instead, a Redis that leaves while a queue opens would break that queue for good.
 */
const OPTIONS = {
  maxRetriesPerRequest: null,
  // A failover made this node a replica: reconnect and send the command again.
  reconnectOnError: (error: Error) => (error.message.startsWith('READONLY') ? 2 : false),
  keepAlive: 10_000,
  // For a network that swallows everything; longer than a worker's blocking wait of five seconds.
  socketTimeout: 15_000,
} as const;

/** A start waits this long for Redis, then goes on without it. */
const OPEN_MS = 1_000;

const backoff = (attempt: number): number => Math.min(50 * 2 ** attempt, 1_000);

/** `redis://`, `rediss://`, or a Redis Cluster as a comma-separated list of such URLs (for one node: a comma after it). */
export function connectRedis(url: string, over: Pick<RedisOptions, 'maxRetriesPerRequest'> = {}): Redis | Cluster {
  if (!url.includes(',')) return new Redis(url, { ...OPTIONS, ...over, retryStrategy: backoff });
  const nodes = url.split(',').filter(Boolean);
  const { protocol, username, password } = new URL(nodes[0] ?? '');
  return new Cluster(nodes, {
    clusterRetryStrategy: backoff,
    redisOptions: {
      ...OPTIONS,
      ...over,
      ...(protocol === 'rediss:' && { tls: {} }),
      ...(username && { username: decodeURIComponent(username) }),
      ...(password && { password: decodeURIComponent(password) }),
    },
  });
}

/** Connections per process: one, and one more per worker for its blocking wait (on a cluster: each, per node). */
export class RedisStore implements QueueStore {
  readonly connection: Redis | Cluster;
  readonly backend: BackendFactory<IQueueBackend, StoreConnection>;

  constructor(
    url: string,
    private readonly name: string,
    private readonly warn: (line: string) => void,
  ) {
    this.connection = connectRedis(url);
    this.connection.setMaxListeners(0); // Each queue and worker listens on it.
    this.connection.on('error', (error: unknown) => warn(`queues: ${describe(error)}`));
    this.backend = (queue, options, extra) =>
      createRedisBackend(queue, { ...options, connection: this.connection }, extra);
  }

  /** A hash tag, so that a queue's keys share a slot of a Redis Cluster and different queues do not. */
  prefix(kind: string): string {
    return `{${this.name}-${kind}}`;
  }

  /** Nothing to prepare, and a Redis that is away may come back. */
  async open(): Promise<void> {}

  async ready(opening: Promise<unknown>): Promise<void> {
    await within(OPEN_MS, opening, () => this.warn('the queues cannot be reached yet'));
  }

  async ping(): Promise<void> {
    await this.connection.ping();
  }

  async close(): Promise<void> {
    this.connection.disconnect();
  }
}
