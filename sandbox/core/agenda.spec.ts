import fc from 'fast-check';
import { Agenda } from './agenda.js';

test('it agrees with a plain list, whatever is planned, replaced, deleted, and moved', () => {
  const account = fc.constantFrom('a', 'b', 'c');
  const key = fc.integer({ min: 0, max: 12 }).map(String);
  const step = fc.oneof(
    fc.record({ do: fc.constant('set' as const), account, key, at: fc.integer({ min: 0, max: 40 }) }),
    fc.record({ do: fc.constant('delete' as const), account, key }),
    fc.record({ do: fc.constant('move' as const), account, by: fc.integer({ min: 1, max: 9 }) }),
    fc.record({ do: fc.constant('take' as const), now: fc.integer({ min: 0, max: 40 }) }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 400 }), (steps) => {
      const offsets = new Map<string, number>();
      const offsetOf = (one: string): number => offsets.get(one) ?? 0;
      const agenda = new Agenda(offsetOf);
      const list = new Map<string, { account: string; at: number }>();
      for (const one of steps) {
        if (one.do === 'set') {
          const id = `${one.account}${one.key}`;
          agenda.set(one.account, id, one.at, () => undefined);
          list.set(id, one);
        } else if (one.do === 'delete') {
          agenda.delete(`${one.account}${one.key}`);
          list.delete(`${one.account}${one.key}`);
        } else if (one.do === 'move') {
          offsets.set(one.account, offsetOf(one.account) + one.by);
          agenda.moved(one.account);
        } else {
          const taken = agenda.takeDue(one.now);
          const due = taken && taken.at - offsetOf(taken.account);
          const first = Math.min(...[...list.values()].map((entry) => entry.at - offsetOf(entry.account)));
          expect(due).toBe(first <= one.now ? first : undefined);
          if (taken) expect(list.delete(taken.key)).toBe(true);
        }
        const dues = [...list.values()].map((entry) => entry.at - offsetOf(entry.account));
        expect(agenda.nextDue() ?? Infinity).toBe(Math.min(...dues));
        for (const name of ['a', 'b', 'c']) {
          const own = [...list.values()].filter((entry) => entry.account === name).map(({ at }) => at);
          expect(agenda.nextOf(name) ?? Infinity).toBe(Math.min(...own));
        }
      }
    }),
    { numRuns: 300 },
  );
});

test('entries of one instant come in the order in which they were planned', () => {
  const agenda = new Agenda(() => 0);
  for (let n = 0; n < 100; n += 1) agenda.set('a', String(n), 5, () => undefined);
  const keys = Array.from({ length: 100 }, () => agenda.takeDue(5)?.key);
  expect(keys).toEqual(Array.from({ length: 100 }, (_, n) => String(n)));
});

test('much that is planned, and much that is moved and replaced, costs little', () => {
  let offset = 0;
  const agenda = new Agenda(() => offset);
  const began = performance.now();
  for (let n = 0; n < 100_000; n += 1) agenda.set('a', String(n), 1_000_000 - n, () => undefined);
  for (let n = 0; n < 100_000; n += 1) agenda.set('a', String(n), 2_000_000 + (n % 7), () => undefined);
  for (offset = 0; offset < 100_000; offset += 1) agenda.moved('a');
  let taken = 0;
  while (agenda.takeDue(2_000_000)) taken += 1;
  expect(taken).toBe(100_000);
  expect(performance.now() - began).toBeLessThan(10_000);
});
