import { examine } from '../../src/cli/doctor.js';
import { toFen } from '../../src/common/money.js';
import { type ClosedPayment, PaymentListeners, type SettledPayment } from '../../src/payments/payment-listener.js';
import { sandbox } from '../support/client.js';
import { type Minibase, startMinibase } from '../support/minibase.js';
import { until } from '../queues/support/until.js';
import { Debtor } from './support/debits.js';
import { Shop } from './support/shop.js';

type View = Record<string, unknown> & { status: string };

/** Debits as WeChat Pay makes them, told by its callbacks or asked for. */
describe('debits on WeChat', () => {
  let minibase: Minibase;
  let shop: Shop;
  const settled: SettledPayment[] = [];
  const closed: ClosedPayment[] = [];
  beforeAll(async () => {
    minibase = await startMinibase();
    minibase.app.get(PaymentListeners, { strict: false }).register({
      onSettled: async (_, payment) => void settled.push(payment),
      onClosed: async (_, payment) => void closed.push(payment),
    });
  });
  beforeEach(async () => {
    settled.length = closed.length = 0;
    shop = await Shop.open(minibase);
  });
  afterEach(async () => {
    await fetch(`${minibase.sandboxUrl}/_/faults`, { method: 'DELETE' });
    expect(await examine(minibase.database.dataSource, shop.app.appId)).toEqual([]);
  });
  afterAll(() => minibase.close());

  const view = (id: string) => shop.read(id) as unknown as Promise<View>;
  const submitted = async (debtor: Debtor) => {
    const { payment, attempt } = await debtor.debit();
    return { payment, attempt: await debtor.invoices.submit(await debtor.app(), payment, attempt) };
  };
  const wallet = (balance: 'empty' | 'full') =>
    sandbox(minibase, 'wallet', {
      platform: 'wechat',
      platformAppId: shop.app.programs.wechat.platformAppId,
      user: shop.person,
      balance,
    });

  test('one under a signed contract is accepted, and its money is told by the callback', async () => {
    const debtor = await Debtor.signed(shop);
    const { payment, attempt } = await submitted(debtor);
    expect(attempt.status).toBe('pending');
    const paid = await shop.until(payment.id, 'succeeded');
    expect(paid.attempts).toMatchObject([{ id: attempt.id, status: 'succeeded' }]);
    expect(settled).toMatchObject([{ id: payment.id, attemptId: attempt.id, reference: payment.reference }]);
  });

  test('an empty wallet fails it with the code of the platform', async () => {
    const debtor = await Debtor.signed(shop);
    await wallet('empty');
    const { payment } = await submitted(debtor);
    await shop.until(payment.id, 'failed');
    expect(closed).toMatchObject([{ id: payment.id, status: 'failed', failureCode: 'NOTENOUGH' }]);
    expect(debtor.mandates.policy.decline(closed[0]!.failureCode!)).toBe('funds');
    await wallet('full');
    const { payment: next } = await submitted(debtor);
    await shop.until(next.id, 'succeeded');
  });

  test('one without a contract is refused: that ends it, and nothing is thrown', async () => {
    const debtor = (await Debtor.of(shop)).unsigned();
    const { payment, attempt } = await submitted(debtor);
    expect(attempt).toMatchObject({ status: 'failed', failureCode: expect.any(String) as string });
    expect(await view(payment.id)).toMatchObject({ status: 'failed', failureCode: attempt.failureCode });
    expect(debtor.mandates.policy.decline(attempt.failureCode!)).toBe('ended');
  });

  test.each(['timeout_after', 'timeout_before'])(
    '%s leaves it in doubt, and asking finds out',
    async (kind) => {
      const debtor = await Debtor.signed(shop);
      const debits = { direction: 'in', path: '/pay/pappayapply' };
      // However often it is repeated.
      await shop.faults('wechat', kind, { times: 20 }, debits);
      await shop.faults('wechat', 'drop', { times: 20 }, { direction: 'out' });
      const { payment, attempt } = await submitted(debtor);
      expect(attempt.status).toBe('unknown');
      expect((await view(payment.id)).status).toBe('pending');
      await fetch(`${minibase.sandboxUrl}/_/faults`, { method: 'DELETE' });
      // What is not there by then never will be: that is a time of the machine's.
      await minibase.database.dataSource.query(
        `update payment_attempts set submitted_at = submitted_at - interval '6 minutes' where id = $1`,
        [attempt.id],
      );
      await until('the platform has told', async () => {
        await shop.server('POST', `/v1/payments/${payment.id}/refresh`);
        return (await view(payment.id)).status !== 'pending';
      });
      const { status } = await view(payment.id);
      if (kind === 'timeout_before') expect(closed).toMatchObject([{ id: payment.id, failureCode: 'closed' }]);
      else expect(settled).toMatchObject([{ id: payment.id }]);
      expect(status).toBe(kind === 'timeout_after' ? 'succeeded' : 'failed');
    },
    60_000,
  );

  test('its money is given back as that of any payment', async () => {
    const debtor = await Debtor.signed(shop);
    const { payment } = await submitted(debtor);
    await shop.until(payment.id, 'succeeded');
    const { body: refund } = await shop.refund(payment.id, { amount: 900 });
    await shop.untilSent(refund.id);
    await shop.advanceUntilRefund(refund.id, 'succeeded');
    expect((await shop.read(payment.id)).amountRefunded).toBe(900);
  }, 40_000);

  test('a person pays and signs on one page', async () => {
    const debtor = (await Debtor.of(shop)).unsigned();
    const app = await debtor.app();
    const { invoices, terms } = debtor;
    const layers = { price: {}, payment: {} };
    const plan = await invoices.plan(app, shop.login.user.id, { platform: 'wechat' }, layers);
    const first = await debtor.debit({ plan, mandate: { kind: 'first', terms }, amount: toFen(100) });
    const attempt = await invoices.submit(app, first.payment, first.attempt);
    expect(attempt).toMatchObject({ status: 'pending', mandate: { kind: 'first' } });
    await shop.cashier(await invoices.clientAction(app, first.payment));
    await shop.until(first.payment.id, 'succeeded');
    expect(settled).toMatchObject([{ id: first.payment.id, attemptId: attempt.id }]);
    await until('the contract is signed', async () => (await debtor.contract()).kind === 'active');
  });
});
