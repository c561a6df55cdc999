import { CustomHeaders } from './custom-headers.js';

const accepts = (headers: Record<string, string>): boolean => CustomHeaders.safeParse(headers).success;

describe('headers of an endpoint', () => {
  test('may name who calls', () => {
    expect(accepts({ Authorization: 'Bearer abc', 'X-Tenant': 'a b' })).toBe(true);
    expect(accepts({})).toBe(true);
  });

  test.each([
    ...['Host', 'connection', 'Transfer-Encoding', 'TE', 'upgrade', 'Keep-Alive', 'Proxy-Authorization', 'trailer'],
    ...[
      'content-length',
      'Content-Type',
      'webhook-id',
      'Webhook-Signature',
      'webhook-anything',
      'User-Agent',
      'Expect',
    ],
    ...['a b', 'a:', 'a\r\nb', '', 'ä', 'x'.repeat(101)],
  ])('may not be named %j', (name) => {
    expect(accepts({ [name]: 'x' })).toBe(false);
  });

  test.each(['', ' x', 'x ', 'a\r\nHost: b', 'a\nb', 'ä', '\u0000', 'x'.repeat(1_001)])('may not say %j', (value) => {
    expect(accepts({ 'X-Header': value })).toBe(false);
  });

  test('are not many, and none is there twice', () => {
    const many = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, at) => [`x-${at}`, 'x']));
    expect([accepts(many(20)), accepts(many(21)), accepts({ 'X-A': '1', 'x-a': '2' })]).toEqual([true, false, false]);
  });
});
