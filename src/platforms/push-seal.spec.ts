import { createCipheriv, createHash, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { isFreshPush, isSame, openPush, sortedSha1 } from './push-seal.js';

interface Vectors {
  sealed: { source: string; token: string; aesKey: string; appId: string; timestamp: string; nonce: string; encrypt: string; signature: string; contains: string }[]; // prettier-ignore
  signed: { source: string; token: string; timestamp: string; nonce: string; signature: string }[];
}
const vectors = JSON.parse(readFileSync(new URL('./push-seal.vectors.json', import.meta.url), 'utf8')) as Vectors;

const AES_KEY = randomBytes(32).toString('base64').replaceAll('+', 'a').replaceAll('/', 'b').slice(0, 43);
const APP = 'wx0123456789abcdef';

/** Written once more, by the documentation alone. `pad` as it should be, unless told otherwise. */
function seal(
  message: string,
  { random = 16, appId = APP, pad }: { random?: number; appId?: string; pad?: Buffer } = {},
) {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(Buffer.byteLength(message));
  const content = Buffer.concat([randomBytes(random), length, Buffer.from(message), Buffer.from(appId)]);
  const missing = 32 - (content.length % 32);
  const padded = Buffer.concat([content, pad ?? Buffer.alloc(missing, missing)]);
  const key = Buffer.from(`${AES_KEY}=`, 'base64');
  const cipher = createCipheriv('aes-256-cbc', key, key.subarray(0, 16)).setAutoPadding(false);
  return Buffer.concat([cipher.update(padded), cipher.final()]).toString('base64');
}
const open = (encrypt: string, over: { randomBytes?: number; appId?: string; aesKey?: string } = {}) =>
  openPush(encrypt, { aesKey: AES_KEY, randomBytes: 16, appId: APP, ...over });

test.each(vectors.sealed)('$source', ({ token, timestamp, nonce, encrypt, signature, contains, ...cipher }) => {
  expect(sortedSha1([token, timestamp, nonce, encrypt])).toBe(signature);
  expect(openPush(encrypt, { ...cipher, randomBytes: 16 })).toContain(contains);
  expect(openPush(encrypt, { ...cipher, randomBytes: 32 })).toBeUndefined();
});

test.each(vectors.signed)('$source', ({ token, timestamp, nonce, signature }) =>
  expect(sortedSha1([token, timestamp, nonce])).toBe(signature),
);

test('every length of a message, so every padding from 1 to 32, with 16 and with 32 random bytes', () => {
  for (const random of [16, 32]) {
    for (let length = 0; length <= 64; length++) {
      const message = '好'.repeat(length % 7) + 'x'.repeat(length);
      expect(open(seal(message, { random }), { randomBytes: random })).toBe(message);
      expect(open(seal(message, { random }), { randomBytes: 48 - random })).toBeUndefined();
    }
  }
});

test.each([
  ['another app id', seal('hello', { appId: 'wxffffffffffffffff' })],
  ['an app id with more behind it', seal('hello', { appId: `${APP}0` })],
  ['no app id', seal('hello', { appId: '' })],
  ['a padding of zero', seal('x'.repeat(26), { pad: Buffer.alloc(32, 0) })],
  ['a padding of 33', seal('x'.repeat(26), { pad: Buffer.alloc(32, 33) })],
  ['a padding that is uneven', seal('x'.repeat(25), { pad: Buffer.from([7]) })],
  ['a block too few', Buffer.from(seal('hello'), 'base64').subarray(0, 16).toString('base64')],
  ['half a block', Buffer.from(seal('hello'), 'base64').subarray(0, 40).toString('base64')],
  ['nothing', ''],
  ['no base64', '!!!'],
])('%s does not open', (_, encrypt) => expect(open(encrypt)).toBeUndefined());

test('bytes that are no text, and another key, do not open', () => {
  const sealed = seal('hello');
  const other = `${AES_KEY[0] === 'A' ? 'B' : 'A'}${AES_KEY.slice(1)}`;
  expect(open(sealed, { aesKey: other })).toBeUndefined();
});

test('texts are sorted as bytes', () => {
  const texts = ['b', 'a', '10', '9', 'Z', '\u{1f600}', '\uff01'];
  const sorted = ['10', '9', 'Z', 'a', 'b', '\uff01', '\u{1f600}'].join('');
  expect(sortedSha1(texts)).toBe(createHash('sha1').update(sorted).digest('hex'));
});

test('a timestamp is fresh for five minutes on either side', () => {
  const now = new Date('2026-11-20T10:00:00Z');
  const at = (seconds: number) => String(now.getTime() / 1_000 + seconds);
  for (const seconds of [-300, 0, 300]) expect(isFreshPush(at(seconds), now)).toBe(true);
  for (const text of [at(-301), at(301), '', 'now', '1e9', '-1', ` ${at(0)}`])
    expect(isFreshPush(text, now)).toBe(false);
});

test('texts are compared whole', () => {
  expect(isSame('abc', 'abc')).toBe(true);
  expect(isSame('abc', 'abcd')).toBe(false);
  expect(isSame('', 'a')).toBe(false);
  expect(isSame('ä', 'ab')).toBe(false);
});
