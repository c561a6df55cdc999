import { must } from '../support/client.js';
import { type Minibase, startMinibase } from '../support/minibase.js';
import { Shop } from '../payments/support/shop.js';

interface Subscription {
  readonly id: string;
  readonly credit: number;
  readonly currentPeriodStart: string;
}

describe('a first period that costs nothing', () => {
  let minibase: Minibase;
  let shop: Shop;
  let prices: { readonly free: string; readonly other: string };
  beforeAll(async () => {
    minibase = await startMinibase();
    shop = await Shop.open(minibase);
    const make = async (path: string, body: object) =>
      (await must<{ id: string }>(minibase.url, 'POST', path, { token: shop.app.secretKey, body })).id;
    const productId = await make('/v1/products', { name: 'Gym', features: { gym: true } });
    const recurring = { interval: 'month', intervalCount: 1 };
    const introductory = { amount: 0, periods: 1 };
    prices = {
      free: await make('/v1/prices', { productId, amount: 1_500, recurring: { ...recurring, introductory } }),
      other: await make('/v1/prices', { productId, amount: 300, recurring }),
    };
  });
  afterAll(async () => {
    await minibase.close();
  });

  const subscribe = async () => {
    const body = { userId: shop.login.user.id, priceId: prices.free, platform: 'wechat', renewal: 'manual' };
    const { subscription } = await must<{ subscription: Subscription }>(minibase.url, 'POST', '/v1/subscriptions', {
      token: shop.app.secretKey,
      body,
    });
    return subscription;
  };

  test('is the period of its invoice, and leaves nothing to give back', async () => {
    const subscription = await subscribe();
    const { body } = await shop.server<{ data: { periodStart: string }[] }>(
      'GET',
      `/v1/invoices?subscriptionId=${subscription.id}`,
    );
    const changed = await shop.server<{ subscription: Subscription }>(
      'POST',
      `/v1/subscriptions/${subscription.id}/change`,
      { body: { priceId: prices.other, at: 'now' } },
    );
    // Of 0 fen paid nothing is left: there is no credit, and the rest of the month at the new price is to be paid.
    expect({ credit: changed.body.subscription.credit, periodStart: body.data[0]!.periodStart }).toEqual({
      credit: 0,
      periodStart: subscription.currentPeriodStart,
    });
  });
});
