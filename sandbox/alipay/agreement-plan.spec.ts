import { afterFailure, afterSuccess, isInWindow, movedTo, type Plan } from './agreement-plan.js';
import { addMonths, isChinaDate } from './china-date.js';

const plan = (over: Partial<Plan> = {}): Plan => ({
  periodType: 'MONTH',
  period: 1,
  singleAmount: 1_234,
  nextDate: '2026-06-10',
  failures: 0,
  changes: 0,
  ...over,
});

test.each([
  ['2026-06-04T23:59:59.999+08:00', false],
  ['2026-06-05T00:00:00+08:00', true],
  ['2026-06-10T00:00:00+08:00', true],
  ['2026-06-10T23:59:59.999+08:00', true],
  ['2026-06-11T00:00:00+08:00', false],
])('what is planned for 10 June may be debited at %s: %s', (at, expected) => {
  expect(isInWindow(plan(), Date.parse(at))).toBe(expected);
});

// The example of Alipay's docs is of July 2019: the 6th may be debited from the 1st on, and then comes 6 August.
test('the example of the docs', () => {
  const july = plan({ nextDate: '2019-07-06' });
  expect(isInWindow(july, Date.parse('2019-06-30T12:00:00+08:00'))).toBe(false);
  expect(isInWindow(july, Date.parse('2019-07-01T00:00:00+08:00'))).toBe(true);
  expect(afterSuccess(july).nextDate).toBe('2019-08-06');
});

test.each<[Partial<Plan>, string]>([
  [{ nextDate: '2026-12-28' }, '2027-01-28'],
  [{ nextDate: '2026-11-30', period: 3, periodType: 'DAY' }, '2026-12-03'],
  [{ nextDate: '2028-02-22', period: 7, periodType: 'DAY' }, '2028-02-29'],
  [{ nextDate: '2026-06-10', period: 12 }, '2027-06-10'],
])('after a success of %j the next is due on %s', (over, next) => {
  expect(afterSuccess(plan({ ...over, failures: 2 }))).toMatchObject({ nextDate: next, failures: 0 });
});

test('tries that find no money count until the plan moves', () => {
  const tried = afterFailure(afterFailure(plan()));
  expect(tried).toMatchObject({ failures: 2, nextDate: '2026-06-10' });
  expect(movedTo(tried, '2026-06-20')).toMatchObject({ failures: 0, changes: 1, nextDate: '2026-06-20' });
});

test.each(['2026-02-30', '2026-13-01', '2026-6-1', '2026-06-00', 'today', ''])('%p is no day', (text) => {
  expect(isChinaDate(text)).toBe(false);
});

test('a month that is too short ends earlier', () => {
  expect(addMonths('2026-12-31', 2)).toBe('2027-02-28');
});
