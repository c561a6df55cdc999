import { readFileSync } from 'node:fs';
import { decryptContent, encryptContent, isAesKey } from './cipher.js';

const vectors = JSON.parse(readFileSync(new URL('./cipher.vectors.json', import.meta.url), 'utf8')) as {
  aesKey: string;
  plain: string;
  encrypted: string;
}[];

test.each(vectors)("'$plain' is encrypted as Alipay's own clients do it", ({ aesKey, plain, encrypted }) => {
  expect(encryptContent(plain, aesKey)).toBe(encrypted);
  expect(decryptContent(encrypted, aesKey)).toBe(plain);
});

test.each(vectors)("'$plain' cannot be read with another key, nor after a change", ({ aesKey, encrypted }) => {
  const otherKey = Buffer.from(aesKey, 'base64')
    .map((byte) => byte ^ 1)
    .toString('base64');
  const changed = Buffer.from(encrypted, 'base64').map((byte, i, all) => (i === all.length - 1 ? byte ^ 1 : byte));
  expect(decryptContent(encrypted, otherKey)).toBeUndefined();
  expect(decryptContent(changed.toString('base64'), aesKey)).toBeUndefined();
  expect(decryptContent('', aesKey)).toBeUndefined();
});

test('an AES key is base64 of 16 bytes', () => {
  expect(isAesKey('aa4BtZ4tspm2wnXLb1ThQA==')).toBe(true);
  expect(isAesKey('aa4BtZ4tspm2wnXLb1ThQA')).toBe(false);
  expect(isAesKey(Buffer.alloc(32).toString('base64'))).toBe(false);
  expect(isAesKey('')).toBe(false);
});
