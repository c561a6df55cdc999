import { readFileSync } from 'node:fs';
import { encryptAead } from './cipher.js';

const vectors = JSON.parse(readFileSync(new URL('cipher.vectors.json', import.meta.url), 'utf8')) as {
  source: string;
  apiV3Key: string;
  nonce: string;
  associatedData: string;
  plain: string;
  ciphertext: string;
}[];

test.each(vectors)('encrypts "$plain" as $source does', ({ apiV3Key, nonce, associatedData, plain, ciphertext }) => {
  expect(encryptAead(plain, apiV3Key, nonce, associatedData)).toBe(ciphertext);
});

test.each(vectors)('other associated data makes another tag: "$plain"', (vector) => {
  const { apiV3Key, nonce, associatedData, plain, ciphertext } = vector;
  expect(encryptAead(plain, apiV3Key, nonce, `${associatedData}x`)).not.toBe(ciphertext);
});
