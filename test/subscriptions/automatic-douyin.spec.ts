import { until } from '../queues/support/until.js';
import { describeAutomaticRenewal, useClub } from './automatic.contract.js';

/** A template of the sandbox's stock: 19.90 yuan a month, the first three times 9.90. */
const DISCOUNTED = {
  amount: 1990,
  recurring: { introductory: { amount: 990, periods: 3 } },
  platforms: { douyin: { serviceId: 'service_discounted' } },
};

describe('a subscription that is debited (Douyin)', () => {
  describeAutomaticRenewal('douyin', false);
});

describe('a contract of Douyin', () => {
  const stand = useClub('douyin');

  test('is paid for and signed on one page, or neither', async () => {
    const { club, contracts } = stand;
    const { subscription, clientAction } = await club.start(await club.price(), { renewal: 'automatic' });
    expect(clientAction).toMatchObject({ method: 'createSignOrder', next: { method: 'sign' } });
    await club.shop.cashier(clientAction, 'cancel');
    await contracts.advance({ days: 2 });
    expect(await club.read(subscription.id)).toMatchObject({ status: 'incomplete_expired' });
    expect(await contracts.of(subscription.id)).toMatchObject({ status: 'lapsed' });
    expect(await club.invoices(subscription.id)).toMatchObject([{ status: 'void' }]);
  });

  test('costs less in an introduction, and then the whole price', async () => {
    const { club, contracts } = stand;
    const introductory = { amount: 100, periods: 2 };
    const begun = await contracts.begun(await club.price({ recurring: { introductory } }));
    await contracts.advance({ days: 62 });
    expect((await club.invoices(begun.id)).map(({ amount }) => amount)).toEqual([1990, 100, 100]);
    expect((await contracts.read(begun.id)).debits).toMatchObject([{ amount: 100 }, { amount: 1990 }]);
  });

  test('is tried again every morning until there is money', async () => {
    const { club, contracts } = stand;
    const begun = await contracts.begun(await club.price());
    await contracts.wallet('empty', 5);
    await contracts.advance({ days: 38 });
    expect(await club.read(begun.id)).toMatchObject({ status: 'active', currentPeriodStart: begun.currentPeriodEnd });
    const { debits } = await contracts.read(begun.id);
    expect(debits.map(({ outcome }) => outcome)).toEqual([...Array<string>(5).fill('failed'), 'paid']);
    expect(await contracts.failures()).toMatchObject(Array(5).fill({ failureCode: 'FAIL' }));
  });

  test('is debited as its template says', async () => {
    const { club, contracts } = stand;
    const begun = await contracts.begun(await club.price(DISCOUNTED));
    await contracts.advance({ days: 92 });
    expect((await club.invoices(begun.id)).map(({ amount }) => amount)).toEqual([1990, 990, 990, 990]);
    expect((await contracts.read(begun.id)).debits).toMatchObject([{ amount: 990 }, { amount: 990 }, { amount: 1990 }]);
  });

  test('is replaced where another template is needed: a new period begins with it', async () => {
    const { club, contracts } = stand;
    const begun = await contracts.begun(await club.price(DISCOUNTED));
    await contracts.advance({ days: 15 });
    const other = await club.price({ amount: 9_900 });
    const { body } = await club.act(begun.id, 'change', { priceId: other });
    expect(body.subscription).toMatchObject({ pendingChange: { priceId: other, waitsFor: 'payment' } });
    await club.shop.cashier(body.clientAction);
    await until('it has changed', async () => (await club.read(begun.id)).priceId === other);
    const { currentPeriodEnd } = await club.read(begun.id);
    await until('the first one is over', async () => (await contracts.all())[1]?.status === 'terminated');
    await contracts.advance({ days: 32 });
    expect(await club.read(begun.id)).toMatchObject({ status: 'active', currentPeriodStart: currentPeriodEnd });
    expect((await contracts.read(begun.id)).debits).toMatchObject([{ outcome: 'paid', amount: 9_900 }]);
    expect(await club.told(begun.id)).not.toContain('subscription.past_due');
  });
});
