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
  expect(decryptContent(encrypted, flipped(aesKey, 0))).toBeUndefined();
  expect(decryptContent(flipped(encrypted, -1), aesKey)).toBeUndefined();
  expect(decryptContent('', aesKey)).toBeUndefined();
});

function flipped(base64: string, index: number): string {
  const bytes = Buffer.from(base64, 'base64');
  const at = index < 0 ? bytes.length + index : index;
  bytes.writeUInt8(bytes.readUInt8(at) ^ 1, at);
  return bytes.toString('base64');
}

test('an AES key is base64 of 16 bytes', () => {
  expect(isAesKey('aa4BtZ4tspm2wnXLb1ThQA==')).toBe(true);
  expect(isAesKey('aa4BtZ4tspm2wnXLb1ThQA')).toBe(false);
  expect(isAesKey(Buffer.alloc(32).toString('base64'))).toBe(false);
  expect(isAesKey('')).toBe(false);
});
