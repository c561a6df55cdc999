import { jest } from '@jest/globals';
import { createServer } from 'node:net';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { ask, must } from '../support/client.js';
import { createDatabase } from '../support/postgres.js';
import { aPort } from '../support/ports.js';
import { aPlace, ServerProcess, type Demo } from './server-process.js';

jest.setTimeout(120_000);

const login = async ({ apiUrl, sandboxUrl, appId, platformAppIds }: Demo, user: string, platform = 'wechat') => {
  const { code } = await must<{ code: string }>(sandboxUrl, 'POST', '/_/login', {
    body: { platform, platformAppId: platformAppIds[platform], user },
  });
  return must<{ user: { id: string; isNew: boolean }; refreshToken: string }>(apiUrl, 'POST', '/v1/auth/login', {
    appId,
    body: { platform, code },
  });
};

describe('npm start', () => {
  test('makes a demo app that logs people in on every platform, and finds all of it again', async () => {
    const place = await aPlace();
    const first = await new ServerProcess(place.env).ready();
    const demo = await place.demo();
    expect(first.output).toContain(`${demo.apiUrl}/console`);
    expect((await stat(join(place.env['DATA_DIR']!, 'demo.json'))).mode & 0o777).toBe(0o600);
    const people: Record<string, string> = {};
    for (const platform of Object.keys(demo.platformAppIds))
      people[platform] = (await login(demo, 'ming', platform)).user.id;
    expect(await first.stop('SIGINT')).toEqual({ code: 0, signal: null });

    const second = await new ServerProcess(place.env).ready();
    expect(await place.demo()).toEqual(demo);
    for (const [platform, id] of Object.entries(people)) {
      expect((await login(demo, 'ming', platform)).user).toMatchObject({ id, isNew: false });
    }
    expect(await second.stop()).toEqual({ code: 0, signal: null });
    await place.remove();
  });

  test('a second process on the same data folder gets one line and exit code 1', async () => {
    const place = await aPlace();
    const first = await new ServerProcess(place.env).ready();
    const port = String(await aPort());
    const second = new ServerProcess({ ...place.env, PORT: port, SANDBOX_PORT: String(await aPort()) });
    expect((await second.ended).code).toBe(1);
    expect(second.errors.trim().split('\n')).toHaveLength(1);
    expect(second.errors).toContain(place.env['DATA_DIR']);
    await first.stop();
    await place.remove();
  });

  test.each(['PORT', 'SANDBOX_PORT'])(
    'a taken %s gets one line and exit code 1, and nothing keeps running',
    async (name) => {
      const place = await aPlace();
      const taken = createServer().listen(Number(place.env[name]), '127.0.0.1');
      const server = new ServerProcess(place.env);
      expect((await server.ended).code).toBe(1);
      expect(server.errors.trim().split('\n')).toHaveLength(1);
      expect(server.errors).toContain(place.env[name]);
      await new Promise((resolve) => taken.close(resolve));
      await (await new ServerProcess(place.env).ready()).stop();
      await place.remove();
    },
  );

  test('a database that cannot be reached gets one line without its password', async () => {
    const place = await aPlace();
    const url = `postgres://shop:hunter2@127.0.0.1:${await aPort()}/shop`;
    const server = new ServerProcess({ ...place.env, DATABASE_URL: url });
    expect((await server.ended).code).toBe(1);
    expect(server.errors.trim().split('\n')).toHaveLength(1);
    expect(server.errors).toContain('DATABASE_URL');
    expect(server.errors + server.output).not.toContain('hunter2');
    await place.remove();
  });

  test('bad configuration names the variables, not their values', async () => {
    const server = new ServerProcess({ PORT: 'eighty', MASTER_KEY: 'c2VjcmV0' });
    expect((await server.ended).code).toBe(1);
    expect(server.errors.trim()).toMatch(/^Bad value in .*PORT.*MASTER_KEY|^Bad value in .*MASTER_KEY.*PORT/);
    expect(server.errors).not.toMatch(/eighty|c2VjcmV0/);
    const production = new ServerProcess({ NODE_ENV: 'production' });
    expect((await production.ended).code).toBe(1);
    expect(production.errors.trim()).toMatch(/^Set MASTER_KEY and OPERATOR_TOKEN/);
  });

  test('an external database gets the same schema, and several processes share it', async () => {
    const place = await aPlace();
    const database = await createDatabase('template1');
    const env = { ...place.env, DATABASE_URL: database.url, WEB_CONCURRENCY: '2', DATABASE_POOL: '4' };
    const server = await new ServerProcess(env).ready();
    const demo = await place.demo();
    const logins = await Promise.all(Array.from({ length: 40 }, (_, n) => login(demo, `person-${n}`)));
    const refreshed = await Promise.all(
      logins.map(({ refreshToken }) => ask(demo.apiUrl, 'POST', '/v1/auth/refresh', { body: { refreshToken } })),
    );
    expect(refreshed.map(({ status }) => status)).toEqual(Array(40).fill(200));
    expect(await server.stop()).toEqual({ code: 0, signal: null });
    await database.drop();
    await place.remove();
  });

  test('more processes than the database has connections for get one line', async () => {
    const place = await aPlace();
    const database = await createDatabase('template1');
    const server = new ServerProcess({ ...place.env, DATABASE_URL: database.url, DATABASE_POOL: '500' });
    expect((await server.ended).code).toBe(1);
    expect(server.errors.trim()).toMatch(/lower DATABASE_POOL/);
    await database.drop();
    await place.remove();
  });
});
