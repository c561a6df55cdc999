import { toFen } from '../../../common/money.js';
import type { MandateTerms } from '../../mandate-platform.js';
import { SIGN_POLICY as policy } from './policy.js';

const china = (text: string): Date => new Date(`${text.replace(' ', 'T')}:00+08:00`);
const terms: MandateTerms = {
  number: 'abcdefghijklmnopqrstuvwxyz',
  serial: 1,
  payer: 'o1',
  subject: '一个月会员',
  amount: toFen(990),
  mostAmount: toFen(990),
  recurring: { interval: 'month', intervalCount: 1 },
  firstDebitAt: '2026-03-01T00:00:00Z',
  expiresAt: '2026-02-01T00:00:00Z',
  notifyUrl: 'https://pay.example.com/callbacks/pac_1',
  settings: {},
  contractId: 'auth1',
  signedAt: null,
};
const window = (periodStart: string, now: string) =>
  policy.window({ periodStart: china(periodStart), now: china(now), terms });

test.each([
  ['2026-03-01 12:00', '2026-02-01 00:00', '2026-02-28 09:00', '2026-03-30 09:00'],
  // The first moment of a day is that day's; the last of UTC is the next day's in China.
  ['2026-03-01 00:00', '2026-02-01 00:00', '2026-02-28 09:00', '2026-03-30 09:00'],
  ['2026-03-01 07:59', '2026-03-10 00:00', '2026-02-28 09:00', '2026-03-30 09:00'],
  // Missed: from now on.
  ['2026-03-01 12:00', '2026-04-05 13:30', '2026-04-05 13:30', '2026-05-05 09:00'],
])('the period from %s is collected, seen at %s, from %s until %s', (periodStart, now, from, until) => {
  const expected = { noticeAt: null, collectFrom: china(from), collectUntil: china(until) };
  expect(window(periodStart, now)).toEqual(expected);
});

test.each([
  [1, '2026-02-28 09:00', '2026-03-01 09:00'],
  [7, '2026-03-06 23:30', '2026-03-07 09:00'],
  [28, '2026-03-28 09:00', '2026-03-29 09:00'],
  [30, '2026-03-29 09:00', undefined],
])('after failure %d at %s the next try is at %s', (failures, failedAt, again) => {
  const of = window('2026-03-01 12:00', '2026-02-01 00:00');
  const at = policy.retryAt({ failures, failedAt: china(failedAt), window: of });
  expect(at).toEqual(again === undefined ? undefined : china(again));
});

test.each([
  ['FAIL', 'funds'],
  ['TIMEOUT', 'later'],
  ['10000', 'misconfigured'],
  ['12001', 'later'],
  ['13000', 'later'],
  ['22000', 'later'],
  ['28001038', 'misconfigured'],
  ['SIGN_ORDER_CANCEL', 'ended'],
  ['SIGN_ORDER_DONE', 'ended'],
  ['never heard of', 'later'],
  ['constructor', 'later'],
])('%s means %s', (code, decline) => {
  expect(policy.decline(code)).toBe(decline);
});

test('Douyin takes debits at any hour, of any period', () => {
  expect(policy.debitTime(china('2026-03-01 03:00'))).toEqual(china('2026-03-01 03:00'));
  expect(policy.obstacle({ interval: 'day', intervalCount: 1 }, toFen(1))).toBeUndefined();
});
