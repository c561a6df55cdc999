import { chinaInstant, nextChinaMidnight } from './china-time.js';
import { fenOf, yuanOf } from './money.js';

test.each<[string, number]>([
  ['0.01', 1],
  ['0.1', 10],
  ['12.34', 1234],
  ['19.99', 1999],
  ['100', 10_000],
  ['100000000.00', 10_000_000_000],
])('%s yuan are %d fen', (yuan, fen) => {
  expect(fenOf(yuan)).toBe(fen);
  expect(fenOf(yuanOf(fen))).toBe(fen);
});

test.each(['', '1.', '.5', '1.005', '-1', '+1', '1e2', ' 1', '1,00', '12345678901'])('%p is no amount', (text) => {
  expect(fenOf(text)).toBeUndefined();
});

test('amounts are written with two decimals', () => {
  expect([0, 5, 50, 123_456].map(yuanOf)).toEqual(['0.00', '0.05', '0.50', '1234.56']);
});

test('a day in China ends at 16:00 UTC', () => {
  expect(nextChinaMidnight(Date.parse('2026-06-01T15:59:59Z'))).toBe(Date.parse('2026-06-01T16:00:00Z'));
  expect(nextChinaMidnight(Date.parse('2026-06-01T16:00:00Z'))).toBe(Date.parse('2026-06-02T16:00:00Z'));
  expect(chinaInstant('2026-06-02 00:00:00')).toBe(Date.parse('2026-06-01T16:00:00Z'));
});
