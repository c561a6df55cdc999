import { until } from '../queues/support/until.js';
import { sandbox } from '../support/client.js';
import { eventsOf } from '../support/events.js';
import { startMinibase, type Minibase } from '../support/minibase.js';
import { Club, type Subscription } from './support/club.js';

describe('a debit that does not succeed (WeChat)', () => {
  let minibase: Minibase;
  let club: Club;
  let begun: Subscription;
  beforeAll(async () => {
    minibase = await startMinibase();
  });
  beforeEach(async () => {
    club = await Club.open(minibase);
    const { subscription, clientAction } = await club.start(await club.price(), { renewal: 'automatic' });
    await club.shop.cashier(clientAction);
    await until('the contract is signed', async () => (await club.told(subscription.id)).includes('mandate.signed'));
    begun = await club.until(subscription.id, 'active');
  });
  afterEach(async () => {
    await club.settled();
    expect(await club.violations()).toEqual([]);
  });
  afterAll(() => minibase.close());

  const wallet = (balance: 'full' | 'empty', times?: number) => {
    const { platformAppId } = club.shop.app.programs.wechat;
    return sandbox(minibase, 'wallet', { platform: 'wechat', platformAppId, user: 'ming', balance, times });
  };
  const failures = async () =>
    (await eventsOf(minibase, club.shop.app.secretKey)).filter(({ type }) => type === 'invoice.payment_failed');

  test('is tried again another day', async () => {
    await wallet('empty', 2);
    await club.days(37);
    expect(await club.read(begun.id)).toMatchObject({ status: 'active', currentPeriodStart: begun.currentPeriodEnd });
    expect((await club.invoices(begun.id))[0]).toMatchObject({ status: 'paid', failures: 2, failureCode: null });
    expect((await failures()).map(({ data }) => [data['failureCode'], data['failures']])).toEqual([
      ['NOTENOUGH', 1],
      ['NOTENOUGH', 2],
    ]);
    expect(await club.features()).toEqual({ pro: true, seats: 5 });
  });

  test('can be made good by hand', async () => {
    await wallet('empty');
    await club.days(33);
    expect(await club.read(begun.id)).toMatchObject({ status: 'past_due' });
    await club.pay(begun.id);
    expect(await club.until(begun.id, 'active')).toMatchObject({ currentPeriodStart: begun.currentPeriodEnd });
    await wallet('full');
    await club.days(8);
    expect(await club.invoices(begun.id)).toHaveLength(2);
  });

  test('ends the subscription in the end, and its mandate', async () => {
    await wallet('empty');
    await club.days(42);
    expect(await club.read(begun.id)).toMatchObject({ status: 'canceled', cancelReason: 'payment_failed' });
    expect(await club.features()).toEqual({});
    await until('the mandate is over', async () => (await club.told(begun.id)).includes('mandate.ended'));
    const tried = (await failures()).length;
    expect(tried).toBeGreaterThan(1);
    await club.days(10);
    expect(await failures()).toHaveLength(tried);
  });
});
