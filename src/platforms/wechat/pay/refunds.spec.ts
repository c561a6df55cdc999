import { cut } from './refunds.js';

test.each([
  ['short', 'short'],
  ['退'.repeat(30), '退'.repeat(26)],
  [`a${'退'.repeat(30)}`, `a${'退'.repeat(26)}`],
  ['nice 🎁 gift', 'nice  gift'],
])('a reason is cut to 80 bytes: %s', (reason, sent) => {
  expect(cut(reason)).toBe(sent);
  expect(Buffer.byteLength(cut(reason))).toBeLessThanOrEqual(80);
});
