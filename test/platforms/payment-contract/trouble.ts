import { PlatformError } from '../../../src/platforms/errors.js';
import { problemOf } from '../bench.js';
import type { PlatformCall } from './needs.js';
import type { Till } from './till.js';

/** More often than any call is repeated at once. */
const ALWAYS = 20;
const TROUBLES = ['status_500', 'garbage'] as const;

/** What is known when answers are lost, late or nonsense: never more than is true. `calls`: those that the platform needs. */
export function trouble(till: Till, calls: readonly PlatformCall[]): void {
  const { anOrder, aRefund, waiting, paid, query, refund, queryRefund, isTaken, carriedOut } = till;
  describe('when the platform is in trouble,', () => {
    const sent = calls.filter((call) => call === 'submit');
    if (sent.length > 0) {
      test('an order whose answer is lost is in doubt, and a question tells that it is there', async () => {
        await till.bench.fault('timeout_after', 'submit');
        const order = anOrder();
        const lost = till.bench.impatient.submit(till.accounts, order, till.bench.businessNow());
        expect((await problemOf(lost)).problem).toBe('platform_unknown');
        expect(await query(order)).toEqual({ kind: 'pending' });
        expect((await till.payments.submit(till.accounts, order, till.bench.businessNow())).kind).toBe('ready');
      });

      test('an order that never arrived is in doubt, and a question tells that it is not there', async () => {
        await till.bench.fault('timeout_before', 'submit');
        const order = anOrder();
        const lost = till.bench.impatient.submit(till.accounts, order, till.bench.businessNow());
        expect((await problemOf(lost)).problem).toBe('platform_unknown');
        expect(await query(order)).toEqual({ kind: 'absent' });
      });

      test.each(['busy', ...TROUBLES] as const)('%s never makes an order ready or refused', async (kind) => {
        await till.bench.fault(kind, 'submit', ALWAYS);
        const order = anOrder();
        const { problem } = await problemOf(till.payments.submit(till.accounts, order, till.bench.businessNow()));
        expect(['platform_unknown', 'platform_busy', 'platform_rate_limited']).toContain(problem);
        await till.bench.noFaults();
        expect(await query(order)).toEqual({ kind: 'absent' });
        expect((await till.payments.submit(till.accounts, order, till.bench.businessNow())).kind).toBe('ready');
      });
    } else {
      test('an order is ready all the same: the client places it', async () => {
        expect((await till.payments.submit(till.accounts, anOrder(), till.bench.businessNow())).kind).toBe('ready');
      });
    }

    if (calls.includes('close')) {
      test.each(['timeout_after', ...TROUBLES] as const)('%s never closes an order for sure', async (kind) => {
        await till.bench.fault(kind, 'close', ALWAYS);
        const order = await waiting();
        expect((await problemOf(till.bench.impatient.close(till.accounts, order))).problem).toBe('platform_unknown');
        await till.bench.noFaults();
        expect((await query(order)).kind).toBe(kind === 'timeout_after' ? 'closed' : 'pending');
      });
    }

    test.each(['busy', 'timeout_before', 'timeout_after', ...TROUBLES] as const)(
      '%s never answers a question',
      async (kind) => {
        const order = await paid();
        const one = aRefund(order);
        await till.bench.fault(kind, 'query', ALWAYS);
        await till.bench.fault(kind, 'queryRefund', ALWAYS);
        const questions = [
          till.bench.impatient.query(till.accounts, order),
          till.bench.impatient.queryRefund(till.accounts, one),
        ];
        for (const problem of await Promise.all(questions.map(problemOf)))
          expect(problem).toBeInstanceOf(PlatformError);
        await till.bench.noFaults();
        expect([(await query(order)).kind, (await queryRefund(one)).kind]).toEqual(['succeeded', 'absent']);
      },
    );

    test('a refund whose answer is lost is in doubt; a question tells the truth, and a repeat gives once', async () => {
      const order = await paid();
      const all = aRefund(order);
      await till.bench.fault('timeout_after', 'refund');
      expect((await problemOf(till.bench.impatient.refund(till.accounts, all))).problem).toBe('platform_unknown');
      expect(isTaken(await queryRefund(all))).toBe(true);
      expect(isTaken(await refund(all))).toBe(true);
      expect((await carriedOut(all)).amount ?? all.amount).toBe(all.amount);
    });

    test('a refund that never arrived is in doubt; it is absent, and a repeat makes it', async () => {
      const all = aRefund(await paid());
      await till.bench.fault('timeout_before', 'refund');
      expect((await problemOf(till.bench.impatient.refund(till.accounts, all))).problem).toBe('platform_unknown');
      expect(await queryRefund(all)).toEqual({ kind: 'absent' });
      expect(isTaken(await refund(all))).toBe(true);
    });

    test.each(['busy', ...TROUBLES] as const)('%s neither makes a refund nor ends it', async (kind) => {
      const all = aRefund(await paid());
      await till.bench.fault(kind, 'refund', ALWAYS);
      const outcome = await refund(all).then(
        (state) => state.kind,
        (error: unknown) => (error instanceof PlatformError ? error.problem : error),
      );
      expect(['later', 'platform_unknown', 'platform_busy', 'platform_rate_limited']).toContain(outcome);
      await till.bench.noFaults();
      expect(await queryRefund(all)).toEqual({ kind: 'absent' });
      expect(isTaken(await refund(all))).toBe(true);
    });
  });
}
