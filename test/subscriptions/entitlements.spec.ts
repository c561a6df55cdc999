import { createPublicKey } from 'node:crypto';
import jwt from 'jsonwebtoken';
import { ask, must } from '../support/client.js';
import { untilEvent } from '../support/events.js';
import { type Minibase, startMinibase } from '../support/minibase.js';
import { Shop } from '../payments/support/shop.js';

interface Entitlement {
  feature: string;
  value: unknown;
  expiresAt: string | null;
  graceUntil: string | null;
  source: { type: string; id: string };
  usage?: { used: number; limit: number; periodStart: string };
}
interface Entitlements {
  data: Entitlement[];
  snapshot: string;
}

describe('entitlements', () => {
  let minibase: Minibase;
  let shop: Shop;
  beforeAll(async () => {
    minibase = await startMinibase();
  });
  beforeEach(async () => {
    shop = await Shop.open(minibase);
  });
  afterAll(async () => {
    await minibase.close();
  });

  const server = <T = Record<string, unknown>>(method: string, path: string, body?: unknown, key?: string) =>
    ask<T>(minibase.url, method, path, { token: shop.app.secretKey, body, ...(key === undefined ? {} : { key }) });
  const grantsOf = () => `/v1/users/${shop.login.user.id}/grants`;
  const grant = async (body: object) => {
    const { status, body: made } = await server<{ id: string }>('POST', grantsOf(), body);
    expect(status).toBe(201);
    return made;
  };
  const mine = async (): Promise<Entitlements> =>
    must<Entitlements>(minibase.url, 'GET', '/v1/me/entitlements', { token: shop.login.accessToken });
  const usage = (body: object) =>
    server<{ used: number; limit: number; code?: string }>('POST', '/v1/usage', {
      userId: shop.login.user.id,
      feature: 'exports',
      ...body,
    });
  const publicPrice = async (features: object): Promise<string> => {
    const token = shop.app.secretKey;
    const product = await must<{ id: string }>(minibase.url, 'POST', '/v1/products', {
      token,
      body: { name: 'Album', features },
    });
    const body = { productId: product.id, amount: 990, audience: 'public' };
    return (await must<{ id: string }>(minibase.url, 'POST', '/v1/prices', { token, body })).id;
  };

  test('a grant is there at once, until it ends by itself', async () => {
    const ends = new Date(minibase.clock.now().getTime() + 3_600_000).toISOString();
    const { id } = await grant({ feature: 'pro', expiresAt: ends });
    expect((await mine()).data).toEqual([
      { feature: 'pro', value: true, expiresAt: ends, graceUntil: null, source: { type: 'grant', id } },
    ]);
    await shop.advance(3_601);
    expect((await mine()).data).toEqual([]);
    const late = await server('POST', grantsOf(), { feature: 'pro', expiresAt: ends });
    expect(late.body['code']).toBe('validation_failed');
  });

  test('a grant is taken back once, and twice does no harm', async () => {
    const { id } = await grant({ feature: 'pro' });
    for (let times = 0; times < 2; times++) expect((await server('DELETE', `/v1/grants/${id}`)).status).toBe(204);
    expect((await mine()).data).toEqual([]);
    const events = await untilEvent(minibase, shop.app.secretKey, 'entitlement.changed', 2);
    const told = events.filter(({ stream }) => stream.id === id).map(({ sequence }) => sequence);
    expect(told).toEqual([1, 2]);
  });

  test('of several sources the best counts', async () => {
    await grant({ feature: 'seats', value: 3 });
    const { id } = await grant({ feature: 'seats', value: 10 });
    await grant({ feature: 'seats', value: 9 });
    await grant({ feature: 'off', value: false });
    const { data } = await mine();
    expect(data.map(({ feature, value, source }) => [feature, value, source.id])).toEqual([['seats', 10, id]]);
  });

  test('who has bought a product has its features when the payment settles, and not after a full refund', async () => {
    const priceId = await publicPrice({ hd: true, seats: 2 });
    const { body: payment } = await shop.mine('POST', '/v1/me/payments', { body: { priceId, platform: 'wechat' } });
    await shop.cashier(payment.clientAction);
    await shop.until(payment.id, 'succeeded');
    const { data } = await mine();
    expect(data.map(({ feature, value, source }) => [feature, value, source])).toEqual([
      ['hd', true, { type: 'payment', id: payment.id }],
      ['seats', 2, { type: 'payment', id: payment.id }],
    ]);
    const { body: part } = await shop.refund(payment.id, { amount: 1 });
    await shop.untilSent(part.id);
    await shop.advanceUntilRefund(part.id, 'succeeded');
    expect((await mine()).data).toHaveLength(2);
    const { body: rest } = await shop.refund(payment.id);
    await shop.advanceUntilRefund(rest.id, 'succeeded');
    expect((await mine()).data).toEqual([]);
  });

  test('the snapshot verifies with the published keys, and is no access token', async () => {
    await grant({ feature: 'pro' });
    const { snapshot } = await mine();
    const { keys } = await must<{ keys: { kid: string }[] }>(minibase.url, 'GET', '/.well-known/jwks.json');
    const { header } = jwt.decode(snapshot, { complete: true })!;
    expect(header).toMatchObject({ typ: 'entitlements+jwt', alg: 'ES256' });
    const jwk = keys.find(({ kid }) => kid === header.kid)!;
    const key = createPublicKey({ key: jwk as never, format: 'jwk' });
    const claims = jwt.verify(snapshot, key, {
      algorithms: ['ES256'],
      audience: shop.app.appId,
      ignoreExpiration: true,
    });
    expect(claims).toMatchObject({
      sub: shop.login.user.id,
      entitlements: { pro: { value: true, until: null } },
    });
    expect((await ask(minibase.url, 'GET', '/v1/me', { token: snapshot })).status).toBe(401);
  });

  test('metered use counts once per event, up to the limit', async () => {
    await grant({ feature: 'exports', value: { limit: 5 } });
    const answers = await Promise.all(Array.from({ length: 20 }, () => usage({ eventId: 'same', quantity: 2 })));
    expect(new Set(answers.map(({ status, body }) => `${status} ${body.used}`))).toEqual(new Set(['200 2']));
    expect((await usage({ eventId: 'same', quantity: 3 })).body.code).toBe('usage_event_taken');
    const race = await Promise.all(Array.from({ length: 10 }, (_, n) => usage({ eventId: `race-${n}` })));
    expect(race.filter(({ status }) => status === 200)).toHaveLength(3);
    expect(race.filter(({ body }) => body.code === 'usage_limit_reached')).toHaveLength(7);
    expect((await usage({ eventId: 'late', force: true })).body).toMatchObject({ used: 6, limit: 5 });
    const [exports] = (await mine()).data;
    expect(exports?.usage).toMatchObject({ used: 6, limit: 5 });
  });

  test('use without the feature is refused, and nothing is counted', async () => {
    expect((await usage({ eventId: 'one' })).body.code).toBe('not_entitled');
    await grant({ feature: 'exports', value: { limit: 1 } });
    expect((await usage({ eventId: 'one' })).body).toMatchObject({ used: 1 });
  });

  test('a merged user brings what it has along; an erased one has nothing', async () => {
    await grant({ feature: 'pro' });
    const other = await Shop.open(minibase);
    expect(
      (await ask(minibase.url, 'GET', `/v1/users/${shop.login.user.id}/entitlements`, { token: other.app.secretKey }))
        .status,
    ).toBe(404);
    const into = await server<{ id: string }>('GET', `/v1/users/${shop.login.user.id}`);
    expect(into.status).toBe(200);
    await must(minibase.url, 'DELETE', `/v1/users/${shop.login.user.id}`, { token: shop.app.secretKey });
    const rows = await minibase.database.dataSource.query('select from entitlements where user_id = $1', [
      shop.login.user.id,
    ]);
    expect(rows).toHaveLength(0);
  });
});
