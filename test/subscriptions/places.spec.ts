import { until } from '../queues/support/until.js';
import { type Minibase, startMinibase } from '../support/minibase.js';
import { Club } from './support/club.js';
import { aProduct, pass } from './support/contracts.js';

describe("a user's place for a product", () => {
  let minibase: Minibase;
  let club: Club;
  beforeAll(async () => {
    minibase = await startMinibase();
  });
  beforeEach(async () => {
    club = await Club.open(minibase);
  });
  afterEach(async () => {
    expect(await club.violations()).toEqual([]);
  });
  afterAll(() => minibase.close());

  test('is taken by a change that waits for the end of the period', async () => {
    const productId = await aProduct(club, 'max');
    const other = await club.price({ productId, amount: 5_000 });
    const begun = await club.subscribed(await club.price());
    await club.act(begun.id, 'change', { priceId: other, at: 'period_end' });
    const { status } = await club.shop.mine('POST', '/v1/me/subscriptions', {
      body: { priceId: other, platform: 'wechat', renewal: 'manual' },
    });
    expect(status).toBe(409);
  });

  test('goes to the change that was asked for before the other one was paid', async () => {
    const productId = await aProduct(club, 'max');
    const other = await club.price({ productId, amount: 5_000 });
    const waiting = await club.start(other);
    const begun = await club.subscribed(await club.price());
    const { body } = await club.act(begun.id, 'change', { priceId: other });
    await club.shop.cashier(waiting.clientAction);
    await club.shop.cashier(body.clientAction);
    await until('changed', async () => (await club.read(begun.id)).priceId === other);
    await pass(club, 1);
  });
});
