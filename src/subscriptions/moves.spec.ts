import { INVOICE_MOVES, INVOICE_STATUSES, LIVE_STATUSES, SUBSCRIPTION_MOVES, SUBSCRIPTION_STATUSES } from './moves.js';

const leads = (moves: object): Record<string, string[]> =>
  Object.fromEntries(
    Object.entries(moves as Record<string, { from: readonly string[]; to: string }>).map(([name, { from, to }]) => [
      name,
      [...from].sort().map((one) => `${one} → ${to}`),
    ]),
  );

test('nothing leads out of the end of a subscription', () => {
  const out = Object.values(SUBSCRIPTION_MOVES).flatMap(({ from }) => [...from] as string[]);
  expect(out).not.toContain('canceled');
});

test('every status but the first can be reached, by a move of its own', () => {
  const reached = (moves: Record<string, { to: string }>) => new Set(Object.values(moves).map(({ to }) => to));
  expect(SUBSCRIPTION_STATUSES.filter((status) => !reached(SUBSCRIPTION_MOVES).has(status))).toEqual(['incomplete']);
  expect(INVOICE_STATUSES.filter((status) => !reached(INVOICE_MOVES).has(status))).toEqual(['draft']);
});

test('whatever holds a place can end', () => {
  for (const status of LIVE_STATUSES) expect(SUBSCRIPTION_MOVES.ended.from).toContain(status);
});

test('what is paid stays paid', () => {
  expect(Object.values(INVOICE_MOVES).filter(({ from }) => (from as readonly string[]).includes('paid'))).toEqual([]);
});

test('a period only becomes active by being paid, or by the end of a pause', () => {
  const { activated, renewed, recovered, resumed, ...others } = SUBSCRIPTION_MOVES;
  expect(Object.values(others).map(({ to }) => to as string)).not.toContain('active');
  expect(leads({ activated, renewed, recovered, resumed })).toEqual({
    activated: ['incomplete → active', 'incomplete_expired → active'],
    renewed: ['active → active', 'trialing → active'],
    recovered: ['past_due → active', 'unpaid → active'],
    resumed: ['paused → active'],
  });
});
