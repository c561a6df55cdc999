import { must } from '../support/client.js';
import { until } from '../queues/support/until.js';
import { type Minibase, startMinibase } from '../support/minibase.js';
import { type ClientAction, Shop } from '../payments/support/shop.js';

interface Started {
  readonly subscription: {
    readonly id: string;
    readonly status: string;
    readonly priceId: string;
    readonly credit: number;
  };
  readonly clientAction?: ClientAction;
}

describe('a change that only has to be signed', () => {
  let minibase: Minibase;
  let shop: Shop;
  beforeAll(async () => {
    minibase = await startMinibase();
    shop = await Shop.open(minibase, ['alipay']);
  });
  afterAll(async () => {
    await minibase.close();
  });

  test('leaves an invoice that says what was given back and what was charged', async () => {
    const make = async (path: string, body: object) =>
      (await must<{ id: string }>(minibase.url, 'POST', path, { token: shop.app.secretKey, body })).id;
    const productId = await make('/v1/products', { name: 'Club', features: { club: true } });
    const price = (amount: number, interval: string) =>
      make('/v1/prices', { productId, amount, recurring: { interval, intervalCount: 1 } });
    const [yearly, weekly] = [await price(9_000, 'year'), await price(450, 'week')];
    const userId = shop.login.user.id;
    const post = (path: string, body: object) => shop.server<Started>('POST', path, { body });
    const read = async (id: string) =>
      (await shop.server<Started['subscription']>('GET', `/v1/subscriptions/${id}`)).body;

    const begun = (await post('/v1/subscriptions', { userId, priceId: yearly, platform: 'alipay' })).body;
    const { id } = begun.subscription;
    await shop.cashier(begun.clientAction);
    await shop.server('POST', '/v1/test-clock/advance', { body: { days: 1 } });
    await until('it is active', async () => (await read(id)).status === 'active');
    const change = (await post(`/v1/subscriptions/${id}/change`, { priceId: weekly, at: 'now' })).body;
    await shop.cashier(change.clientAction);
    await until('the change took effect', async () => (await read(id)).priceId === weekly);

    const { credit } = await read(id);
    const { body } = await shop.server<{ data: { kind: string; lines: { kind: string; amount: number }[] }[] }>(
      'GET',
      `/v1/invoices?subscriptionId=${id}`,
    );
    const lines = body.data.filter(({ kind }) => kind === 'change').flatMap((one) => one.lines);
    // As for a change that needs no signature: the credit is what the lines give back beyond the week that begins.
    expect(lines.map(({ kind }) => kind)).toEqual(['unused', 'period']);
    expect(credit).toBe(-lines.reduce((sum, { amount }) => sum + amount, 0));
  });
});
