import { nextDelay, RETRY_AFTER_S, retryAfterOf } from './schedule.js';

const now = new Date('2026-11-20T08:00:00Z');

describe('the retry schedule', () => {
  test('is that of Standard Webhooks: ten attempts in about three days', () => {
    expect(RETRY_AFTER_S).toHaveLength(10);
    const hours = RETRY_AFTER_S.reduce((sum, seconds) => sum + seconds, 0) / 3_600;
    expect(hours).toBeGreaterThan(72);
    expect(hours).toBeLessThan(80);
  });

  test('has a fifth of jitter either way, and an end', () => {
    for (let tries = 1; tries < 10; tries += 1) {
      const plain = RETRY_AFTER_S[tries]! * 1_000;
      expect(nextDelay(tries, 0, 0.5)).toBe(plain);
      expect(nextDelay(tries, 0, 0)).toBe(Math.round(plain * 0.8));
      expect(nextDelay(tries, 0, 1)).toBe(Math.round(plain * 1.2));
    }
    expect(nextDelay(10)).toBeUndefined();
    expect(nextDelay(11)).toBeUndefined();
  });

  test('waits at least as long as it is asked to, a day at most', () => {
    expect(nextDelay(1, 60_000)).toBe(60_000);
    expect(nextDelay(2, 1_000, 0.5)).toBe(300_000);
    expect(nextDelay(1, 10 ** 12)).toBe(24 * 3_600_000);
  });
});

test.each([
  [undefined, 0],
  ['', 0],
  ['0', 0],
  ['120', 120_000],
  [' 5 ', 5_000],
  ['-5', 0],
  ['1.5', 0],
  ['soon', 0],
  ['999999999999', 0],
  ['Fri, 20 Nov 2026 08:01:00 GMT', 60_000],
  ['Fri, 20 Nov 2026 07:00:00 GMT', 0],
])('Retry-After %j asks for %i ms', (header, ms) => {
  expect(retryAfterOf(header, now)).toBe(ms);
});
