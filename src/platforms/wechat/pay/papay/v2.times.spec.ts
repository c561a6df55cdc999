import { readTime, toCompact } from './v2.times.js';

const at = new Date('2026-11-20T16:30:05Z');

test.each(['2026-11-21 00:30:05', '20261121003005', String(at.getTime() / 1_000)])(
  '%s is a time in Beijing',
  (text) => {
    expect(readTime(text)).toEqual(at);
  },
);

test.each([undefined, '', '0', '2026-11-21', '2026-13-01 00:00:00', '20261121', 'never', '99999999999999'])(
  '%j is none',
  (text) => {
    expect(readTime(text)).toBeUndefined();
  },
);

test('times are written without separators', () => {
  expect(toCompact(new Date('2026-11-20T16:30:05.999Z'))).toBe('20261121003005');
});
