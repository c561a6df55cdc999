import { type Minibase, startMinibase } from '../support/minibase.js';
import { Club } from './support/club.js';
import { pass } from './support/contracts.js';

describe('money that goes back', () => {
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

  test('for the next period leaves the current one', async () => {
    const begun = await club.subscribed(await club.price());
    await pass(club, 29);
    await club.pay(begun.id);
    const [next] = await club.invoices(begun.id);
    await club.shop.refund(next!.paymentId!);
    await pass(club, 0.1);
    const { body } = await club.shop.server<{ amountRefunded: number }>('GET', `/v1/payments/${next!.paymentId}`);
    expect(body.amountRefunded).toBe(1990);
    expect(await club.features()).toEqual({ pro: true, seats: 5 });
    expect(await club.read(begun.id)).toMatchObject({ status: 'active', cancelAt: begun.currentPeriodEnd });
    await pass(club, 5);
    expect(await club.read(begun.id)).toMatchObject({ status: 'canceled', cancelReason: 'refunded' });
    expect(await club.features()).toEqual({});
  });

  test('is that for a change that is paid after the cancellation', async () => {
    const begun = await club.subscribed(await club.price());
    const { body } = await club.act(begun.id, 'change', { priceId: await club.price({ amount: 9_900 }) });
    await club.act(begun.id, 'cancel', { at: 'period_end' });
    // The page may be closed by then.
    await club.shop.cashier(body.clientAction).catch(() => undefined);
    await pass(club, 2);
    const { body: all } = await club.shop.server<{
      data: { status: string; amount: number; amountRefunded: number }[];
    }>('GET', '/v1/payments');
    const kept = all.data.filter(
      ({ status, amount, amountRefunded }) => status === 'succeeded' && amount > amountRefunded,
    );
    expect(kept.map(({ amount }) => amount)).toEqual([1990]);
    expect(await club.read(begun.id)).toMatchObject({ credit: 0, pendingChange: null });
    expect((await club.invoices(begun.id)).map(({ status }) => status)).not.toContain('open');
  });
});
