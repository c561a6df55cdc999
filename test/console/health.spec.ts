import { redisIsInstalled, startRedis } from '../queues/support/redis-server.js';
import { until } from '../queues/support/until.js';
import { ask, must } from '../support/client.js';
import { startMinibase, type Minibase } from '../support/minibase.js';

interface Ready {
  status: string;
  checks: { name: string; ok: boolean; detail: string }[];
}

describe('health', () => {
  let minibase: Minibase;
  beforeAll(async () => {
    minibase = await startMinibase();
  });
  afterAll(() => minibase.close());

  const ready = (url: string) => ask<Ready>(url, 'GET', '/health/ready');

  test('a process that serves is live and ready, and says what answers', async () => {
    expect(await must(minibase.url, 'GET', '/health/live')).toEqual({ status: 'ok' });
    expect(await must(minibase.url, 'GET', '/health/ready')).toEqual({
      status: 'ok',
      checks: [
        { name: 'postgres', ok: true, detail: 'answers' },
        { name: 'queues', ok: true, detail: 'answers' },
      ],
    });
  });

  test('without its database a process is live and not ready, says what is missing, and names no host', async () => {
    const lost = await startMinibase();
    try {
      await lost.database.dataSource.destroy();
      expect((await ask(lost.url, 'GET', '/health/live')).status).toBe(200);
      const { status, body } = await ready(lost.url);
      expect(status).toBe(503);
      expect(body.status).toBe('unavailable');
      expect(body.checks).toContainEqual({ name: 'postgres', ok: false, detail: 'does not answer' });
      expect(JSON.stringify(body)).not.toMatch(/127\.0\.0\.1|postgres:\/\/|test_/);
    } finally {
      await lost.close().catch(() => undefined);
    }
  });

  const withRedis = redisIsInstalled() ? test : test.skip;
  withRedis(
    'a process whose Redis has gone still serves, and says what is missing until it is back',
    async () => {
      const redis = await startRedis();
      const other = await minibase.another({ redisUrl: `redis://127.0.0.1:${redis.port}` });
      expect((await ready(other.url)).status).toBe(200);
      await redis.stop();
      await until('the queues are missed', async () => (await ready(other.url)).body.status === 'degraded');
      const { status, body } = await ready(other.url);
      expect(status).toBe(200);
      expect(body.checks.map(({ name, ok }) => `${name} ${ok}`)).toEqual(['postgres true', 'queues false']);
      const again = await startRedis([], redis.port);
      await until('it is ready again', async () => (await ready(other.url)).body.status === 'ok');
      await other.close();
      await again.stop();
    },
    60_000,
  );
});
