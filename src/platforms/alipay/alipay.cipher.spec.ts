import { readFileSync } from 'node:fs';
import { decryptContent, encryptContent } from './alipay.cipher.js';

interface Vector {
  source: string;
  key: string;
  plain: string;
  cipher: string;
}
const vectors = JSON.parse(readFileSync(new URL('./alipay.cipher.vectors.json', import.meta.url), 'utf8')) as Vector[];

test.each(vectors)('encrypts and decrypts as in $source', ({ key, plain, cipher }) => {
  const bytes = Buffer.from(key, 'base64');
  expect(encryptContent(plain, bytes)).toBe(cipher);
  expect(decryptContent(cipher, bytes).toString()).toBe(plain);
});

test.each(vectors)('gives something else or nothing when a byte is flipped', ({ key, plain, cipher }) => {
  const bytes = Buffer.from(cipher, 'base64');
  for (let at = 0; at < bytes.length; at++) {
    const changed = Buffer.from(bytes);
    changed[at]! ^= 1;
    expect(attempt(() => decryptContent(changed.toString('base64'), Buffer.from(key, 'base64')).toString())).not.toBe(
      plain,
    );
  }
});

function attempt(read: () => string): string | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
