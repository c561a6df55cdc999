import { type Minibase, startMinibase } from '../support/minibase.js';
import { Club, type Started } from './support/club.js';

describe('a trial', () => {
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

  test('that was paused and is resumed goes on, and leaves nothing to give back', async () => {
    const priceId = await club.price({ recurring: { interval: 'month', trialDays: 14 } });
    const { subscription } = await club.start(priceId);
    expect(subscription.status).toBe('trialing');
    await club.act(subscription.id, 'pause');
    const { body } = await club.act(subscription.id, 'resume');
    expect(body.subscription).toMatchObject({ status: 'trialing', trialEnd: subscription.trialEnd });
    const cheap = await club.price({ amount: 10 });
    const changed = await club.act(subscription.id, 'change', { priceId: cheap });
    expect(changed.body.subscription).toMatchObject({ credit: 0, status: 'trialing' });
  });

  test('that never began can be had later', async () => {
    const priceId = await club.price({ recurring: { interval: 'month', trialDays: 14 } });
    const { subscription } = await club.start(priceId, { renewal: 'automatic' });
    await club.act(subscription.id, 'cancel', { at: 'now' });
    expect((await club.start(priceId)).subscription.status).toBe('trialing');
  });

  test('is had once, however often it is asked for at the same time', async () => {
    const priceId = await club.price({ recurring: { interval: 'month', trialDays: 14 } });
    const body = { priceId, platform: 'wechat', renewal: 'manual' };
    const answers = await Promise.all(
      Array.from({ length: 6 }, () => club.shop.mine<Started>('POST', '/v1/me/subscriptions', { body })),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 409, 409, 409, 409, 409]);
  });
});
