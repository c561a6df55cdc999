import { readFileSync } from 'node:fs';
import { userSignature } from './session-check.js';

const vector = JSON.parse(readFileSync(new URL('./user-signature.vectors.json', import.meta.url), 'utf8')) as {
  sessionKey: string;
  message: string;
  signature: string;
};

test("the user's signature is that of WeChat's worked example", () => {
  expect(userSignature(vector.sessionKey, vector.message)).toBe(vector.signature);
});

test('another message or key gives another signature', () => {
  expect(userSignature(vector.sessionKey)).not.toBe(vector.signature);
  expect(userSignature(vector.sessionKey.replace('o', 'p'), vector.message)).not.toBe(vector.signature);
});
