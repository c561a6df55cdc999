import { type Minibase, startMinibase } from '../support/minibase.js';
import { Club } from './support/club.js';

describe('what a change costs', () => {
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

  test('is nothing when only another one is taken back', async () => {
    const intro = await club.price({ recurring: { interval: 'month', introductory: { amount: 100, periods: 1 } } });
    const begun = await club.subscribed(intro);
    await club.act(begun.id, 'change', { priceId: await club.price({ amount: 5000 }), at: 'period_end' });
    const { body } = await club.act(begun.id, 'change', { priceId: intro, at: 'now' });
    expect(body).not.toHaveProperty('clientAction');
    expect(body.subscription).toMatchObject({ pendingChange: null, credit: 0, priceId: intro });
  });

  test('gives back what was paid last, not what the introduction had cost', async () => {
    const intro = await club.price({
      amount: 100,
      recurring: { interval: 'month', introductory: { amount: 5000, periods: 1 } },
    });
    const begun = await club.subscribed(intro);
    const b = await club.price({ amount: 50 });
    const change = async (priceId: string) => (await club.act(begun.id, 'change', { priceId })).body;
    const first = (await change(b)).subscription.credit;
    expect(first).toBe(4950);
    await change(intro);
    expect((await change(b)).subscription.credit).toBe(4950);
  });

  test('is in the preview of the period that it begins with', async () => {
    const begun = await club.subscribed(await club.price());
    await club.act(begun.id, 'change', { priceId: await club.price({ amount: 5000 }), at: 'period_end' });
    const { body } = await club.shop.mine<{ amount: number }>('POST', '/v1/me/invoices/preview', {
      body: { subscriptionId: begun.id },
    });
    expect(body.amount).toBe(5000);
  });
});
