import { until } from '../queues/support/until.js';
import { sandbox } from '../support/client.js';
import { describeAutomaticRenewal, useClub } from './automatic.contract.js';
import type { Subscription } from './support/club.js';

/** Under which WeChat Pay tells people by itself. */
const OTHER_TEMPLATE = { wechat: { planId: '100002', debitMode: 'delayed' } };

describe('a subscription that is debited (WeChat)', () => {
  describeAutomaticRenewal('wechat', false);
});

describe('a contract of WeChat', () => {
  const stand = useClub('wechat');
  const signed = async (over: { recurring?: object } = {}): Promise<Subscription> =>
    stand.contracts.begun(await stand.club.price(over));

  test('costs less in an introduction, and then the whole price', async () => {
    const { club } = stand;
    const begun = await signed({ recurring: { interval: 'month', introductory: { amount: 100, periods: 1 } } });
    await club.days(33);
    expect((await club.invoices(begun.id)).map(({ amount }) => amount)).toEqual([1990, 100]);
  });

  test('is renewed by hand when the payer takes the tick off', async () => {
    const { club, contracts } = stand;
    const { subscription, clientAction } = await club.start(await club.price(), { renewal: 'automatic' });
    await sandbox(stand.minibase, 'cashier', { clientAction, user: 'ming', outcome: 'pay', sign: false });
    await club.until(subscription.id, 'active');
    await club.days(2);
    await until('the contract has lapsed', async () => (await contracts.of(subscription.id))?.status === 'lapsed');
    expect(await club.read(subscription.id)).toMatchObject({ status: 'active', renewal: 'manual' });
    await club.days(27);
    expect((await club.invoices(subscription.id))[0]).toMatchObject({ status: 'open', paymentId: null });
  });

  test('ends with its period when its mandate is ended', async () => {
    const { club, contracts } = stand;
    const begun = await signed();
    const { id } = (await contracts.of(begun.id))!;
    expect((await club.shop.mine('POST', `/v1/me/mandates/${id}/terminate`)).status).toBeLessThan(300);
    await until('the mandate is over', async () => (await contracts.of(begun.id))?.status === 'terminated');
    expect(await club.read(begun.id)).toMatchObject({
      ...{ status: 'active', cancelAt: begun.currentPeriodEnd, cancelReason: 'mandate_terminated' },
    });
    const { body } = await club.act(begun.id, 'resume');
    expect(body.clientAction).toBeDefined();
    await club.shop.cashier(body.clientAction);
    await until('it is kept', async () => (await club.read(begun.id)).cancelAt === null);
    await club.days(33);
    expect(await club.read(begun.id)).toMatchObject({ status: 'active', currentPeriodStart: begun.currentPeriodEnd });
  });

  test('changes to what its contract does not allow when another one is paid and signed', async () => {
    const { club, contracts } = stand;
    const begun = await signed();
    const dearer = await club.price({ amount: 9_900, platforms: OTHER_TEMPLATE });
    const { body } = await club.act(begun.id, 'change', { priceId: dearer });
    expect(body).toMatchObject({ subscription: { pendingChange: { priceId: dearer, waitsFor: 'payment' } } });
    // Asked for again it is the same one.
    expect((await club.act(begun.id, 'change', { priceId: dearer })).body.clientAction).toBeDefined();
    await club.shop.cashier(body.clientAction);
    await until('it has changed', async () => (await club.read(begun.id)).priceId === dearer);
    const changed = await club.read(begun.id);
    expect(changed).toMatchObject({ renewal: 'automatic', pendingChange: null });
    expect(changed.mandateId).not.toBe(begun.mandateId);
    await club.days(33);
    expect((await club.invoices(begun.id))[0]).toMatchObject({ kind: 'period', status: 'paid', amount: 9_900 });
    expect((await contracts.all()).map(({ id, status }) => [id, status])).toEqual([
      [changed.mandateId, 'active'],
      [begun.mandateId, 'terminated'],
    ]);
  });

  test('changes under the same template without another contract', async () => {
    const { club } = stand;
    const begun = await signed();
    const dearer = await club.price({ amount: 9_900 });
    const { body } = await club.act(begun.id, 'change', { priceId: dearer, at: 'period_end' });
    expect(body.clientAction).toBeUndefined();
    await club.days(33);
    expect(await club.read(begun.id)).toMatchObject({ status: 'active', priceId: dearer, mandateId: begun.mandateId });
    expect((await club.invoices(begun.id))[0]).toMatchObject({ status: 'paid', amount: 9_900 });
  });

  test('changes with the next period when another contract is signed', async () => {
    const { club } = stand;
    const begun = await signed();
    const recurring = { interval: 'year' };
    const yearly = await club.price({ amount: 9_900, recurring, platforms: OTHER_TEMPLATE });
    const { body } = await club.act(begun.id, 'change', { priceId: yearly, at: 'period_end' });
    expect(body.subscription).toMatchObject({ pendingChange: { priceId: yearly, waitsFor: 'signature' } });
    await club.shop.cashier(body.clientAction);
    await until('it waits for the period', async () => {
      const { pendingChange } = await club.read(begun.id);
      return pendingChange?.waitsFor === 'period_end';
    });
    await club.days(33);
    expect(await club.read(begun.id)).toMatchObject({
      ...{ status: 'active', priceId: yearly, currentPeriodStart: begun.currentPeriodEnd, pendingChange: null },
    });
    expect((await club.invoices(begun.id))[0]).toMatchObject({ status: 'paid', amount: 9_900 });
  });
});
