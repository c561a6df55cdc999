import { examine } from '../../src/cli/doctor.js';
import { newId } from '../../src/common/ids.js';
import { toFen } from '../../src/common/money.js';
import { PAYMENT_LANES } from '../../src/payments/settlement.js';
import {
  type ClosedPayment,
  PaymentListeners,
  type RefundedPayment,
  type SettledPayment,
} from '../../src/payments/payment-listener.js';
import { Attempts } from '../../src/payments/attempts.js';
import { CallbackContents } from '../../src/payments/callback-contents.js';
import { Lanes } from '../../src/queues/lane.js';
import { until } from '../queues/support/until.js';
import { must } from '../support/client.js';
import { untilEvent } from '../support/events.js';
import { type Minibase, startMinibase } from '../support/minibase.js';
import { Debtor } from './support/debits.js';
import { type Refund, Shop } from './support/shop.js';

type View = Record<string, unknown> & { id: string; status: string; code?: string };

describe('debits, and payments that an upper domain hears of', () => {
  let minibase: Minibase;
  let shop: Shop;
  let debtor: Debtor;
  const settled: SettledPayment[] = [];
  const closed: ClosedPayment[] = [];
  const refunded: RefundedPayment[] = [];
  /** Payments at whose success the listener throws. */
  const refused = new Set<string>();
  beforeAll(async () => {
    minibase = await startMinibase();
    minibase.app.get(PaymentListeners, { strict: false }).register({
      onSettled: async (tx, payment) => {
        // In the transaction: the new status is there for whoever is in it.
        const [row] = await tx.query<{ status: string }[]>(`select status from payments where id = $1`, [payment.id]);
        if (row?.status !== 'succeeded') throw new Error(`told of ${payment.id} when it was ${row?.status}`);
        if (refused.has(payment.id)) throw new Error('this listener does not get over it');
        settled.push(payment);
      },
      onClosed: async (_, payment) => void closed.push(payment),
      onRefunded: async (_, refund) => void refunded.push(refund),
    });
  });
  beforeEach(async () => {
    for (const told of [settled, closed, refunded]) told.length = 0;
    refused.clear();
    shop = await Shop.open(minibase);
    debtor = await Debtor.of(shop);
  });
  afterEach(async () => {
    await fetch(`${minibase.sandboxUrl}/_/faults`, { method: 'DELETE' });
    expect(await examine(minibase.database.dataSource, shop.app.appId)).toEqual([]);
  });
  afterAll(() => minibase.close());

  const sql = <T = Record<string, unknown>>(text: string, values: unknown[] = []) =>
    minibase.database.dataSource.query<T[]>(text, values);
  const view = (id: string) => shop.read(id) as unknown as Promise<View>;
  const aPriceWith = async (features: object) => {
    const { id: productId } = (await shop.server('POST', '/v1/products', { body: { name: 'Pro', features } })).body;
    const body = { productId, amount: 500, audience: 'public', maxQuantity: 3 };
    return (await shop.server('POST', '/v1/prices', { body })).body.id;
  };

  describe('making one', () => {
    test('writes a payment with an attempt under the contract as it is now, and nothing for a person to call', async () => {
      const { payment, attempt, isNew } = await debtor.debit({ metadata: { plan: 'pro' } });
      expect(isNew).toBe(true);
      const { terms } = debtor;
      const rows = await sql(`select is_heard, mandate, payer, merchant_account_id from payments p
        join payment_attempts a on a.payment_id = p.id where p.id = $1`, [payment.id]); // prettier-ignore
      const merchant_account_id = shop.merchants.wechat!.id;
      expect(rows).toEqual([{ is_heard: true, mandate: { kind: 'debit', terms }, payer: terms.payer, merchant_account_id }]); // prettier-ignore
      expect(await debtor.invoices.find(shop.app.appId, payment.id)).toMatchObject({ payment, attempt });
      const read = await view(payment.id);
      expect(read).toMatchObject({ status: 'pending', amount: 1_900, failureCode: null, metadata: { plan: 'pro' } });
      expect(read).not.toHaveProperty('clientAction');
      await untilEvent(minibase, shop.app.secretKey, 'payment.created');
    });

    test('of two at the same time for one invoice there is one', async () => {
      const reference = newId('invoice');
      const tries = await Promise.allSettled([1, 2, 3].map(() => debtor.debit({ reference })));
      expect(tries.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
      for (const one of tries)
        if (one.status === 'rejected') expect(one.reason).toMatchObject({ code: 'payment_reference_taken' });
      expect(await debtor.invoices.isCollecting(shop.app.appId, reference)).toBe(true);
    });

    test('gives the one that the invoice has to who asks for that, but not when it is for something else', async () => {
      const { payment, attempt } = await debtor.debit();
      const reference = payment.reference!;
      const again = await debtor.debit({ reference, orExisting: true });
      expect(again).toMatchObject({ isNew: false, payment: { id: payment.id }, attempt: { id: attempt.id } });
      await expect(debtor.debit({ reference, orExisting: true, amount: toFen(1) })).rejects.toMatchObject({
        code: 'payment_reference_taken',
      });
    });

    test("a developer's reference that looks like the invoice does not give them its debit", async () => {
      const { payment } = await debtor.debit();
      const { amount, subject, reference } = payment;
      const body = { userId: shop.login.user.id, amount, subject, reference, platform: 'wechat' };
      const { status, body: answer } = await shop.server('POST', '/v1/payments', { body });
      expect([status, answer.code]).toEqual([409, 'payment_reference_taken']);
    });

    test("a developer's own payment is nobody's invoice", async () => {
      const payment = await shop.payment({ reference: 'inv_1', platform: undefined });
      expect(await debtor.invoices.isCollecting(shop.app.appId, payment.reference!)).toBe(false);
      await expect(debtor.debit({ reference: 'inv_1', orExisting: true })).rejects.toMatchObject({
        code: 'payment_reference_taken',
      });
    });

    test('a person can neither pay it by hand nor cancel it', async () => {
      const { payment } = await debtor.debit();
      const path = `/v1/me/payments/${payment.id}`;
      const paying = await shop.mine('POST', `${path}/attempts`, { body: { platform: 'wechat' } });
      const canceling = await shop.mine('POST', `${path}/cancel`);
      for (const { status, body } of [paying, canceling])
        expect([status, body.code]).toEqual([409, 'payment_not_open']);
      expect(await view(payment.id)).toMatchObject({ status: 'pending', closingSince: null });
    });

    test('the database takes no second attempt under a contract beside an open one', async () => {
      const { payment } = await debtor.debit();
      const app = await debtor.app();
      const attempts = minibase.app.get(Attempts, { strict: false });
      const plan = await debtor.plan();
      const adding = minibase.database.transaction((tx) => attempts.add(tx, app, payment, plan));
      await expect(adding).rejects.toMatchObject({ constraint: 'payment_attempts_debit' });
    });

    test('an erased user is forgotten in the terms too', async () => {
      const { payment } = await debtor.debit();
      await must(minibase.url, 'DELETE', `/v1/users/${shop.login.user.id}`, { token: shop.app.secretKey });
      const [row] = await sql<{ attempt: string }>(
        `select to_jsonb(a)::text as attempt from payment_attempts a where payment_id = $1`,
        [payment.id],
      );
      expect(row?.attempt).not.toContain(debtor.terms.payer);
    });
  });

  describe('one that brings no money', () => {
    test('fails with the code of the platform, tells everybody, and leaves the invoice free for another', async () => {
      const { payment, attempt } = await debtor.debit();
      const reference = payment.reference!;
      const state = { kind: 'failed', platformCode: 'NOTENOUGH' } as const;
      expect(await debtor.tell(attempt.number, state)).toEqual({ status: 'settled', objectId: payment.id });
      await debtor.tell(attempt.number, state);
      expect(await view(payment.id)).toMatchObject({
        status: 'failed',
        failureCode: 'NOTENOUGH',
        attempts: [{ status: 'failed', failureCode: 'NOTENOUGH' }],
      });
      const failureCode = 'NOTENOUGH';
      expect(closed).toEqual([{ appId: shop.app.appId, id: payment.id, status: 'failed', reference, failureCode }]);
      const events = await untilEvent(minibase, shop.app.secretKey, 'payment.failed');
      const told = events.filter(({ type }) => type === 'payment.failed');
      expect(told).toMatchObject([{ sequence: 2, data: { paymentId: payment.id, status: 'failed', failureCode } }]);
      expect(await debtor.invoices.isCollecting(shop.app.appId, reference)).toBe(false);
      const another = await debtor.debit({ reference });
      expect(another.payment.id).not.toBe(payment.id);
      expect(another.attempt.number).not.toBe(attempt.number);
    });

    test('fails also when the platform has only closed it, and says so', async () => {
      const { payment, attempt } = await debtor.debit();
      await debtor.tell(attempt.number, { kind: 'closed' });
      expect(await view(payment.id)).toMatchObject({ status: 'failed', failureCode: 'closed' });
    });

    test('withdrawn while it is under way it stays open until the platform has said that it will not come', async () => {
      const { payment, attempt } = await debtor.debit();
      const app = await debtor.app();
      await minibase.database.transaction((tx) => debtor.invoices.withdraw(tx, app, payment.id));
      const being = await view(payment.id);
      expect([being.status, being.closingSince]).toEqual(['pending', expect.any(String)]);
      expect(closed).toEqual([]);
      await debtor.tell(attempt.number, { kind: 'closed' });
      expect(await view(payment.id)).toMatchObject({ status: 'failed', failureCode: 'canceled' });
      expect(closed).toMatchObject([{ id: payment.id, status: 'failed', failureCode: 'canceled' }]);
    });

    test('money that comes after all is given back: the invoice may have been paid otherwise by then', async () => {
      const { payment, attempt } = await debtor.debit();
      await debtor.tell(attempt.number, { kind: 'failed', platformCode: 'SYSTEMERROR' });
      await debtor.success(attempt.number);
      expect(settled).toEqual([]);
      expect(await view(payment.id)).toMatchObject({ status: 'failed', amountRefunded: 0 });
      await untilEvent(minibase, shop.app.secretKey, 'payment.unexpected_success');
      const { body } = await shop.server<{ data: Refund[] }>('GET', `/v1/refunds?paymentId=${payment.id}`);
      expect(body.data).toMatchObject([{ source: 'automatic', amount: 1_900 }]);
    });

    test('a listener that throws keeps it as it was', async () => {
      const { payment, attempt } = await debtor.debit();
      refused.add(payment.id);
      await expect(debtor.success(attempt.number)).rejects.toThrow('does not get over it');
      expect(await view(payment.id)).toMatchObject({ status: 'pending', attempts: [{ status: 'created' }] });
      refused.clear();
      await debtor.success(attempt.number);
      expect(settled).toHaveLength(1);
    });

    test('a platform that does not tell leaves it open, and nobody has to catch anything', async () => {
      const { payment, attempt } = await debtor.debit();
      await shop.faults('wechat', 'status_500', { times: 100 }, { direction: 'in' });
      const app = await debtor.app();
      const submitted = await debtor.invoices.submit(app, payment, attempt);
      expect(['created', 'unknown']).toContain(submitted.status);
      expect(await view(payment.id)).toMatchObject({ status: 'pending', attempts: [{ status: submitted.status }] });
      expect(closed).toEqual([]);
    });
  });

  describe('who hears of money', () => {
    test('a debit: once, with what it was for and through which attempt', async () => {
      const { payment, attempt } = await debtor.debit();
      await debtor.success(attempt.number);
      await debtor.success(attempt.number);
      const { id, userId, amount, reference } = payment;
      const { platform, platformAccountId } = attempt;
      expect(settled).toEqual([
        {
          ...{ appId: shop.app.appId, id, userId, amount, reference, priceId: null, quantity: null },
          ...{ attemptId: attempt.id, platform, platformAccountId, paidAt: expect.any(Date) as Date },
        },
      ]);
      expect(await view(id)).toMatchObject({ status: 'succeeded', failureCode: null });
    });

    test('an invoice that a person pays: through the platform and back', async () => {
      const app = await debtor.app();
      const { invoices } = debtor;
      const plan = await invoices.plan(app, shop.login.user.id, { platform: 'wechat' }, { price: {}, payment: {} });
      const { payment, attempt } = await debtor.debit({ plan });
      expect((await invoices.submit(app, payment, attempt)).status).toBe('pending');
      await shop.cashier(await invoices.clientAction(app, payment));
      await shop.until(payment.id, 'succeeded');
      expect(settled).toMatchObject([{ id: payment.id, reference: payment.reference, platform: 'wechat' }]);
    });

    test('a price whose product gives its buyer features, but no other', async () => {
      const [pro, plain] = [await aPriceWith({ pro: true, seats: 5 }), await aPriceWith({})];
      for (const [priceId, quantity] of [
        [plain, 1],
        [pro, 2],
      ] as const) {
        // prettier-ignore
        const body = { priceId, quantity, platform: 'wechat' };
        const { body: payment } = await shop.mine('POST', '/v1/me/payments', { body });
        await shop.cashier(payment.clientAction);
        await shop.until(payment.id, 'succeeded');
      }
      expect(settled).toMatchObject([{ priceId: pro, quantity: 2, amount: 1_000, reference: null }]);
    });

    test('all others settle in one statement; one that is heard is left to the transaction', async () => {
      const contents = minibase.app.get(CallbackContents, { strict: false });
      const app = await debtor.app();
      const arrival = { app, platform: 'wechat', accountId: shop.merchants.wechat!.id } as const;
      const atOnce = async (number: string, amount: number) => {
        const paid = { transactionId: `4200${number}`, paidAt: new Date(), amount: toFen(amount), currency: 'CNY' };
        const kept = {
          ...{ id: newId('callback'), deduplicationKey: number, type: 'TRANSACTION.SUCCESS', sealed: 'x' },
          receivedAt: new Date(),
        };
        return contents.atOnce(arrival, { kind: 'payment', number, state: { kind: 'succeeded', paid } }, kept);
      };
      const ordinary = await shop.payment();
      const { payment, attempt } = await debtor.debit();
      expect(await atOnce(ordinary.attempts[0]!.number, 990)).toBe(true);
      expect(await atOnce(attempt.number, 1_900)).toBe(false);
      expect([(await view(ordinary.id)).status, (await view(payment.id)).status]).toEqual(['succeeded', 'pending']);
      expect(settled).toEqual([]);
    });

    test('of refunds, with what was paid and all that was given back so far', async () => {
      const { payment, attempt } = await debtor.debit();
      await debtor.success(attempt.number);
      for (const [index, amount] of [400, 1_500].entries()) {
        const platformRefundId = `5030${index}${attempt.number}`;
        const facts = { platformRefundId, amount: toFen(amount) };
        const state = { kind: 'succeeded', facts } as const;
        await debtor.hear({ kind: 'refund', paymentNumber: attempt.number, platformRefundId, state });
      }
      const common = {
        appId: shop.app.appId,
        id: payment.id,
        refundId: expect.any(String) as string,
        amountPaid: 1_900,
      };
      expect(refunded).toEqual([
        { ...common, amount: 400, amountRefunded: 400 },
        { ...common, amount: 1_500, amountRefunded: 1_900 },
      ]);
    });
  });

  test.each([
    ['failed without saying why', `update payments set failure_code = null where id = $1`],
    ['not failed although its debit has', `update payments set status = 'pending', failure_code = null where id = $1`],
    ['not heard of', `update payments set is_heard = false where id = $1`],
    ['failed although nobody was debited', `update payment_attempts set mandate = null where payment_id = $1`],
  ])('the doctor sees one that has %s', async (_, harm) => {
    const { payment, attempt } = await debtor.debit();
    await debtor.tell(attempt.number, { kind: 'failed', platformCode: 'NOTENOUGH' });
    const mandate = JSON.stringify(attempt.mandate);
    await sql(harm, [payment.id]);
    const found = await examine(minibase.database.dataSource, shop.app.appId);
    await sql(`update payments set status = 'failed', failure_code = 'NOTENOUGH', is_heard = true where id = $1`, [payment.id]); // prettier-ignore
    await sql(`update payment_attempts set mandate = $2 where payment_id = $1`, [payment.id, mandate]);
    expect(found.map(({ invariant }) => invariant)).toContainEqual(expect.stringMatching(/debit/));
  });

  test('one that has run out is closed at its platform, and says so', async () => {
    const { payment, attempt } = await debtor.debit({ expiresAt: new Date(Date.now() + 1_000) });
    await shop.faults('wechat', 'status_500', { times: 1_000 }, { direction: 'in' });
    await until('it is being closed', async () => {
      const lanes = minibase.app.get(Lanes, { strict: false });
      await lanes.nudge(PAYMENT_LANES, { appId: shop.app.appId, lane: 'expiring' });
      return (await view(payment.id)).closingSince !== null;
    });
    await debtor.tell(attempt.number, { kind: 'closed' });
    expect(closed).toMatchObject([{ id: payment.id, status: 'failed', failureCode: 'expired' }]);
  });
});
