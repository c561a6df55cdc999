import { readFileSync } from 'node:fs';
import { createPrivateKey, createPublicKey } from 'node:crypto';
import { answerMessage, requestMessage, signRsa, verifyRsa } from './signatures.js';

interface Request {
  readonly method: string;
  readonly url: string;
  readonly timestamp: string;
  readonly nonce: string;
  readonly body: string;
  readonly message: string;
}

const vectors = JSON.parse(readFileSync(new URL('signatures.vectors.json', import.meta.url), 'utf8')) as {
  requestMessages: Request[];
  refusedRequest: Request;
  key: { privateKey: string; message: string; signature: string };
  notification: { timestamp: string; nonce: string; signature: string; body: string };
};
const privateKey = createPrivateKey({
  key: Buffer.from(vectors.key.privateKey, 'base64'),
  format: 'der',
  type: 'pkcs8',
});
const publicKey = createPublicKey(privateKey);

test.each([...vectors.requestMessages, vectors.refusedRequest])(
  'what a merchant signs of $url is what WeChat Pay says it is',
  ({ method, url, timestamp, nonce, body, message }) => {
    expect(requestMessage(method, url, timestamp, nonce, Buffer.from(body)).toString()).toBe(message);
  },
);

test('a signature is the one that the official SDK makes with the same key', () => {
  expect(signRsa(vectors.key.message, privateKey)).toBe(vectors.key.signature);
});

describe('a notification of the official SDK', () => {
  const { timestamp, nonce, body, signature } = vectors.notification;

  test('gets the same signature here, and it verifies', () => {
    const message = answerMessage(timestamp, nonce, body);
    expect(signRsa(message, privateKey)).toBe(signature);
    expect(verifyRsa(message, signature, publicKey)).toBe(true);
  });

  test('does not verify with one byte flipped, nor as a probe', () => {
    const message = Buffer.from(answerMessage(timestamp, nonce, body));
    message.writeUInt8(message.readUInt8(message.length >> 1) ^ 1, message.length >> 1);
    expect(verifyRsa(message, signature, publicKey)).toBe(false);
    const probe = `WECHATPAY/SIGNTEST/${signature}`;
    expect(verifyRsa(answerMessage(timestamp, nonce, body), probe, publicKey)).toBe(false);
  });
});
