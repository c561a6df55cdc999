import { readFileSync } from 'node:fs';
import { encryptMessage, signTexts } from './push-cipher.js';

const { cipher, signature } = JSON.parse(
  readFileSync(new URL('./push-cipher.vectors.json', import.meta.url), 'utf8'),
) as {
  cipher: { aesKey: string; appid: string; random: string; message: string; encrypted: string };
  signature: { token: string; timestamp: string; nonce: string; encrypted: string; signature: string };
};

test("the cipher is that of WeChat's worked example", () => {
  const { aesKey, appid, random, message, encrypted } = cipher;
  expect(encryptMessage(message, { aesKey, appid, random: Buffer.from(random) })).toBe(encrypted);
});

test('a message of any length fills whole blocks of 32 bytes, and none is without padding', () => {
  const { aesKey, appid } = cipher;
  for (let length = 0; length <= 64; length += 1) {
    const encrypted = Buffer.from(encryptMessage('x'.repeat(length), { aesKey, appid }), 'base64');
    const plain = 16 + 4 + length + appid.length;
    expect(encrypted.length).toBe((Math.floor(plain / 32) + 1) * 32);
  }
});

test("the signature is that of WeChat's worked example", () => {
  const { token, timestamp, nonce, encrypted } = signature;
  expect(signTexts(token, timestamp, nonce, encrypted)).toBe(signature.signature);
});
