import { createDecipheriv } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { encryptData, signRawData } from './client-data.js';

interface Vectors {
  signature: { sessionKey: string; rawData: string; signature: string };
  encryptedData: { sessionKey: string; iv: string; encryptedData: string; plain: string };
}

const { signature, encryptedData } = JSON.parse(
  readFileSync(new URL('./client-data.vectors.json', import.meta.url), 'utf8'),
) as Vectors;

test("raw data is signed as in WeChat's worked example", () => {
  expect(signRawData(signature.rawData, signature.sessionKey)).toBe(signature.signature);
});

test('one other character gives another signature', () => {
  expect(signRawData(signature.rawData.replace('Band', 'Bane'), signature.sessionKey)).not.toBe(signature.signature);
});

test("data is encrypted as in WeChat's sample", () => {
  const { plain, sessionKey, iv, encryptedData: expected } = encryptedData;
  expect(encryptData(plain, sessionKey, Buffer.from(iv, 'base64'))).toEqual({ encryptedData: expected, iv });
});

test('each encryption has its own initialisation vector', () => {
  const { plain, sessionKey } = encryptedData;
  const [one, other] = [encryptData(plain, sessionKey), encryptData(plain, sessionKey)];
  expect(one.iv).not.toBe(other.iv);
  const decipher = createDecipheriv('aes-128-cbc', Buffer.from(sessionKey, 'base64'), Buffer.from(one.iv, 'base64'));
  expect(decipher.update(one.encryptedData, 'base64', 'utf8') + decipher.final('utf8')).toBe(plain);
});
