import { toFen } from '../common/money.js';
import { amountOfPeriod, periodLine, type Selection, switchLines, titleOf, totalOf } from './amounts.js';

const at = (text: string): Date => new Date(`${text}T00:00:00Z`);
const selection = (amount: number, over: Partial<Selection> = {}): Selection => ({
  price: { id: `prc_${amount}`, amount: toFen(amount), introductory: null },
  ...{ quantity: 1, name: 'Pro' },
  ...over,
});
const april = { start: at('2026-04-01'), end: at('2026-05-01') };

describe('a period', () => {
  const introduced = (periods: number, quantity = 1): Selection => ({
    price: { id: 'prc_1', amount: toFen(1_990), introductory: { amount: toFen(100), periods } },
    ...{ quantity, name: 'Pro' },
  });

  test.each([
    [1, 1, 0, 100],
    [1, 1, 1, 1_990],
    [3, 1, 2, 100],
    [3, 1, 3, 1_990],
    [3, 4, 2, 400],
    [3, 4, 3, 7_960],
  ])('of %i introduced ones, %i at once, costs after %i others %i fen', (periods, quantity, billed, amount) => {
    expect(amountOfPeriod(introduced(periods, quantity), billed)).toBe(amount);
  });

  test('may cost nothing in an introduction', () => {
    const free = {
      ...selection(500),
      price: { id: 'prc_1', amount: toFen(500), introductory: { amount: toFen(0), periods: 1 } },
    };
    expect([amountOfPeriod(free, 0), amountOfPeriod(free, 1)]).toEqual([0, 500]);
  });

  test('is called as the payer reads it', () => {
    expect([titleOf(selection(1)), titleOf(selection(1, { quantity: 3 }))]).toEqual(['Pro', 'Pro × 3']);
  });
});

describe('a change within a period', () => {
  const change = (paid: number, to: number, day: string) =>
    switchLines({
      from: selection(paid),
      to: selection(to),
      paid: toFen(paid),
      period: april,
      at: at(day),
      timeZone: 'UTC',
    });

  test.each([
    ['2026-04-01', 3_000, 6_000, [-3_000, 6_000]],
    ['2026-04-11', 3_000, 6_000, [-2_000, 4_000]],
    ['2026-04-30', 3_000, 6_000, [-100, 200]],
    ['2026-04-11', 1_000, 1, [-667, 1]],
    ['2026-04-02', 31, 7, [-30, 7]],
  ])('on %s, from %i to %i', (day, from, to, amounts) => {
    expect(change(from, to, day).map(({ amount }) => amount)).toEqual(amounts);
  });

  test('gives back and keeps parts that add up to the whole, on every day', () => {
    for (const paid of [1, 29, 30, 31, 1_990, 99_999]) {
      for (let day = 1; day <= 30; day += 1) {
        const kept = Math.floor((paid * (day - 1)) / 30);
        const [unused] = change(paid, 1, `2026-04-${String(day).padStart(2, '0')}`);
        expect(kept - unused!.amount).toBe(paid);
      }
    }
  });

  test('to another interval charges a whole new period', () => {
    const next = { start: at('2026-04-11'), end: at('2027-04-11') };
    const [unused, whole] = switchLines({
      from: selection(3_000),
      to: selection(30_000),
      ...{ paid: toFen(3_000), period: april, at: next.start, timeZone: 'UTC', next },
    });
    expect([unused!.amount, whole!.amount, whole!.kind]).toEqual([-2_000, 30_000, 'period']);
    expect([whole!.periodStart, whole!.periodEnd]).toEqual([next.start.toISOString(), next.end.toISOString()]);
  });
});

describe('a total', () => {
  const line = (amount: number) => periodLine(selection(1), april, toFen(amount));

  test.each([
    [1_000, 0, { amount: 1_000, creditUsed: 0, creditAdded: 0 }],
    [1_000, 300, { amount: 700, creditUsed: 300, creditAdded: 0 }],
    [1_000, 1_000, { amount: 0, creditUsed: 1_000, creditAdded: 0 }],
    [1_000, 5_000, { amount: 0, creditUsed: 1_000, creditAdded: 0 }],
  ])('of %i fen with a credit of %i', (sum, credit, expected) => {
    const total = totalOf([line(sum)], credit, april);
    expect(total).toMatchObject(expected);
    expect(total.lines.reduce((all, { amount }) => all + amount, 0)).toBe(total.amount);
  });

  test('that is less than nothing is a credit', () => {
    const lines = [{ ...line(2_000), amount: -2_000 }, line(400)];
    expect(totalOf(lines, 50, april)).toMatchObject({ amount: 0, creditUsed: 0, creditAdded: 1_600 });
  });
});
