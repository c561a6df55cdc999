import { until } from '../queues/support/until.js';
import { must } from '../support/client.js';
import { startMinibase, type Minibase } from '../support/minibase.js';
import { Club, type Started, type Subscription } from './support/club.js';

describe('a change of a subscription', () => {
  let minibase: Minibase;
  let club: Club;
  let monthly: string;
  let begun: Subscription;
  beforeAll(async () => {
    minibase = await startMinibase();
  });
  beforeEach(async () => {
    club = await Club.open(minibase);
    monthly = await club.price({ amount: 3_000 });
    begun = await club.subscribed(monthly);
  });
  afterEach(async () => {
    await club.settled();
    expect(await club.violations()).toEqual([]);
  });
  afterAll(() => minibase.close());

  const days = (): number => Math.round((Date.parse(begun.currentPeriodEnd) - Date.parse(begun.currentPeriodStart)) / 86_400_000); // prettier-ignore
  const change = async (body: object): Promise<Started> => {
    const answer = await club.act(begun.id, 'change', body);
    if (answer.status !== 200) throw new Error(JSON.stringify(answer.body));
    return answer.body;
  };
  const changed = (priceId: string) =>
    until('it has changed', async () => (await club.read(begun.id)).priceId === priceId);

  test('to a dearer price is paid for the rest of the period, and then takes effect', async () => {
    await club.days(10);
    const dearer = await club.price({ amount: 6_000 });
    const { body: preview } = await club.shop.mine<{ amount: number }>('POST', '/v1/me/invoices/preview', {
      body: { subscriptionId: begun.id, change: { priceId: dearer } },
    });
    const { subscription, clientAction } = await change({ priceId: dearer });
    expect(subscription).toMatchObject({ priceId: monthly, pendingChange: { priceId: dearer, waitsFor: 'payment' } });
    await club.shop.cashier(clientAction);
    await changed(dearer);
    const [invoice] = await club.invoices(begun.id);
    const rest = days() - 10;
    // The remainder of a division falls to the later days.
    const share = (amount: number): number => amount - Math.floor((amount * 10) / days());
    expect(invoice!.lines.map(({ kind, amount }) => [kind, amount])).toEqual([
      ['unused', -share(3_000)],
      ['remaining', share(6_000)],
    ]);
    expect(rest).toBeGreaterThan(17);
    expect(invoice).toMatchObject({ kind: 'change', status: 'paid', amount: preview.amount });
    expect(await club.read(begun.id)).toMatchObject({
      ...{ status: 'active', currentPeriodEnd: begun.currentPeriodEnd, pendingChange: null },
    });
    expect(await club.told(begun.id)).toContain('subscription.changed');
  });

  test('to a cheaper price takes effect at once, and leaves a credit for the next period', async () => {
    await club.days(10);
    const cheaper = await club.price({ amount: 600 });
    const { subscription, clientAction } = await change({ priceId: cheaper });
    expect(clientAction).toBeUndefined();
    const share = (amount: number): number => amount - Math.floor((amount * 10) / days());
    expect(subscription).toMatchObject({ priceId: cheaper, credit: share(3_000) - share(600) });
    await club.days(days() - 10 + 1);
    expect(await club.read(begun.id)).toMatchObject({ status: 'active', credit: subscription.credit - 600 });
    const [invoice] = await club.invoices(begun.id);
    expect(invoice).toMatchObject({ status: 'paid', amount: 0, creditUsed: 600, paymentId: null });
  });

  test('to another interval begins a new period now', async () => {
    await club.days(10);
    const yearly = await club.price({ amount: 30_000, recurring: { interval: 'year' } });
    const { clientAction } = await change({ priceId: yearly });
    await club.shop.cashier(clientAction);
    await changed(yearly);
    const now = await club.read(begun.id);
    const length = Date.parse(now.currentPeriodEnd) - Date.parse(now.currentPeriodStart);
    expect(Math.round(length / 86_400_000)).toBeGreaterThan(364);
    expect(Date.parse(now.currentPeriodStart)).toBeGreaterThan(Date.parse(begun.currentPeriodStart) + 9 * 86_400_000);
  });

  test('at the end of the period is billed with the next one', async () => {
    const weekly = await club.price({ amount: 900, recurring: { interval: 'week' } });
    const { subscription } = await change({ priceId: weekly, quantity: 2, at: 'period_end' });
    expect(subscription).toMatchObject({
      ...{ priceId: monthly, pendingChange: { priceId: weekly, at: 'period_end', waitsFor: 'period_end' } },
    });
    await club.days(days() - 2);
    expect((await club.invoices(begun.id))[0]).toMatchObject({ status: 'open', amount: 1_800 });
    await club.pay(begun.id);
    await club.days(3);
    const now = await club.read(begun.id);
    expect(now).toMatchObject({ priceId: weekly, quantity: 2, currentPeriodStart: begun.currentPeriodEnd });
    expect(Date.parse(now.currentPeriodEnd) - Date.parse(now.currentPeriodStart)).toBe(7 * 86_400_000);
  });

  test('that nobody pays is dropped', async () => {
    const dearer = await club.price({ amount: 6_000 });
    await change({ priceId: dearer });
    await club.shop.advance(3 * 3_600);
    await until('it is dropped', async () => (await club.read(begun.id)).pendingChange === null);
    expect(await club.read(begun.id)).toMatchObject({ priceId: monthly, status: 'active' });
    expect((await club.invoices(begun.id))[0]).toMatchObject({ kind: 'change', status: 'void' });
  });

  test('may lead to another product, but not to one that the user has', async () => {
    const { secretKey: token } = club.shop.app;
    const body = { name: 'Max', features: { max: true } };
    const { id: productId } = await must<{ id: string }>(minibase.url, 'POST', '/v1/products', { token, body });
    const max = await club.price({ amount: 3_000, productId });
    await change({ priceId: max });
    expect(await club.features()).toEqual({ max: true });
    await club.subscribed(monthly);
    const { status, body: refused } = await club.act(begun.id, 'change', { priceId: monthly });
    expect([status, refused.code]).toEqual([409, 'subscription_exists']);
  });

  test('needs a price by the period', async () => {
    const { secretKey: token } = club.shop.app;
    const body = { productId: club.productId, amount: 100, audience: 'public' };
    const once = await must<{ id: string }>(minibase.url, 'POST', '/v1/prices', { token, body });
    const { status, body: refused } = await club.act(begun.id, 'change', { priceId: once.id });
    expect([status, refused.code]).toEqual([422, 'price_not_payable']);
  });
});
