import { createHash } from 'node:crypto';
import { until } from '../queues/support/until.js';
import { anApp, ask, must, type TestApp } from '../support/client.js';
import { startMinibase, type Minibase } from '../support/minibase.js';

interface Key {
  id: string;
  name: string;
  hint: string;
  secret?: string;
  createdAt: string;
  lastUsedAt: string | null;
  revokedAt: string | null;
}

describe('API keys', () => {
  let minibase: Minibase;
  let app: TestApp;
  beforeAll(async () => {
    minibase = await startMinibase();
  });
  beforeEach(async () => {
    app = await anApp(minibase, []);
  });
  afterAll(() => minibase.close());

  const operator = <T>(method: string, path: string, body?: unknown) =>
    must<T>(minibase.url, method, path, { token: minibase.operatorToken, body });
  const create = (name = 'server') =>
    operator<Key & { secret: string }>('POST', `/v1/apps/${app.appId}/keys`, { name });
  const list = async () => (await operator<{ data: Key[] }>('GET', `/v1/apps/${app.appId}/keys`)).data;
  const revoke = (id: string) => operator('DELETE', `/v1/apps/${app.appId}/keys/${id}`);
  const use = async (secret: string, url = minibase.url) =>
    (await ask(url, 'GET', '/v1/users', { token: secret })).status;
  const row = async (id: string) =>
    (await minibase.database.dataSource.query<{ hash: Buffer }[]>('select * from api_keys where id = $1', [id]))[0]!;

  test('are shown once; afterwards only their last four characters', async () => {
    const { secret, ...key } = await create('production server');
    expect(secret).toMatch(/^mb_test_[0-9a-f]{32}_[A-Za-z0-9_-]{43}$/);
    expect(key).toEqual({
      id: expect.stringMatching(/^key_[0-9a-f]{32}$/),
      name: 'production server',
      hint: secret.slice(-4),
      createdAt: expect.any(String),
      lastUsedAt: null,
      revokedAt: null,
    });
    expect(await list()).toContainEqual(key);
    expect(JSON.stringify(await list())).not.toContain(secret.slice(0, -4));
  });

  test('are stored as a hash, from which nobody gets them back', async () => {
    const { id, secret } = await create();
    const stored = await row(id);
    expect(stored.hash).toEqual(createHash('sha256').update(secret).digest());
    expect(JSON.stringify(stored)).not.toContain(secret.slice(-43));
  });

  test('of one app may be several, all of which open it', async () => {
    const [one, two] = [await create('one'), await create('two')];
    expect([await use(app.secretKey), await use(one.secret), await use(two.secret)]).toEqual([200, 200, 200]);
    expect((await list()).map(({ name }) => name)).toEqual(['two', 'one', 'server']);
  });

  test('of a live app say so', async () => {
    const live = await operator<{ id: string }>('POST', '/v1/apps', { name: 'Live', mode: 'live' });
    const { secret } = await operator<{ secret: string }>('POST', `/v1/apps/${live.id}/keys`, { name: 'x' });
    expect(secret).toMatch(/^mb_live_/);
    expect(await use(secret)).toBe(200);
    expect(await use(secret.replace('mb_live_', 'mb_test_'))).toBe(401);
  });

  test('die at once when revoked, the others live on', async () => {
    const [doomed, other] = [await create(), await create()];
    expect(await use(doomed.secret)).toBe(200);
    await revoke(doomed.id);
    expect(await use(doomed.secret)).toBe(401);
    expect(await use(other.secret)).toBe(200);
    const shown = (await list()).find(({ id }) => id === doomed.id);
    expect(shown?.revokedAt).not.toBeNull();
  });

  test('die at once also while requests with them are under way', async () => {
    const { id, secret } = await create();
    const pouring = Array.from({ length: 30 }, () => use(secret));
    await revoke(id);
    expect(await use(secret)).toBe(401);
    for (const status of await Promise.all(pouring)) expect([200, 401]).toContain(status);
    expect(await use(secret)).toBe(401);
  });

  test('die in other processes within five seconds', async () => {
    const other = await minibase.another();
    const { id, secret } = await create();
    expect(await use(secret, other.url)).toBe(200);
    await revoke(id);
    const took = await until('the other process knows', async () => (await use(secret, other.url)) === 401);
    // And what a busy machine takes on top.
    expect(took).toBeLessThan(9_000);
    await other.close();
  });

  test('cannot be revoked twice, nor by the name of another app', async () => {
    const { id } = await create();
    const other = await anApp(minibase, []);
    const foreign = await ask(minibase.url, 'DELETE', `/v1/apps/${other.appId}/keys/${id}`, {
      token: minibase.operatorToken,
    });
    expect(foreign).toMatchObject({ status: 404, body: { code: 'api_key_not_found' } });
    await revoke(id);
    const again = await ask(minibase.url, 'DELETE', `/v1/apps/${app.appId}/keys/${id}`, {
      token: minibase.operatorToken,
    });
    expect(again).toMatchObject({ status: 404, body: { code: 'api_key_not_found' } });
  });

  test('remember their last use, to the minute', async () => {
    const { id, secret } = await create();
    const lastUse = async () => (await list()).find((key) => key.id === id)!.lastUsedAt;
    await use(secret);
    await until('the use is remembered', async () => (await lastUse()) !== null);
    const first = await lastUse();
    expect(Math.abs(Date.now() - Date.parse(first!))).toBeLessThan(60_000);
    await minibase.database.dataSource.query(
      `update api_keys set last_used_at = now() - interval '61 seconds' where id = $1`,
      [id],
    );
    // Here the use of this minute is known; another process finds that a minute has passed.
    const other = await minibase.another();
    await use(secret, other.url);
    await until('the next minute counts', async () => Date.now() - Date.parse((await lastUse())!) < 60_000);
    await other.close();
  });

  test.each([
    ['cut short', (secret: string) => secret.slice(0, -1)],
    ['made longer', (secret: string) => `${secret}x`],
    ['with one other character', (secret: string) => secret.slice(0, -1) + (secret.endsWith('A') ? 'B' : 'A')],
    ['of another mode', (secret: string) => secret.replace('test', 'live')],
    ['of another app', (secret: string) => secret.replace(/[0-9a-f]{32}/, '0'.repeat(32))],
    ['in capitals', (secret: string) => secret.toUpperCase()],
  ])('%s open nothing', async (_, change) => {
    const { secret } = await create();
    const { status, body } = await ask(minibase.url, 'GET', '/v1/users', { token: change(secret) });
    expect({ status, code: body['code'] }).toEqual({ status: 401, code: 'unauthenticated' });
  });
});
