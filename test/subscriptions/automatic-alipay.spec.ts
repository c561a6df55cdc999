import { until } from '../queues/support/until.js';
import { sandbox } from '../support/client.js';
import { describeAutomaticRenewal, useClub } from './automatic.contract.js';

describe('a subscription that is debited (Alipay)', () => {
  describeAutomaticRenewal('alipay', true);
});

describe('an agreement of Alipay', () => {
  const stand = useClub('alipay');

  test('that nobody signs begins nothing', async () => {
    const { club, contracts } = stand;
    const { subscription, clientAction } = await club.start(await club.price(), { renewal: 'automatic' });
    expect(clientAction).toMatchObject({ method: 'paySignCenter' });
    await club.shop.cashier(clientAction, 'cancel');
    await contracts.advance({ days: 2 });
    expect(await club.read(subscription.id)).toMatchObject({ status: 'incomplete_expired' });
    expect(await contracts.of(subscription.id)).toMatchObject({ status: 'lapsed' });
    expect(await club.invoices(subscription.id)).toMatchObject([{ status: 'void' }]);
  });

  test('is signed, and its first debit finds money only the next morning', async () => {
    const { club, contracts } = stand;
    await contracts.wallet('empty', 1);
    const { subscription, clientAction } = await club.start(await club.price(), { renewal: 'automatic' });
    await club.shop.cashier(clientAction);
    await until('the first debit has failed', async () => (await contracts.failures()).length === 1);
    expect(await club.read(subscription.id)).toMatchObject({ status: 'incomplete' });
    await contracts.advance({ days: 1 });
    const begun = await club.read(subscription.id);
    expect(begun).toMatchObject({ status: 'active' });
    await contracts.advance({ days: 60 });
    expect((await club.invoices(begun.id)).map(({ status }) => status)).toEqual(['paid', 'paid', 'paid']);
  });

  test('that finds no money at all ends unused', async () => {
    const { club, contracts } = stand;
    await contracts.wallet('empty');
    const { subscription, clientAction } = await club.start(await club.price(), { renewal: 'automatic' });
    await club.shop.cashier(clientAction);
    await until('the first debit has failed', async () => (await contracts.failures()).length === 1);
    await contracts.advance({ days: 3 });
    expect(await club.read(subscription.id)).toMatchObject({ status: 'incomplete_expired' });
    await contracts.untilOver(subscription.id);
    expect(await contracts.read(subscription.id)).toMatchObject({ endedBy: 'merchant' });
    expect(await club.features()).toEqual({});
  });

  test('allows what is dearer up to twice the price, and then debits that', async () => {
    const { club, contracts } = stand;
    const begun = await contracts.begun(await club.price());
    const dearer = await club.price({ amount: 3_980 });
    const { body } = await club.act(begun.id, 'change', { priceId: dearer, at: 'period_end' });
    expect(body.clientAction).toBeUndefined();
    await contracts.advance({ days: 33 });
    expect(await club.read(begun.id)).toMatchObject({ status: 'active', priceId: dearer, mandateId: begun.mandateId });
    expect((await contracts.read(begun.id)).debits.at(-1)).toMatchObject({ outcome: 'paid', amount: 3_980 });
  });

  test('is replaced by another for what is dearer than that: a new period begins with it', async () => {
    const { club, contracts } = stand;
    const begun = await contracts.begun(await club.price());
    await contracts.advance({ days: 10 });
    const dearer = await club.price({ amount: 9_900 });
    const { body: preview } = await club.shop.mine<{ amount: number; lines: { kind: string }[] }>(
      'POST',
      '/v1/me/invoices/preview',
      { body: { subscriptionId: begun.id, change: { priceId: dearer } } },
    );
    expect(preview.lines.map(({ kind }) => kind)).toEqual(['unused', 'period']);
    const { body } = await club.act(begun.id, 'change', { priceId: dearer });
    expect(body.subscription).toMatchObject({ pendingChange: { priceId: dearer, waitsFor: 'signature' } });
    await club.shop.cashier(body.clientAction);
    await until('it has changed', async () => (await club.read(begun.id)).priceId === dearer);
    const changed = await club.read(begun.id);
    expect(changed).toMatchObject({ status: 'active', pendingChange: null });
    expect(changed.mandateId).not.toBe(begun.mandateId);
    expect((await club.invoices(begun.id))[0]).toMatchObject({
      kind: 'change',
      status: 'paid',
      amount: preview.amount,
    });
    const [now, before] = await contracts.all();
    await until('the first one is over', async () => (await contracts.all())[1]?.status === 'terminated');
    expect([now!.id, before!.id]).toEqual([changed.mandateId, begun.mandateId]);
    const { platform, shop } = club;
    const ended = await sandbox(shop.minibase, 'contract', { platform, number: before!.number });
    expect(ended).toMatchObject({ endedBy: 'merchant' });
    await contracts.advance({ days: 62 });
    const debits = (await contracts.read(begun.id)).debits.map(({ outcome, amount }) => [outcome, amount]);
    expect(debits).toEqual([
      ['paid', preview.amount],
      ['paid', 9_900],
      ['paid', 9_900],
    ]);
    expect(await club.told(begun.id)).not.toContain('subscription.past_due');
  });

  test('for another interval is debited from the next period on', async () => {
    const { club, contracts } = stand;
    const begun = await contracts.begun(await club.price());
    await contracts.advance({ days: 10 });
    const yearly = await club.price({ amount: 9_900, recurring: { interval: 'year' } });
    const { body } = await club.act(begun.id, 'change', { priceId: yearly, at: 'period_end' });
    expect(body.subscription).toMatchObject({ pendingChange: { priceId: yearly, waitsFor: 'signature' } });
    await club.shop.cashier(body.clientAction);
    await until('it is signed', async () => (await contracts.of(begun.id))?.status === 'active');
    await contracts.advance({ days: 23 });
    expect(await club.read(begun.id)).toMatchObject({
      ...{ status: 'active', priceId: yearly, currentPeriodStart: begun.currentPeriodEnd },
    });
    expect((await contracts.read(begun.id)).debits).toMatchObject([{ outcome: 'paid', amount: 9_900 }]);
  });
});
