import { anApp, asServer, type TestApp } from '../support/client.js';
import { startMinibase, type Minibase } from '../support/minibase.js';

interface Product {
  id: string;
  name: string;
  features: object;
  active: boolean;
  metadata: object;
  createdAt: string;
  updatedAt: string;
}

describe('products', () => {
  let minibase: Minibase;
  let app: TestApp;
  beforeAll(async () => {
    minibase = await startMinibase();
  });
  beforeEach(async () => {
    app = await anApp(minibase, []);
  });
  afterAll(() => minibase.close());

  const ask = <T = Product>(method: string, path = '', body?: unknown, key?: string) =>
    asServer<T>(minibase, app, method, `/v1/products${path}`, { body, ...(key === undefined ? {} : { key }) });
  const made = async (body: object = { name: 'Pro' }) => (await ask('POST', '', body)).body;
  const listed = async (query = '') => (await ask<{ data: Product[] }>('GET', query)).body.data;

  test('need a name; the rest has a default', async () => {
    const { status, body } = await ask('POST', '', { name: '  Pro ' });
    expect(status).toBe(201);
    expect(body).toEqual({
      id: expect.stringMatching(/^prd_[0-9a-f]{32}$/),
      name: 'Pro',
      features: {},
      active: true,
      metadata: {},
      createdAt: expect.any(String),
      updatedAt: expect.any(String),
    });
    expect((await ask('GET', `/${body.id}`)).body).toEqual(body);
  });

  test('say what whoever buys them gets: on or off, or how many', async () => {
    const product = await made({ name: 'Pro', features: { pro: true, seats: 5 }, metadata: { sku: '7' } });
    expect(product).toMatchObject({ features: { pro: true, seats: 5 }, metadata: { sku: '7' } });
    const { body } = await ask('PATCH', `/${product.id}`, { features: { seats: 10 } });
    expect(body).toEqual({ ...product, features: { seats: 10 }, updatedAt: body.updatedAt });
  });

  test('change field by field; what is left out stays', async () => {
    const product = await made({ name: 'Pro', features: { pro: true } });
    const { body: renamed } = await ask('PATCH', `/${product.id}`, { name: 'Team' });
    expect(renamed).toEqual({ ...product, name: 'Team', updatedAt: renamed.updatedAt });
    const { body: retired } = await ask('PATCH', `/${product.id}`, { active: false });
    expect(retired).toEqual({ ...renamed, active: false, updatedAt: retired.updatedAt });
    expect((await ask('PATCH', `/${product.id}`, {})).status).toBe(200);
  });

  test('are listed newest first, page by page, and by whether they are sold', async () => {
    const ids: string[] = [];
    for (const name of ['One', 'Two', 'Three']) ids.unshift((await made({ name })).id);
    await ask('PATCH', `/${ids[1]}`, { active: false });
    expect((await listed()).map(({ id }) => id)).toEqual(ids);
    expect((await listed('?active=true')).map(({ id }) => id)).toEqual([ids[0], ids[2]]);
    expect((await listed('?active=false')).map(({ id }) => id)).toEqual([ids[1]]);
    const { body } = await ask<{ nextCursor: string }>('GET', '?limit=2');
    expect((await listed(`?limit=2&cursor=${body.nextCursor}`)).map(({ id }) => id)).toEqual([ids[2]]);
  });

  test.each<[string, object]>([
    ['no name', {}],
    ['an emoji, which platforms refuse', { name: 'Pro 🚀' }],
    ['a line break', { name: 'Pro\nfree' }],
    ['a feature that is a text', { name: 'Pro', features: { pro: 'yes' } }],
    ['a feature that is half', { name: 'Pro', features: { seats: 0.5 } }],
    ['a feature without a name', { name: 'Pro', features: { '': true } }],
    ['an unknown field', { name: 'Pro', colour: 'red' }],
  ])('with %s are refused', async (_, body) => {
    expect(await ask('POST', '', body)).toMatchObject({ status: 400, body: { code: 'validation_failed' } });
    expect(await listed()).toEqual([]);
  });

  test('of another app are not found', async () => {
    const { id } = await made();
    app = await anApp(minibase, []);
    for (const [method, body] of [['GET'], ['PATCH', { name: 'Mine' }]] as const)
      expect(await ask(method, `/${id}`, body)).toMatchObject({ status: 404, body: { code: 'product_not_found' } });
  });

  test('are made once per Idempotency-Key, and who changed them is on record', async () => {
    const [first, again] = [await ask('POST', '', { name: 'Pro' }, 'k'), await ask('POST', '', { name: 'Pro' }, 'k')];
    expect(again.body).toEqual(first.body);
    await ask('PATCH', `/${first.body.id}`, { name: 'Team' });
    const entries = await minibase.database.dataSource.query(
      `select action, target, fields from audit_log where app_id = $1 and action like 'product.%' order by id`,
      [app.appId],
    );
    expect(entries).toEqual([
      { action: 'product.create', target: first.body.id, fields: expect.arrayContaining(['name']) },
      { action: 'product.update', target: first.body.id, fields: ['name'] },
    ]);
  });
});
