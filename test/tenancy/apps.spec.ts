import { anApp, ask, must } from '../support/client.js';
import { startMinibase, type Minibase } from '../support/minibase.js';

interface App {
  id: string;
  name: string;
  mode: string;
  createdAt: string;
}
interface AppPage {
  data: App[];
  nextCursor: string | null;
}

describe('apps', () => {
  let minibase: Minibase;
  beforeAll(async () => {
    minibase = await startMinibase();
  });
  afterAll(() => minibase.close());

  const asked = (method: string, path: string, body?: unknown) =>
    ask<App & { code?: string }>(minibase.url, method, path, { token: minibase.operatorToken, body });
  const create = (name: string, mode = 'test') =>
    must<App>(minibase.url, 'POST', '/v1/apps', { token: minibase.operatorToken, body: { name, mode } });

  test('are made and read by the operator', async () => {
    const { status, body } = await asked('POST', '/v1/apps', { name: '  My shop ', mode: 'live' });
    expect(status).toBe(201);
    expect(body).toEqual({
      id: expect.stringMatching(/^app_[0-9a-f]{32}$/),
      name: 'My shop',
      mode: 'live',
      createdAt: expect.any(String),
    });
    expect(new Date(body.createdAt).toISOString()).toBe(body.createdAt);
    expect((await asked('GET', `/v1/apps/${body.id}`)).body).toEqual(body);
  });

  test.each([
    {},
    { name: 'x' },
    { name: '', mode: 'test' },
    { name: ' ', mode: 'test' },
    { name: 'x'.repeat(101), mode: 'test' },
    { name: 'x', mode: 'both' },
    { name: 'x', mode: 'test', id: 'app_1' },
  ])('are not made from %j', async (body) => {
    expect(await asked('POST', '/v1/apps', body)).toMatchObject({ status: 400, body: { code: 'validation_failed' } });
  });

  test('are listed newest first, page by page, each once, also when others come meanwhile', async () => {
    const made: string[] = [];
    for (const name of ['one', 'two', 'three', 'four', 'five']) made.unshift((await create(name)).id);
    const seen: string[] = [];
    let cursor: string | null = '';
    while (cursor !== null) {
      const path: string = `/v1/apps?limit=2${cursor && `&cursor=${cursor}`}`;
      const page: AppPage = await must<AppPage>(minibase.url, 'GET', path, { token: minibase.operatorToken });
      expect(page.data.length).toBeLessThanOrEqual(2);
      seen.push(...page.data.map(({ id }) => id));
      if (seen.length === 2) await create('late');
      cursor = page.nextCursor;
    }
    expect(seen.slice(0, 5)).toEqual(made);
    expect(new Set(seen).size).toBe(seen.length);
  });

  test('can be renamed, and nothing else', async () => {
    const app = await create('before');
    expect((await asked('PATCH', `/v1/apps/${app.id}`, { name: 'after' })).body).toEqual({ ...app, name: 'after' });
    expect((await asked('GET', `/v1/apps/${app.id}`)).body.name).toBe('after');
    const refused = await asked('PATCH', `/v1/apps/${app.id}`, { mode: 'live' });
    expect(refused).toMatchObject({ status: 400, body: { code: 'validation_failed' } });
  });

  test.each([
    ['GET', '/v1/apps/app_019a6b0c4d5e7f00a1b2c3d4e5f60718'],
    ['GET', '/v1/apps/app_019a6b0c4d5e7f00a1b2c3d4e5f60718/keys'],
    ['PATCH', '/v1/apps/app_019a6b0c4d5e7f00a1b2c3d4e5f60718'],
    ['POST', '/v1/apps/app_019a6b0c4d5e7f00a1b2c3d4e5f60718/keys'],
    ['DELETE', '/v1/apps/app_019a6b0c4d5e7f00a1b2c3d4e5f60718/keys/key_019a6b0c4d5e7f00a1b2c3d4e5f60718'],
    ['GET', '/v1/apps/usr_019a6b0c4d5e7f00a1b2c3d4e5f60718'],
  ])('%s %s of nobody is not found', async (method, path) => {
    const body = method === 'PATCH' || method === 'POST' ? { name: 'x' } : undefined;
    const { status, body: problem } = await asked(method, path, body);
    expect({ status, code: problem.code }).toEqual({
      status: 404,
      code: expect.stringMatching(/^(app|api_key)_not_found$/),
    });
  });

  test('are shown to the operator only', async () => {
    const app = await anApp(minibase, []);
    for (const token of [undefined, 'wrong', app.secretKey, `${minibase.operatorToken}x`]) {
      expect(await ask(minibase.url, 'GET', '/v1/apps', { token })).toMatchObject({ status: 401 });
    }
    const lower = await fetch(`${minibase.url}/v1/apps`, {
      headers: { authorization: `bearer ${minibase.operatorToken}` },
    });
    expect(lower.status).toBe(200);
  });

  test('in live mode have no business time of their own: the database refuses it', async () => {
    const [live, tried] = [await create('live', 'live'), await create('tried')];
    const move = (id: string) =>
      minibase.database.dataSource.query('update apps set clock_offset = 1000 where id = $1', [id]);
    await expect(move(live.id)).rejects.toThrow(/check constraint/);
    await move(tried.id);
    const back = minibase.database.dataSource.query('update apps set clock_offset = -1 where id = $1', [tried.id]);
    await expect(back).rejects.toThrow(/check constraint/);
  });
});
