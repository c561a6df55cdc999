import { requestIdOf } from './request-id.js';

describe('the id of a request', () => {
  test.each(['12345678', 'a-b_c.d0', 'x'.repeat(64)])('is the one that came with it: %s', (given) => {
    expect(requestIdOf(given)).toBe(given);
  });

  test.each([
    undefined,
    '',
    'short',
    'x'.repeat(65),
    'with blank 1',
    'läuft-nicht',
    'a\nb-log-line',
    ['12345678', '87654321'],
  ])('is a new one instead of %j', (given) => {
    const id = requestIdOf(given);
    expect(id).toMatch(/^[0-9a-f]{32}$/);
    expect(requestIdOf(given)).not.toBe(id);
  });
});
