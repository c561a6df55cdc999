import { createHash, randomUUID } from 'node:crypto';
import { Lanes } from '../../src/queues/lane.js';
import { until } from '../queues/support/until.js';
import { aCode, aLogin, anApp, ask, must, type Ask, type TestApp } from '../support/client.js';
import { startMinibase, type Minibase } from '../support/minibase.js';
import { accountsOf } from './support/accounts.js';

describe('what an Idempotency-Key remembers', () => {
  let minibase: Minibase;
  let app: TestApp;
  beforeAll(async () => {
    minibase = await startMinibase();
    app = await anApp(minibase, ['wechat']);
  });
  afterAll(() => minibase.close());

  const query = <T = Record<string, unknown>>(sql: string, values: unknown[] = []) =>
    minibase.database.dataSource.query<T[]>(sql, values);
  const age = (key: string, by: string) =>
    query(`update idempotency_keys set created_at = now() - $2::interval where key = $1`, [key, by]);
  const stored = async (key: string) => (await query('select * from idempotency_keys where key = $1', [key]))[0];
  const post = (path: string, over: Ask) => ask(minibase.url, 'POST', path, over);
  const newKey = (key: string, over: Ask = {}) =>
    post(`/v1/apps/${app.appId}/keys`, { token: minibase.operatorToken, body: { name: 'x' }, key, ...over });

  test('is not an input that was refused', async () => {
    const key = randomUUID();
    const refused = await post('/v1/apps', { token: minibase.operatorToken, body: { name: '', mode: 'test' }, key });
    expect(refused.status).toBe(400);
    const made = await post('/v1/apps', { token: minibase.operatorToken, body: { name: 'Good', mode: 'test' }, key });
    expect(made.status).toBe(201);
    expect(made.headers.has('idempotent-replayed')).toBe(false);
  });

  test('is not what was not found', async () => {
    const key = randomUUID();
    const path = '/v1/users/usr_019a6b0c4d5e7f00a1b2c3d4e5f60718';
    const missing = () => ask(minibase.url, 'PATCH', path, { token: app.secretKey, body: { nickname: 'x' }, key });
    expect([(await missing()).status, (await missing()).status]).toEqual([404, 404]);
    expect(await stored(key)).toBeUndefined();
  });

  test('is not a failure of ours: the same request may succeed later', async () => {
    const key = randomUUID();
    const create = () => post('/v1/apps', { token: minibase.operatorToken, body: { name: 'Shop', mode: 'test' }, key });
    await query('alter table audit_log rename to audit_log_away');
    expect(await create()).toMatchObject({ status: 500, body: { code: 'internal_error' } });
    await query('alter table audit_log_away rename to audit_log');
    const made = await create();
    expect({ status: made.status, replayed: made.headers.has('idempotent-replayed') }).toEqual({
      status: 201,
      replayed: false,
    });
  });

  test('is not a sandbox or platform that was away', async () => {
    const key = randomUUID();
    const body = { platform: 'wechat', platformAppId: 'wx00000000000000ee' };
    const shop = await anApp(minibase, []);
    const away = await minibase.another({ sandboxUrl: 'http://127.0.0.1:9' });
    expect((await accountsOf({ ...minibase, url: away.url }, shop.secretKey).create(body, { key })).status).toBe(503);
    expect((await accountsOf(minibase, shop.secretKey).create(body, { key })).status).toBe(201);
    await away.close();
  });

  test('is, of a secret key, the secret itself for ten minutes, and then no longer', async () => {
    const key = randomUUID();
    const first = await newKey(key);
    await age(key, '9 minutes 50 seconds');
    expect((await newKey(key)).body).toEqual(first.body);
    await age(key, '10 minutes 1 second');
    expect(await newKey(key)).toMatchObject({ status: 409, body: { code: 'secret_already_shown' } });
    const { data } = await must<{ data: { id: string }[] }>(minibase.url, 'GET', `/v1/apps/${app.appId}/keys`, {
      token: minibase.operatorToken,
    });
    expect(data.filter(({ id }) => id === first.body['id'])).toHaveLength(1);
  });

  test('is, of a login, the tokens for ten minutes, and then no longer', async () => {
    const key = randomUUID();
    const body = { platform: 'wechat', code: await aCode(minibase, app, 'ming') };
    const login = () => post('/v1/auth/login', { appId: app.appId, body, key });
    const first = await login();
    expect((await login()).body).toEqual(first.body);
    await age(key, '10 minutes 1 second');
    expect(await login()).toMatchObject({ status: 409, body: { code: 'secret_already_shown' } });
  });

  test('is sealed where it is secret, and kept apart from the body', async () => {
    const key = randomUUID();
    const { body } = await newKey(key);
    const row = await stored(key);
    expect(row?.['sealed']).toMatch(/^s1\./);
    expect(JSON.stringify(row)).not.toContain(String(body['secret']).slice(-40));
    expect(row?.['body_hash']).toEqual(
      createHash('sha256')
        .update(JSON.stringify({ name: 'x' }))
        .digest(),
    );
  });

  test('is of one caller: the same key of another means another request', async () => {
    const key = randomUUID();
    const other = await anApp(minibase, ['wechat']);
    const people = [
      await aLogin(minibase, app, 'a'),
      await aLogin(minibase, app, 'b'),
      await aLogin(minibase, other, 'a'),
    ];
    const nicknames = await Promise.all(
      people.map(async ({ accessToken: token }, index) => {
        const body = { nickname: `nick ${index}` };
        const { status, body: me } = await ask(minibase.url, 'PATCH', '/v1/me', { token, body, key });
        return { status, nickname: me['nickname'] };
      }),
    );
    expect(nicknames).toEqual([0, 1, 2].map((index) => ({ status: 200, nickname: `nick ${index}` })));
    const second = await newKey(randomUUID());
    for (const token of [app.secretKey, String(second.body['secret']), other.secretKey]) {
      const answer = await accountsOf(minibase, token).create({ platform: 'wechat' }, { key });
      expect({ status: answer.status, replayed: answer.headers.has('idempotent-replayed') }).toEqual({
        status: 201,
        replayed: false,
      });
    }
  });

  test('is given up by a process that died with it after thirty seconds, and not before', async () => {
    const key = randomUUID();
    const body = {
      platform: 'wechat',
      platformAppId: app.programs.wechat.platformAppId,
      code: await aCode(minibase, app, 'hong'),
    };
    const login = () => post('/v1/auth/login', { appId: app.appId, body, key });
    await query(
      `insert into idempotency_keys (app_id, caller, key, route, body_hash) values ($1, 'app', $2, 'POST /v1/auth/login', $3)`,
      [app.appId, key, createHash('sha256').update(JSON.stringify(body)).digest()],
    );
    await age(key, '25 seconds');
    expect(await login()).toMatchObject({ status: 409, body: { code: 'idempotency_in_progress' } });
    await age(key, '31 seconds');
    expect((await login()).status).toBe(200);
  });

  test('ends after seven days, its secret after ten minutes, and nothing younger ends', async () => {
    const [old, week, shown, fresh] = [randomUUID(), randomUUID(), randomUUID(), randomUUID()];
    for (const key of [old, week, shown, fresh]) expect((await newKey(key)).status).toBe(201);
    await age(old, '7 days 1 second');
    await age(week, '6 days 23 hours');
    await age(shown, '10 minutes 1 second');
    await minibase.app.get(Lanes).nudge('idempotency', { appId: 'all', lane: 'idempotency-keys' });
    await until('the old key is forgotten', async () => (await stored(old)) === undefined);
    await until('the secret is forgotten', async () => (await stored(shown))?.['sealed'] === null);
    expect((await stored(week))?.['resource_id']).toMatch(/^key_/);
    expect((await stored(fresh))?.['sealed']).toMatch(/^s1\./);
    expect((await newKey(old)).headers.has('idempotent-replayed')).toBe(false);
  });

  test('ends without anybody asking for it', async () => {
    const key = randomUUID();
    await newKey(key);
    await age(key, '8 days');
    await query('delete from queue_sweeps');
    const other = await minibase.another(); // its first sweep comes within a second
    await until('the sweep has found it', async () => (await stored(key)) === undefined);
    await other.close();
  });
});
