import { toFen } from '../../../src/common/money.js';
import type { Till } from './till.js';

/** What is given back, how often, and what of it a question tells. */
export function refunds(till: Till): void {
  const { aRefund, waiting, paid, factsOf, refund, queryRefund, isTaken, carriedOut } = till;
  describe('a refund', () => {
    test('gives back a part, then the rest, and never more; the payment stays paid', async () => {
      const order = await paid();
      const part = aRefund(order, { amount: toFen(500) });
      expect(await queryRefund(part)).toEqual({ kind: 'absent' });
      expect(isTaken(await refund(part))).toBe(true);
      const facts = await carriedOut(part);
      expect(facts.amount ?? part.amount).toBe(part.amount);

      await till.bench.pass(till.payments.refundSpacing);
      const tooMuch = aRefund(order, { amount: toFen(1491), refundedBefore: toFen(500) });
      expect(await refund(tooMuch)).toMatchObject({ kind: 'failed', detail: expect.any(String) as string });
      expect(await queryRefund(tooMuch)).toEqual({ kind: 'absent' });
      const rest = aRefund(order, { amount: toFen(1490), refundedBefore: toFen(500) });
      expect(isTaken(await refund(rest))).toBe(true);
      await carriedOut(rest);

      await till.bench.pass(till.payments.refundSpacing);
      const one = aRefund(order, { amount: toFen(1), refundedBefore: order.amount });
      expect(await refund(one)).toMatchObject({ kind: 'failed' });
      expect(await factsOf(order)).toMatchObject({ transactionId: order.transactionId, amount: order.amount });
    });

    test('sent twice under its number is one refund', async () => {
      const order = await paid();
      const half = aRefund(order, { amount: toFen(995) });
      expect(isTaken(await refund(half))).toBe(true);
      expect(isTaken(await refund(half))).toBe(true);
      await carriedOut(half);
      expect(isTaken(await refund(half))).toBe(true);
      // If it had been two, nothing would be left.
      await till.bench.pass(till.payments.refundSpacing);
      const other = aRefund(order, { amount: toFen(995), refundedBefore: toFen(995) });
      expect(isTaken(await refund(other))).toBe(true);
      await carriedOut(other);
    });

    test('of more than was paid, or of what nobody paid, has failed', async () => {
      const order = await paid();
      expect(await refund(aRefund(order, { amount: toFen(1991) }))).toMatchObject({ kind: 'failed' });
      expect(await refund(aRefund(await waiting()))).toMatchObject({ kind: 'failed' });
      // It has cost the order nothing.
      expect(isTaken(await refund(aRefund(order)))).toBe(true);
    });

    test('that was never sent is absent, also of a payment with another refund', async () => {
      const order = await paid();
      expect(isTaken(await refund(aRefund(order, { amount: toFen(1) })))).toBe(true);
      expect(await queryRefund(aRefund(order))).toEqual({ kind: 'absent' });
    });
  });
}
