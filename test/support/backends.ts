import type { Config } from '../../src/config/config.js';
import { redisIsInstalled, startRedis, type RedisServer } from '../queues/support/redis-server.js';

/** Runs the same suite with the queues and limits in Postgres and in Redis; says so when there is no Redis to run on. */
export function onBothBackends(name: string, suite: (settings: () => Partial<Config>) => void): void {
  describe(`${name}, without Redis`, () => suite(() => ({ redisUrl: undefined })));
  if (!redisIsInstalled()) {
    process.stderr.write(`${name}: the suite with Redis is skipped, as no redis-server is installed.\n`);
    return;
  }
  describe(`${name}, with Redis`, () => {
    let redis: RedisServer;
    beforeAll(async () => {
      redis = await startRedis();
    });
    suite(() => ({ redisUrl: `redis://127.0.0.1:${redis.port}` }));
    // Declared last, so that it runs last: the servers leave before their Redis does.
    afterAll(() => redis.stop());
  });
}
