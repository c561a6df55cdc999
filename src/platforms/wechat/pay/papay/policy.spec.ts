import { toFen } from '../../../../common/money.js';
import type { MandateTerms, Recurring } from '../../../mandate-platform.js';
import { POLICY } from './policy.js';

/** `2026-11-20 09:00` in China. */
const china = (text: string): Date => new Date(`${text.replace(' ', 'T')}:00+08:00`);
const shown = (time: Date | null | undefined): string | undefined =>
  time ? new Date(time.getTime() + 8 * 3_600_000).toISOString().slice(0, 16).replace('T', ' ') : undefined;

const terms = (over: Partial<MandateTerms> = {}): MandateTerms => ({
  number: 'a'.repeat(26),
  serial: 1,
  payer: 'o1',
  subject: '会员',
  amount: toFen(990),
  mostAmount: toFen(990),
  recurring: { interval: 'month', intervalCount: 1 },
  firstDebitAt: '2026-11-20T00:00:00Z',
  expiresAt: '2026-10-01T01:00:00Z',
  notifyUrl: 'https://pay.example.com/callbacks/mac_1',
  settings: { planId: '100001' },
  contractId: '1',
  signedAt: china('2026-10-20 12:00').toISOString(),
  ...over,
});
const delayed = terms({ settings: { planId: '100002', debitMode: 'delayed' } });
const windowOf = (start: string, now: string, of = terms()) => {
  const { noticeAt, collectFrom, collectUntil } = POLICY.window({
    periodStart: china(start),
    now: china(now),
    terms: of,
  });
  return [shown(noticeAt), shown(collectFrom), shown(collectUntil)];
};

describe('with a template that wants notices', () => {
  const usual = ['2026-11-17 09:00', '2026-11-19 09:00', '2026-11-25 21:55'];

  test.each(['2026-11-20 00:00', '2026-11-20 15:30', '2026-11-20 23:59'])(
    'the period of %s is announced three days before and collected the day before',
    (start) => expect(windowOf(start, '2026-11-01 12:00')).toEqual(usual),
  );

  test.each([
    ['2026-11-17 08:59', usual],
    ['2026-11-17 09:30', ['2026-11-17 09:30', '2026-11-19 09:00', '2026-11-25 21:55']],
    ['2026-11-17 21:54', ['2026-11-17 21:54', '2026-11-19 09:00', '2026-11-25 21:55']],
    ['2026-11-17 21:55', ['2026-11-18 07:05', '2026-11-20 09:00', '2026-11-26 21:55']],
    ['2026-11-18 03:00', ['2026-11-18 07:05', '2026-11-20 09:00', '2026-11-26 21:55']],
    ['2026-12-24 10:00', ['2026-12-24 10:00', '2026-12-26 09:00', '2027-01-01 21:55']],
  ])('that can no longer be met at %s opens as soon as it may', (now, expected) => {
    expect(windowOf('2026-11-20 10:00', now)).toEqual(expected);
  });
});

test('with a delayed template WeChat Pay is asked two days before, and tells people itself', () => {
  const [notice, from, until] = windowOf('2026-11-20 10:00', '2026-11-01 12:00', delayed);
  expect([notice, from, until]).toEqual([undefined, '2026-11-18 09:00', '2026-11-24 21:55']);
  expect(windowOf('2026-11-20 10:00', '2026-11-19 22:30', delayed)).toEqual([undefined, '2026-11-20 07:05', '2026-11-26 21:55']); // prettier-ignore
});

describe.each([terms(), delayed])('a contract that was signed just now', (of) => {
  const signed = (at: string) => ({ ...of, signedAt: china(at).toISOString() });

  test('is collected at once for a period that begins with it', () => {
    const expected = [undefined, '2026-11-20 10:01', '2026-11-20 21:45'];
    expect(windowOf('2026-11-20 10:00', '2026-11-20 10:01', signed('2026-11-20 10:00'))).toEqual(expected);
  });

  test('is collected when the period begins that does so within twelve hours', () => {
    const expected = [undefined, '2026-11-20 15:00', '2026-11-20 21:45'];
    expect(windowOf('2026-11-20 15:00', '2026-11-20 10:01', signed('2026-11-20 10:00'))).toEqual(expected);
  });

  test.each([
    ['is not fresh any more', '2026-11-20 21:46', '2026-11-20 10:00'],
    ['would be too old by the morning', '2026-11-20 22:00', '2026-11-20 19:10'],
  ])('%s', (_, now, signedAt) => {
    const [, from, until] = windowOf(signedAt, now, signed(signedAt));
    expect(from! > '2026-11-21 07:00' && until! > '2026-11-26').toBe(true);
  });
});

test('nothing is collected in the middle of a trial', () => {
  const signedAt = china('2026-11-20 10:00').toISOString();
  const trial = (of: MandateTerms) => windowOf('2026-11-22 10:00', '2026-11-20 10:01', { ...of, signedAt });
  expect(trial(terms())).toEqual(['2026-11-20 10:01', '2026-11-22 09:00', '2026-11-28 21:55']);
  // Within twelve hours the money would not move a day later, but at once.
  expect(trial(delayed)).toEqual([undefined, '2026-11-21 07:05', '2026-11-27 21:55']);
});

test.each([
  ['2026-11-20 07:04', '2026-11-20 07:05'],
  ['2026-11-20 07:05', '2026-11-20 07:05'],
  ['2026-11-20 21:54', '2026-11-20 21:54'],
  ['2026-11-20 21:55', '2026-11-21 07:05'],
  ['2026-11-30 23:59', '2026-12-01 07:05'],
])('a debit that is due at %s is made at %s', (at, expected) => {
  expect(shown(POLICY.debitTime(china(at)))).toBe(expected);
});

describe('a debit that has failed', () => {
  const window = POLICY.window({
    periodStart: china('2026-11-20 10:00'),
    now: china('2026-11-01 12:00'),
    terms: terms(),
  });
  const again = (failures: number, failedAt: string, over = {}) =>
    shown(POLICY.retryAt({ failures, failedAt: china(failedAt), window: { ...window, ...over } }));

  test('is tried again one, two and four days after the first, and then no more', () => {
    expect(again(1, '2026-11-19 09:00')).toBe('2026-11-20 09:00');
    expect(again(2, '2026-11-20 09:00')).toBe('2026-11-21 09:00');
    expect(again(3, '2026-11-21 09:00')).toBe('2026-11-23 09:00');
    expect(again(4, '2026-11-23 09:00')).toBeUndefined();
  });

  test('is never tried again on the same day, nor out of the window', () => {
    expect(again(1, '2026-11-22 18:00')).toBe('2026-11-23 09:00');
    expect(again(2, '2026-11-24 23:00')).toBe('2026-11-25 09:00');
    expect(again(2, '2026-11-25 09:00')).toBeUndefined();
    expect(again(1, '2026-11-19 09:00', { collectUntil: china('2026-11-20 09:00') })).toBeUndefined();
  });

  test.each([
    ['NOTENOUGH', 'funds'],
    ['NOT_ENOUGH', 'funds'],
    ['BANKERROR', 'funds'],
    ['PAY_FAIL', 'funds'],
    ['PAYERROR', 'funds'],
    ['INVALID_REQUEST', 'window'],
    ['RULELIMIT', 'final'],
    ['RULE_LIMIT', 'final'],
    ['USER_ACCOUNT_ABNORMAL', 'final'],
    ['CONTRACT_NOT_EXIST', 'ended'],
    ['CONTRACTERROR', 'ended'],
    ['CONTRACT_ERROR', 'ended'],
    ['SIGN_ERROR', 'misconfigured'],
    ['NOAUTH', 'misconfigured'],
    ['APPID_MCHID_NOT_MATCH', 'misconfigured'],
    ['PARAM_ERROR', 'misconfigured'],
    ['SYSTEMERROR', 'later'],
    ['FREQUENCY_LIMITED', 'later'],
    ['OUT_TRADE_NO_USED', 'later'],
    ['SOMETHING_NEW', 'later'],
    ['', 'later'],
  ])('because of %s: %s', (code, expected) => {
    expect(POLICY.decline(code)).toBe(expected);
  });
});

test.each<[Recurring['interval'], number, boolean]>([
  ['day', 1, false],
  ['day', 2, false],
  ['day', 3, true],
  ['week', 1, true],
  ['month', 1, true],
  ['year', 3, true],
])('every %s times %i can be debited: %s', (interval, intervalCount, fine) => {
  expect(POLICY.obstacle({ interval, intervalCount }, toFen(990)) === undefined).toBe(fine);
  expect(POLICY.obstacle({ interval, intervalCount }, toFen(0))).toBeDefined();
});
