import type { Till } from './till.js';

/** What becomes of an order, from its submission to its payment or its end. */
export function orders(till: Till): void {
  const {
    anOrder,
    aRefund,
    submitted,
    actionOf,
    waiting,
    paid,
    query,
    factsOf,
    refund,
    queryRefund,
    isTaken,
    tellsSuccess,
  } = till;
  describe('an order', () => {
    test('is absent before anybody has placed it, pending until it is paid, then succeeded', async () => {
      expect(await query(anOrder())).toEqual({ kind: 'absent' });
      const order = await waiting();
      expect(await query(order)).toEqual({ kind: 'pending' });
      const before = Math.floor(till.bench.businessNow().getTime() / 1_000) * 1_000;
      expect(await till.bench.cashier(actionOf(order), 'pay')).toBe(true);
      const facts = await factsOf(order);
      expect(facts).toMatchObject({ amount: order.amount, currency: 'CNY' });
      expect(facts.transactionId).toMatch(/^\S+$/);
      expect(facts.paidAt.getTime()).toBeGreaterThanOrEqual(before);
      expect(facts.paidAt.getTime()).toBeLessThanOrEqual(till.bench.businessNow().getTime());
      // What a platform does not tell is left out; what it tells is ours.
      const { merchant, program } = till.accounts;
      const { merchantId = merchant.merchantId, platformAppId = program.platformAppId, payer = order.payer } = facts;
      expect([merchantId, platformAppId, payer]).toEqual([merchant.merchantId, program.platformAppId, order.payer]);
    });

    test('sent again is the same order, and can be paid once', async () => {
      const order = await submitted();
      const again = await till.payments.submit(till.accounts, order, till.bench.businessNow());
      expect(again.kind).toBe('ready');
      const { handle } = again as { handle: string };
      expect(await till.bench.cashier(actionOf({ ...order, handle }), 'pay')).toBe(true);
      expect(await till.bench.cashier(actionOf({ ...order, handle }), 'pay')).toBe(false);
      expect(await till.bench.cashier(actionOf(order), 'pay')).toBe(false);
      expect((await factsOf(order)).amount).toBe(order.amount);
    });

    test('tells the client until when it can be paid, and by which function', async () => {
      const action = actionOf(await submitted());
      expect(action).toMatchObject({ platform: till.accounts.program.platform, proof: 'callback' });
      expect(action.method).toMatch(/^\w+$/);
      const left = Date.parse(action.expiresAt) - till.bench.businessNow().getTime();
      expect(left).toBeGreaterThan(0);
      expect(left).toBeLessThanOrEqual(1_800_000);
    });

    test('is not paid with parameters of which somebody has changed one character', async () => {
      const order = await submitted();
      const action = actionOf(order);
      for (const [parameter, value] of Object.entries(action.params)) {
        if (typeof value !== 'string') continue;
        // Not the end: the last character of base64 may mean nothing.
        for (const at of [0, Math.floor(value.length / 3), Math.floor(value.length / 2)]) {
          const changed = value.slice(0, at) + (value[at] === '1' ? '2' : '1') + value.slice(at + 1);
          const params = { ...action.params, [parameter]: changed };
          expect([parameter, at, await till.bench.cashier({ ...action, params }, 'pay')]).toEqual([
            parameter,
            at,
            false,
          ]);
        }
      }
      expect((await query(order)).kind).not.toBe('succeeded');
      expect(await till.bench.cashier(action, 'pay')).toBe(true);
    });

    test.each(['a'.repeat(26), '7'.repeat(26), 'abcdefghijklmnopqrstuvwxyz', 'a234567bcdefghijklmnopqrst'])(
      'may have the number %s, and so may its refund',
      async (number) => {
        const order = await paid({ number });
        expect((await tellsSuccess(order)).callback.content).toMatchObject({ number });
        const one = aRefund(order, { number: `${number.slice(1)}b` });
        expect(isTaken(await refund(one))).toBe(true);
        expect(isTaken(await queryRefund(one))).toBe(true);
      },
    );

    test('that nobody pays is closed, now or when its time is over, and cannot be paid any more', async () => {
      const order = await waiting();
      const action = actionOf(order);
      const closing = await till.payments.close(till.accounts, order);
      expect(['closed', 'waits']).toContain(closing.kind);
      if (closing.kind === 'waits') {
        expect(closing.until.getTime()).toBeGreaterThanOrEqual(order.expiresAt.getTime());
        await till.bench.pass((closing.until.getTime() - till.bench.businessNow().getTime()) / 1_000 + 1);
      }
      expect(await query(order)).toEqual({ kind: 'closed' });
      expect(await till.bench.cashier(action, 'pay')).toBe(false);
      expect(await query(order)).toEqual({ kind: 'closed' });
    });

    test('whose time ran out is paid by nobody, and closed by then or by our doing', async () => {
      const order = await waiting();
      await till.bench.pass(3 * 3_600);
      expect(await till.bench.cashier(actionOf(order), 'pay')).toBe(false);
      // Not every platform closes what it no longer lets anybody pay.
      if ((await query(order)).kind === 'pending')
        expect((await till.payments.close(till.accounts, order)).kind).toBe('closed');
      expect(await query(order)).toEqual({ kind: 'closed' });
    });

    test('that is paid cannot be closed', async () => {
      const order = await paid();
      expect(['paid', 'waits']).toContain((await till.payments.close(till.accounts, order)).kind);
      expect(await factsOf(order)).toMatchObject({ transactionId: order.transactionId });
    });

    test('that is absent stays so for ever from a time that lies after its submission', () => {
      const order = anOrder();
      expect(till.payments.absentIsFinalAt(order, till.bench.businessNow()).getTime()).toBeGreaterThan(Date.now());
    });
  });
}
