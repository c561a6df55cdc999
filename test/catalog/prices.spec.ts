import { Prices } from '../../src/catalog/prices.service.js';
import { aLogin, anApp, aPrice, asServer, asUser, type TestApp } from '../support/client.js';
import { startMinibase, type Minibase } from '../support/minibase.js';

interface Price {
  id: string;
  productId: string;
  amount: number;
  maxQuantity: number;
  active: boolean;
  updatedAt: string;
  errors?: { path: string }[];
}

describe('prices', () => {
  let minibase: Minibase;
  let app: TestApp;
  let productId: string;
  beforeAll(async () => {
    minibase = await startMinibase();
  });
  beforeEach(async () => {
    app = await anApp(minibase, []);
    const product = await asServer<{ id: string }>(minibase, app, 'POST', '/v1/products', {
      body: { name: 'Coffee', features: { cups: 1 } },
    });
    productId = product.body.id;
  });
  afterAll(() => minibase.close());

  const ask = <T = Price>(method: string, path = '', body?: unknown) =>
    asServer<T>(minibase, app, method, `/v1/prices${path}`, { body });
  const made = async (over: object = {}) => (await ask('POST', '', { productId, amount: 1990, ...over })).body;
  const listed = async (query = '') => (await ask<{ data: Price[] }>('GET', query)).body.data;

  test('are, unless told otherwise, for the secret key, once and one at a time', async () => {
    const { status, body } = await ask('POST', '', { productId, amount: 1990 });
    expect(status).toBe(201);
    expect(body).toEqual({
      id: expect.stringMatching(/^prc_[0-9a-f]{32}$/),
      productId,
      amount: 1990,
      currency: 'CNY',
      recurring: null,
      audience: 'server',
      maxQuantity: 1,
      active: true,
      platforms: {},
      createdAt: expect.any(String),
      updatedAt: expect.any(String),
    });
    expect((await ask('GET', `/${body.id}`)).body).toEqual(body);
  });

  test('can be charged every period', async () => {
    expect(await made({ recurring: { interval: 'month' } })).toMatchObject({
      recurring: { interval: 'month', intervalCount: 1 },
    });
    expect(await made({ recurring: { interval: 'week', intervalCount: 2 } })).toMatchObject({
      recurring: { interval: 'week', intervalCount: 2 },
    });
  });

  test.each<[string, object, string]>([
    ['nothing', { amount: 0 }, 'amount'],
    ['less than nothing', { amount: -1 }, 'amount'],
    ['half a fen', { amount: 0.5 }, 'amount'],
    ['more than any platform takes', { amount: 10_000_000_001 }, 'amount'],
    ['more at once than any platform takes', { amount: 10_000_000_000, maxQuantity: 2 }, 'maxQuantity'],
    ['another currency', { currency: 'USD' }, 'currency'],
    ['an odd period', { recurring: { interval: 'fortnight' } }, 'recurring.interval'],
    ['an unknown platform', { platforms: { myspace: {} } }, 'platforms'],
    ['a setting that its platform does not know', { platforms: { wechat: { colour: 'red' } } }, 'platforms.wechat'],
    ['no product of this app', { productId: 'prd_019a6b0c4d5e7f00a1b2c3d4e5f60718' }, 'productId'],
  ])('of %s are refused, by the name of the field', async (_, over, path) => {
    const { status, body } = await ask<Price & { errors: { path: string }[] }>('POST', '', {
      productId,
      amount: 1990,
      ...over,
    });
    expect([status, body.code]).toEqual([400, 'validation_failed']);
    expect(body.errors.map((error) => error.path)[0]).toContain(path);
    expect(await listed()).toEqual([]);
  });

  test('of ten billion fen are kept to the fen', async () => {
    expect((await made({ amount: 9_999_999_999 })).amount).toBe(9_999_999_999);
  });

  test('never change what they cost, only who may pay them and how', async () => {
    const price = await made();
    for (const change of [{ amount: 1 }, { currency: 'CNY' }, { recurring: null }, { productId }])
      expect((await ask('PATCH', `/${price.id}`, change)).status).toBe(400);
    const { body } = await ask('PATCH', `/${price.id}`, { audience: 'public', maxQuantity: 3, active: false });
    const changed = { audience: 'public', maxQuantity: 3, active: false };
    expect(body).toEqual({ ...price, ...changed, updatedAt: body.updatedAt });
    expect(await ask('PATCH', `/${price.id}`, { maxQuantity: 1_000_000 })).toMatchObject({ status: 200 });
    const dear = await made({ amount: 6_000_000_000 });
    expect(await ask('PATCH', `/${dear.id}`, { maxQuantity: 2 })).toMatchObject({
      status: 400,
      body: { errors: [{ path: 'maxQuantity' }] },
    });
  });

  test('are listed newest first, by product and by whether they are sold', async () => {
    const [old, retired] = [await made(), await made({ active: false })];
    const other = await aPrice(minibase, app);
    expect((await listed()).map(({ id }) => id)).toEqual([other.id, retired.id, old.id]);
    expect((await listed(`?productId=${productId}`)).map(({ id }) => id)).toEqual([retired.id, old.id]);
    expect((await listed('?active=false')).map(({ id }) => id)).toEqual([retired.id]);
  });

  test('of another app are not found', async () => {
    const { id } = await made();
    app = await anApp(minibase, []);
    for (const [method, body] of [['GET'], ['PATCH', { active: false }]] as const)
      expect(await ask(method, `/${id}`, body)).toMatchObject({ status: 404, body: { code: 'price_not_found' } });
    expect(await ask('POST', '', { productId, amount: 1 })).toMatchObject({ status: 400 });
  });

  test('show to a user only what is public and sold, and nothing of the settings', async () => {
    const shop = await anApp(minibase, ['wechat']);
    const ming = await aLogin(minibase, shop);
    const sold = await aPrice(minibase, shop);
    const monthly = await aPrice(minibase, shop, { recurring: { interval: 'month' }, maxQuantity: 1 });
    await aPrice(minibase, shop, { audience: 'server' });
    await aPrice(minibase, shop, { active: false });
    const retired = await aPrice(minibase, shop);
    await asServer(minibase, shop, 'PATCH', `/v1/products/${retired.productId}`, { body: { active: false } });
    const { body } = await asUser<{ data: { id: string }[] }>(minibase, ming, 'GET', '/v1/me/prices');
    expect(body.data.map(({ id }) => id)).toEqual([monthly.id, sold.id]);
    expect(body.data[1]).toEqual({
      id: sold.id,
      productId: sold.productId,
      product: { name: 'Coffee', features: {} },
      amount: 1990,
      currency: 'CNY',
      recurring: null,
      maxQuantity: 10,
    });
    const { body: first } = await asUser<{ nextCursor: string }>(minibase, ming, 'GET', '/v1/me/prices?limit=1');
    const next = await asUser<{ data: { id: string }[]; nextCursor: null }>(
      minibase,
      ming,
      'GET',
      `/v1/me/prices?limit=1&cursor=${first.nextCursor}`,
    );
    expect(next.body).toMatchObject({ data: [{ id: sold.id }], nextCursor: null });
  });

  describe('that a user pays', () => {
    const payable = (id: string, quantity: number) => minibase.app.get(Prices).payable(app.appId, id, quantity);

    test('cost the amount times the quantity, and are called as the product', async () => {
      const price = await made({ audience: 'public', maxQuantity: 10 });
      expect(await payable(price.id, 1)).toMatchObject({ amount: 1990, subject: 'Coffee', price: { id: price.id } });
      expect(await payable(price.id, 10)).toMatchObject({ amount: 19_900, subject: 'Coffee × 10' });
    });

    test('are public, active, paid once and for as many as allowed; nothing else can be paid', async () => {
      const bounded = await made({ audience: 'public', maxQuantity: 10 });
      const refused: [string, number][] = [
        [bounded.id, 0],
        [bounded.id, -1],
        [bounded.id, 1.5],
        [bounded.id, 11],
        [(await made()).id, 1],
        [(await made({ audience: 'public', active: false })).id, 1],
        [(await made({ audience: 'public', recurring: { interval: 'day' } })).id, 1],
      ];
      for (const [id, quantity] of refused)
        await expect(payable(id, quantity)).rejects.toMatchObject({ status: 422, code: 'price_not_payable' });
      await asServer(minibase, app, 'PATCH', `/v1/products/${productId}`, { body: { active: false } });
      await expect(payable(bounded.id, 1)).rejects.toMatchObject({ code: 'price_not_payable' });
      const unknown = 'prc_019a6b0c4d5e7f00a1b2c3d4e5f60718';
      await expect(payable(unknown, 1)).rejects.toMatchObject({ status: 404, code: 'price_not_found' });
    });
  });
});
