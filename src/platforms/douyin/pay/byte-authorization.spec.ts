import { createPrivateKey, createPublicKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { byteAuthorization, isGenuine } from './byte-authorization.js';

interface Vectors {
  readonly appPrivateKey: string;
  readonly appPublicKey: string;
  readonly platformPublicKey: string;
  readonly orders: readonly {
    readonly platformAppId: string;
    readonly data: string;
    readonly timestamp: number;
    readonly nonce: string;
    readonly keyVersion: string;
    readonly authorization: string;
  }[];
  readonly callbacks: readonly {
    readonly body: string;
    readonly timestamp: string;
    readonly nonce: string;
    readonly signature: string;
  }[];
}
const vectors = JSON.parse(
  readFileSync(new URL('./byte-authorization.vectors.json', import.meta.url), 'utf8'),
) as Vectors;

const appKey = createPrivateKey(vectors.appPrivateKey);
const platformKey = createPublicKey(vectors.platformPublicKey);

test.each(vectors.orders)(
  'an order is signed as OpenSSL signs it: $nonce',
  ({ data, keyVersion, authorization, ...seal }) => {
    expect(byteAuthorization(data, { key: appKey, version: keyVersion }, seal)).toBe(authorization);
  },
);

test.each(vectors.orders)(
  'one other byte of the data makes another signature: $nonce',
  ({ data, keyVersion, authorization, ...seal }) => {
    const other = data.replace('1', '2');
    expect(byteAuthorization(other, { key: appKey, version: keyVersion }, seal)).not.toBe(authorization);
  },
);

test.each(vectors.callbacks)('a callback that OpenSSL has signed is genuine: $nonce', ({ body, ...seal }) => {
  expect(isGenuine(Buffer.from(body), seal, platformKey)).toBe(true);
});

test.each(vectors.callbacks)('one flipped bit anywhere in a callback is refused: $nonce', ({ body, ...seal }) => {
  const flipped = (text: string, at: number): string =>
    text.slice(0, at) + (text[at] === '1' ? '2' : '1') + text.slice(at + 1);
  const bytes = Buffer.from(body);
  bytes[bytes.length >> 1]! ^= 1;
  expect(isGenuine(bytes, seal, platformKey)).toBe(false);
  const whole = Buffer.from(body);
  expect(isGenuine(whole, { ...seal, timestamp: flipped(seal.timestamp, 3) }, platformKey)).toBe(false);
  expect(isGenuine(whole, { ...seal, nonce: flipped(seal.nonce, 1) }, platformKey)).toBe(false);
  expect(isGenuine(whole, { ...seal, signature: flipped(seal.signature, 40) }, platformKey)).toBe(false);
  for (const signature of ['', `${seal.signature}x`, `${seal.signature}, ${seal.signature}`, ` ${seal.signature}`])
    expect(isGenuine(whole, { ...seal, signature }, platformKey)).toBe(false);
  expect(isGenuine(whole, seal, createPublicKey(vectors.appPublicKey))).toBe(false);
});
