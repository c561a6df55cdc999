import { examine } from '../../src/cli/doctor.js';
import { eventsOf, untilEvent } from '../support/events.js';
import { must } from '../support/client.js';
import { onBothBackends } from '../support/backends.js';
import { type Minibase, startMinibase } from '../support/minibase.js';
import { PLATFORMS, Shop } from './support/shop.js';

interface Account {
  account: string;
  debit: number;
  credit: number;
  balance: number;
}

onBothBackends('a shop that takes money', (settings) => {
  let minibase: Minibase;
  let shop: Shop;
  beforeAll(async () => {
    minibase = await startMinibase(settings());
    shop = await Shop.open(minibase, PLATFORMS);
  });
  afterAll(() => minibase.close());

  test.each(PLATFORMS)('is paid on %s, is told, gives a part back, and the books agree', async (platform) => {
    const before = await balanceOf(shop);
    const payment = await shop.payment({ platform });
    expect(payment).toMatchObject({ status: 'pending', amount: 990, amountRefunded: 0, closingSince: null });
    expect(payment.attempts).toMatchObject([{ platform, status: 'pending', platformTransactionId: null }]);
    expect(payment.clientAction).toMatchObject({ platform, proof: 'callback' });

    await shop.cashier(payment.clientAction);
    const paid = await shop.until(payment.id, 'succeeded');
    expect(paid.clientAction).toBeUndefined();
    expect(paid.attempts[0]?.platformTransactionId).toEqual(expect.any(String));

    const { status, body: refund } = await shop.refund(payment.id, { amount: 300, reason: 'Spilled' });
    expect([status, refund.source, refund.amount]).toEqual([201, 'api', 300]);
    await shop.untilSent(refund.id);
    await shop.advance(2 * 24 * 3_600);
    await shop.untilRefund(refund.id, 'succeeded');
    expect(await shop.read(payment.id)).toMatchObject({ status: 'succeeded', amountRefunded: 300 });

    const after = await balanceOf(shop);
    const clearing = `clearing:${platform}:${shop.merchants[platform]?.id}`;
    expect(after[clearing] ?? 0).toBe(690);
    expect((after['sales'] ?? 0) - (before['sales'] ?? 0)).toBe(-990);
    expect((after['refunds'] ?? 0) - (before['refunds'] ?? 0)).toBe(300);
    await untilEvent(minibase, shop.app.secretKey, 'refund.succeeded');
    const told = (await eventsOf(minibase, shop.app.secretKey)).filter(({ stream }) => stream.id === payment.id);
    expect(told.map(({ type }) => type)).toEqual([
      'payment.created',
      'payment.succeeded',
      'refund.created',
      ...(told.some(({ type }) => type === 'refund.pending') ? ['refund.pending'] : []),
      'refund.succeeded',
    ]);
    expect(told.map(({ sequence }) => sequence)).toEqual(told.map((_, index) => index + 1));
    expect(await examine(minibase.database.dataSource, shop.app.appId)).toEqual([]);
  });

  test('debits and credits of all accounts are equal', async () => {
    const sum = Object.values(await balanceOf(shop)).reduce((total, balance) => total + balance, 0);
    expect(sum).toBe(0);
  });
});

async function balanceOf(shop: Shop): Promise<Record<string, number>> {
  const { data } = await must<{ data: Account[] }>(shop.minibase.url, 'GET', '/v1/balance', {
    token: shop.app.secretKey,
  });
  return Object.fromEntries(data.map(({ account, balance }) => [account, balance]));
}
