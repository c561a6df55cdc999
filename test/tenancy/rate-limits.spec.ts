import { Redis } from 'ioredis';
import type { Config } from '../../src/config/config.js';
import { LIMITS } from '../../src/tenancy/rate-limits.js';
import { redisIsInstalled, startRedis, type RedisServer } from '../queues/support/redis-server.js';
import { until } from '../queues/support/until.js';
import { aCode, aLogin, anApp, ask, type Answer, type LoggedIn, type TestApp } from '../support/client.js';
import { startMinibase, type Minibase } from '../support/minibase.js';

let addresses = 0;
/** One that nobody has had. */
const anAddress = (): string => `203.0.113.${(addresses += 1)}`;
const statusesOf = (answers: Answer[]): Record<number, number> =>
  answers.reduce<Record<number, number>>(
    (counts, { status }) => ({ ...counts, [status]: (counts[status] ?? 0) + 1 }),
    {},
  );

function limitsThatHold(name: string, settings: () => Partial<Config>, shared: boolean): void {
  describe(`limits ${name}`, () => {
    let minibase: Minibase;
    let app: TestApp;
    beforeAll(async () => {
      minibase = await startMinibase(settings());
      app = await anApp(minibase, ['wechat']);
    });
    afterAll(() => minibase.close());

    /** A login that comes to nothing but counts: its account does not exist. */
    const knock = (ip: string, url = minibase.url) =>
      ask(url, 'POST', '/v1/auth/login', {
        appId: app.appId,
        ip,
        body: { platform: 'wechat', platformAppId: 'wx0000000000000000', code: 'x' },
      });
    const guess = (ip: string, url = minibase.url) =>
      ask(url, 'POST', '/v1/auth/login', { appId: app.appId, ip, body: { platform: 'wechat', code: 'guess' } });
    const many = (count: number, one: () => Promise<Answer>) => Promise.all(Array.from({ length: count }, one));
    /** Asks until the first refusal, at most so often. */
    async function untilLimited(
      most: number,
      one: () => Promise<Answer>,
    ): Promise<{ passed: number; refused?: Answer }> {
      for (let passed = 0; passed < most; passed++) {
        const answer = await one();
        if (answer.status === 429) return { passed, refused: answer };
      }
      return { passed: most };
    }

    test('a single address logs in 300 times a minute and is then told to wait, in headers too', async () => {
      const ip = anAddress();
      const { points, seconds } = LIMITS.loginByAddress;
      const answers = await many(points + 10, () => knock(ip));
      expect(statusesOf(answers)).toEqual({ 422: points, 429: 10 });
      const { body, headers } = answers.find(({ status }) => status === 429)!;
      expect(body).toMatchObject({ code: 'rate_limited', status: 429 });
      const wait = Number(headers.get('retry-after'));
      expect(wait).toBeGreaterThan(0);
      expect(wait).toBeLessThanOrEqual(seconds);
      expect(headers.get('ratelimit-limit')).toBe(String(points));
      expect(headers.get('ratelimit-remaining')).toBe('0');
      expect(headers.get('ratelimit-reset')).toBe(String(wait));
      expect((await knock(anAddress())).status).toBe(422);
    });

    test('thirty refused codes from an address, and it may try no more, not even with a good one', async () => {
      const ip = anAddress();
      const { points, seconds } = LIMITS.refusedCodes;
      const { passed, refused } = await untilLimited(points + 5, () => guess(ip));
      expect(passed).toBe(points);
      expect(Number(refused!.headers.get('retry-after'))).toBeGreaterThan(seconds / 2);
      const body = { platform: 'wechat', code: await aCode(minibase, app, 'ming') };
      const late = await ask(minibase.url, 'POST', '/v1/auth/login', { appId: app.appId, ip, body });
      expect(late.status).toBe(429);
      const elsewhere = await ask(minibase.url, 'POST', '/v1/auth/login', { appId: app.appId, ip: anAddress(), body });
      expect(elsewhere.status).toBe(200);
    });

    test('one user calls 300 times in ten seconds; another user is not kept waiting', async () => {
      const read = ({ accessToken: token }: LoggedIn) => ask(minibase.url, 'GET', '/v1/me', { token });
      const { points, seconds } = LIMITS.user;
      // A busy machine may need longer than the ten seconds; then a next window has begun, and it proves nothing.
      for (let took = Infinity, round = 0; took > seconds * 1_000; round += 1) {
        const user = await aLogin(minibase, app, `busy-${round}`);
        const started = performance.now();
        const answers = await many(points + 10, () => read(user));
        took = performance.now() - started;
        if (took <= seconds * 1_000) expect(statusesOf(answers)).toEqual({ 200: points, 429: 10 });
      }
      expect((await read(await aLogin(minibase, app, 'hong'))).status).toBe(200);
    });

    test('good codes are not counted as refused ones', async () => {
      const ip = anAddress();
      for (let count = 0; count < LIMITS.refusedCodes.points + 2; count++) {
        const body = { platform: 'wechat', code: await aCode(minibase, app, `person-${count}`) };
        const login = await ask(minibase.url, 'POST', '/v1/auth/login', { appId: app.appId, ip, body });
        expect(login.status).toBe(200);
      }
    });

    if (shared) {
      test('two processes share one window', async () => {
        const other = await minibase.another();
        const ip = anAddress();
        const { points } = LIMITS.loginByAddress;
        const answers = await Promise.all([many(points, () => knock(ip)), many(points, () => knock(ip, other.url))]);
        const passed = statusesOf(answers.flat())[422]!;
        // Each takes the window in shares; what a process holds and does not use is lost until the window ends.
        expect(passed).toBeGreaterThan(points * 0.8);
        expect(passed).toBeLessThanOrEqual(points);
        const guesses = anAddress();
        expect((await untilLimited(20, () => guess(guesses))).passed).toBe(20);
        expect((await untilLimited(20, () => guess(guesses, other.url))).passed).toBe(LIMITS.refusedCodes.points - 20);
        await other.close();
      });
    } else {
      test('each process counts for itself', async () => {
        const other = await minibase.another();
        const ip = anAddress();
        await untilLimited(40, () => guess(ip));
        expect((await guess(ip)).status).toBe(429);
        expect((await guess(ip, other.url)).status).toBe(401);
        await other.close();
      });
    }
  });
}

limitsThatHold('in memory', () => ({ sharedLimits: false, redisUrl: undefined }), false);
limitsThatHold('in Postgres', () => ({ sharedLimits: true, redisUrl: undefined }), true);

if (redisIsInstalled()) {
  describe('with a Redis', () => {
    let redis: RedisServer;
    beforeAll(async () => {
      redis = await startRedis();
    });
    limitsThatHold('in Redis', () => ({ redisUrl: `redis://127.0.0.1:${redis.port}` }), true);

    test('a Redis that has gone limits nobody and delays nobody; back again, it limits', async () => {
      const away = await startRedis();
      const minibase = await startMinibase({ redisUrl: `redis://127.0.0.1:${away.port}` });
      const app = await anApp(minibase, []);
      const read = () => ask(minibase.url, 'GET', '/v1/users', { token: app.secretKey });
      const ip = anAddress();
      const knock = () =>
        ask(minibase.url, 'POST', '/v1/auth/login', { appId: app.appId, ip, body: { platform: 'wechat', code: 'x' } });
      expect((await read()).status).toBe(200);
      await away.stop();
      const started = performance.now();
      const answers = await Promise.all(Array.from({ length: 400 }, knock));
      expect(statusesOf(answers)).toEqual({ 422: 400 });
      expect((await read()).status).toBe(200);
      expect(performance.now() - started).toBeLessThan(10_000);
      const back = await startRedis([], away.port);
      await until('the limits hold again', async () => (await knock()).status === 429);
      await minibase.close();
      await back.stop();
    });

    test('a Redis that hangs delays a request by a second at most', async () => {
      const minibase = await startMinibase({ redisUrl: `redis://127.0.0.1:${redis.port}` });
      const app = await anApp(minibase, []);
      const client = new Redis(redis.port, '127.0.0.1');
      await client.call('CLIENT', 'PAUSE', '5000', 'ALL');
      const started = performance.now();
      const body = { platform: 'wechat', code: 'x' };
      const answer = await ask(minibase.url, 'POST', '/v1/auth/login', { appId: app.appId, body });
      expect(answer.status).toBe(422);
      expect(performance.now() - started).toBeLessThan(4_000);
      client.disconnect();
      await minibase.close();
    });

    afterAll(() => redis.stop());
  });
} else process.stderr.write('limits in Redis: skipped, as no redis-server is installed.\n');
