import { startMinibase, type Minibase } from '../support/minibase.js';
import { Club } from './support/club.js';

describe('a subscription that is renewed by hand', () => {
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

  test('begins when its first period is paid', async () => {
    const { subscription, clientAction } = await club.start(await club.price());
    expect(subscription).toMatchObject({ status: 'incomplete', renewal: 'manual', quantity: 1, cancelAt: null });
    expect(clientAction).toMatchObject({ platform: 'wechat', method: 'requestPayment' });
    expect(await club.features()).toEqual({});
    await club.shop.cashier(clientAction);
    const active = await club.until(subscription.id, 'active');
    expect(await club.features()).toEqual({ pro: true, seats: 5 });
    const [invoice, ...others] = await club.invoices(subscription.id);
    expect(others).toEqual([]);
    expect(invoice).toMatchObject({
      ...{ status: 'paid', kind: 'period', amount: 1990, number: 1 },
      periodStart: active.currentPeriodStart,
      periodEnd: active.currentPeriodEnd,
    });
    expect(await club.told(subscription.id)).toEqual([
      'subscription.created',
      'invoice.created',
      'invoice.paid',
      'subscription.activated',
      'entitlement.changed',
    ]);
  });

  test('goes on when the next period is paid in time', async () => {
    const begun = await club.subscribed(await club.price({ recurring: { interval: 'week' } }));
    await club.days(5);
    const [next] = await club.invoices(begun.id);
    expect(next).toMatchObject({ status: 'open', amount: 1990, periodStart: begun.currentPeriodEnd });
    await club.pay(begun.id);
    expect(await club.read(begun.id)).toMatchObject({ currentPeriodEnd: begun.currentPeriodEnd });
    await club.days(3);
    expect(await club.read(begun.id)).toMatchObject({
      status: 'active',
      currentPeriodStart: begun.currentPeriodEnd,
      currentPeriodEnd: next!.periodEnd,
    });
    expect(await club.features()).toEqual({ pro: true, seats: 5 });
    expect(await club.told(begun.id)).toContain('subscription.renewed');
  });

  test('keeps what it gives for the days of grace, and then ends', async () => {
    await club.shop.server('PATCH', '/v1/billing-settings', { body: { graceDays: 2 } });
    const begun = await club.subscribed(await club.price());
    const days = Math.round((Date.parse(begun.currentPeriodEnd) - Date.parse(begun.currentPeriodStart)) / 86_400_000);
    await club.days(days + 1);
    expect(await club.read(begun.id)).toMatchObject({ status: 'past_due', currentPeriodStart: begun.currentPeriodEnd });
    expect(await club.features()).toEqual({ pro: true, seats: 5 });
    await club.days(2);
    expect(await club.read(begun.id)).toMatchObject({ status: 'canceled', cancelReason: 'payment_failed' });
    expect(await club.features()).toEqual({});
    expect((await club.invoices(begun.id)).map(({ status }) => status)).toEqual(['uncollectible', 'paid']);
  });

  test('can be paid in the days of grace', async () => {
    const begun = await club.subscribed(await club.price());
    await club.days(32);
    expect(await club.read(begun.id)).toMatchObject({ status: 'past_due' });
    await club.pay(begun.id);
    expect(await club.until(begun.id, 'active')).toMatchObject({ currentPeriodStart: begun.currentPeriodEnd });
  });

  test('waits for its user when it is not to be ended', async () => {
    await club.shop.server('PATCH', '/v1/billing-settings', { body: { graceDays: 1, finalAction: 'mark_unpaid' } });
    const begun = await club.subscribed(await club.price({ recurring: { interval: 'week' } }));
    await club.days(9);
    expect(await club.read(begun.id)).toMatchObject({ status: 'unpaid' });
    expect(await club.features()).toEqual({});
    await club.days(20);
    await club.pay(begun.id);
    const again = await club.until(begun.id, 'active');
    // Nobody pays for a time that has passed: the period begins with the payment.
    expect(Date.parse(again.currentPeriodStart)).toBeGreaterThan(Date.parse(begun.currentPeriodEnd) + 7 * 86_400_000);
    expect(await club.features()).toEqual({ pro: true, seats: 5 });
  });

  test('is given up when nobody pays within a day', async () => {
    const { subscription } = await club.start(await club.price());
    await club.days(2);
    expect(await club.until(subscription.id, 'incomplete_expired')).toMatchObject({ status: 'incomplete_expired' });
    const { status, body } = await club.act(subscription.id, 'cancel', {});
    expect([status, body.code]).toEqual([409, 'subscription_over']);
  });

  test('begins with a trial, once for a product', async () => {
    const priceId = await club.price({ recurring: { interval: 'month', trialDays: 7 } });
    const { subscription, clientAction } = await club.start(priceId);
    expect(clientAction).toBeUndefined();
    expect(subscription).toMatchObject({ status: 'trialing', trialEnd: subscription.currentPeriodEnd });
    expect(await club.features()).toEqual({ pro: true, seats: 5 });
    await club.days(5);
    await club.pay(subscription.id);
    await club.days(3);
    expect(await club.read(subscription.id)).toMatchObject({
      status: 'active',
      currentPeriodStart: subscription.trialEnd,
    });
    await club.act(subscription.id, 'cancel', { at: 'now' });
    expect((await club.start(priceId)).subscription).toMatchObject({ status: 'incomplete' });
  });

  test('is the only one to its product', async () => {
    const priceId = await club.price();
    await club.subscribed(priceId);
    const { status, body } = await club.shop.mine<{ code: string }>('POST', '/v1/me/subscriptions', {
      body: { priceId, platform: 'wechat', renewal: 'manual' },
    });
    expect([status, body.code]).toEqual([409, 'subscription_exists']);
  });

  test('gives back what is paid for one that nobody needs any more', async () => {
    const priceId = await club.price();
    const left = await club.start(priceId);
    await club.subscribed(priceId);
    await club.shop.cashier(left.clientAction);
    const [invoice] = await club.invoices(left.subscription.id);
    const paymentId = invoice!.paymentId!;
    const paid = await club.shop.until(paymentId, 'succeeded');
    const { body } = await club.shop.server<{ data: { id: string; amount: number }[] }>(
      'GET',
      `/v1/refunds?paymentId=${paid.id}`,
    );
    expect(body.data).toMatchObject([{ amount: 1990, source: 'automatic' }]);
    expect(await club.read(left.subscription.id)).toMatchObject({ status: 'incomplete_expired' });
  });

  test('ends with its period, unless that is undone', async () => {
    const begun = await club.subscribed(await club.price({ recurring: { interval: 'week' } }));
    const { body } = await club.act(begun.id, 'cancel', {});
    expect(body.subscription).toMatchObject({ status: 'active', cancelAt: begun.currentPeriodEnd });
    expect((await club.act(begun.id, 'resume')).body.subscription).toMatchObject({ status: 'active', cancelAt: null });
    await club.act(begun.id, 'cancel', { at: 'period_end' });
    await club.days(8);
    expect(await club.read(begun.id)).toMatchObject({
      ...{ status: 'canceled', cancelReason: 'requested', endedAt: begun.currentPeriodEnd },
    });
    expect(await club.features()).toEqual({});
    expect(await club.invoices(begun.id)).toHaveLength(1);
  });

  test('pauses, and goes on with a period that begins then', async () => {
    const begun = await club.subscribed(await club.price({ recurring: { interval: 'week' } }));
    expect((await club.act(begun.id, 'pause')).body.subscription).toMatchObject({ status: 'paused' });
    await club.days(20);
    expect(await club.features()).toEqual({});
    const { body } = await club.act(begun.id, 'resume');
    expect(body.subscription).toMatchObject({ status: 'past_due' });
    await club.pay(begun.id);
    const again = await club.until(begun.id, 'active');
    expect(Date.parse(again.currentPeriodStart)).toBeGreaterThan(Date.parse(begun.currentPeriodEnd));
    expect(await club.features()).toEqual({ pro: true, seats: 5 });
    expect(await club.invoices(begun.id)).toHaveLength(2);
  });

  test('leaves out the periods that nobody billed', async () => {
    const begun = await club.subscribed(await club.price({ recurring: { interval: 'week' } }));
    await club.shop.advance(30 * 86_400);
    const now = await club.until(begun.id, 'past_due');
    expect(Date.parse(now.currentPeriodStart)).toBeGreaterThan(Date.parse(begun.currentPeriodEnd) + 22 * 86_400_000);
    expect(await club.invoices(begun.id)).toHaveLength(2);
    await club.pay(begun.id);
    expect(await club.until(begun.id, 'active')).toMatchObject({ currentPeriodStart: now.currentPeriodStart });
  });
});
