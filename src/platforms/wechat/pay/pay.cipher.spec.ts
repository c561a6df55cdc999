import { createSecretKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { opened, type Sealed } from './pay.cipher.js';

interface Vectors {
  cipher: { source: string; apiV3Key: string; nonce: string; associatedData: string; ciphertext: string; plaintext: string }[]; // prettier-ignore
  notifications: { apiV3Key: string; body: string }[];
}
const vectors = JSON.parse(readFileSync(new URL('./pay.vectors.json', import.meta.url), 'utf8')) as Vectors;
const keyOf = (text: string) => createSecretKey(Buffer.from(text));
const algorithm = 'AEAD_AES_256_GCM';

describe.each(vectors.cipher)('$source', ({ apiV3Key, nonce, associatedData, ciphertext, plaintext }) => {
  const sealed: Sealed = { algorithm, nonce, associated_data: associatedData, ciphertext };
  const bytes = Buffer.from(ciphertext, 'base64');

  test('opens', () => {
    expect(opened(sealed, keyOf(apiV3Key))).toBe(plaintext);
  });

  test('does not open with any byte changed, ciphertext and tag alike', () => {
    for (let at = 0; at < bytes.length; at++) {
      const changed = Buffer.from(bytes);
      changed[at]! ^= 1;
      expect(opened({ ...sealed, ciphertext: changed.toString('base64') }, keyOf(apiV3Key))).toBeUndefined();
    }
  });

  test.each([
    ['another algorithm', { algorithm: 'AEAD_SM4_GCM' }],
    ['another nonce', { nonce: 'uluk4a9R25RX' }],
    ['an empty nonce', { nonce: '' }],
    ['other associated data', { associated_data: 'transaction' }],
    ['no associated data', { associated_data: undefined }],
    ['too little', { ciphertext: 'AAAA' }],
    ['nothing', { ciphertext: '' }],
  ])('does not open with %s', (_, change) => {
    expect(opened({ ...sealed, ...change }, keyOf(apiV3Key))).toBeUndefined();
  });

  test('does not open with another key', () => {
    expect(opened(sealed, keyOf('b'.repeat(32)))).toBeUndefined();
  });
});

test.each(vectors.notifications)('the resource of a recorded callback opens', ({ apiV3Key, body }) => {
  const { resource } = JSON.parse(body) as { resource: Sealed };
  const text = opened(resource, keyOf(apiV3Key));
  expect(JSON.parse(text!)).toMatchObject({ mchid: '1601959334', out_trade_no: 'S20210128170702357723' });
});
