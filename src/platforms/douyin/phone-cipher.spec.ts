import { constants, createPrivateKey, generateKeyPairSync, publicEncrypt } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { openRsaBlock } from './phone-cipher.js';

interface Vectors {
  readonly privateKey: string;
  readonly blocks: readonly { readonly cipher: string; readonly plain: string }[];
}
const vectors = JSON.parse(readFileSync(new URL('./phone-cipher.vectors.json', import.meta.url), 'utf8')) as Vectors;

const publishedKey = createPrivateKey(vectors.privateKey);

test.each(vectors.blocks)('opens the published block of $plain', ({ cipher, plain }) => {
  expect(openRsaBlock(publishedKey, Buffer.from(cipher, 'base64'))?.toString()).toBe(plain);
});

test.each(vectors.blocks)('one flipped bit in the block of $plain is refused', ({ cipher }) => {
  const block = Buffer.from(cipher, 'base64');
  block[block.length >> 1]! ^= 1;
  expect(openRsaBlock(publishedKey, block)).toBeUndefined();
});

test('a block for another key is refused, whatever its length', () => {
  const [first] = vectors.blocks;
  for (const modulusLength of [512, 2048]) {
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength });
    expect(openRsaBlock(privateKey, Buffer.from(first!.cipher, 'base64'))).toBeUndefined();
  }
});

test('padding shorter than eight bytes, of another block type, or without an end is refused', () => {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const padded = (head: readonly number[], message: string): Buffer =>
    Buffer.concat([Buffer.from(head), Buffer.alloc(256 - head.length - message.length, 0x61), Buffer.from(message)]);
  const sealed = (plain: Buffer): Buffer => publicEncrypt({ key: publicKey, padding: constants.RSA_NO_PADDING }, plain);

  expect(openRsaBlock(privateKey, sealed(padded([0, 2], '\0message')))?.toString()).toBe('message');
  for (const bad of [
    padded([0, 2, 1, 1, 1, 1, 1, 1, 1, 0], 'seven bytes'),
    padded([0, 1], '\0message'),
    padded([1, 2], '\0message'),
    padded([0, 2], 'no end'),
  ]) {
    expect(openRsaBlock(privateKey, sealed(bad))).toBeUndefined();
  }
});
