import { createVerify } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { type ByteAuthorization, isSignedBy, parseByteAuthorization } from './byte-authorization.js';
import { signCallback } from './trade-callbacks.js';

interface Vectors {
  byteAuthorization: Record<
    'appid' | 'uri' | 'timestamp' | 'nonce' | 'keyVersion' | 'publicKey' | 'data' | 'signature',
    string
  >;
  callback: Record<'timestamp' | 'nonce' | 'body' | 'privateKey' | 'publicKey' | 'signature', string>;
}

const { byteAuthorization: order, callback } = JSON.parse(
  readFileSync(new URL('./trade-signatures.vectors.json', import.meta.url), 'utf8'),
) as Vectors;

const parts: ByteAuthorization = {
  appid: order.appid,
  nonce_str: order.nonce,
  timestamp: order.timestamp,
  key_version: order.keyVersion,
  signature: order.signature,
};

describe('byteAuthorization', () => {
  test('that OpenSSL made verifies, over this data and this uri only', () => {
    expect(isSignedBy(order.publicKey, order.uri, order.data, parts)).toBe(true);
    expect(isSignedBy(order.publicKey, order.uri, order.data.replace('990', '991'), parts)).toBe(false);
    expect(isSignedBy(order.publicKey, '/createSignOrder', order.data, parts)).toBe(false);
    expect(isSignedBy(callback.publicKey, order.uri, order.data, parts)).toBe(false);
  });

  test('with one bit of the signature flipped does not', () => {
    const flipped = Buffer.from(order.signature, 'base64');
    flipped[100] = (flipped[100] ?? 0) ^ 1;
    const signature = flipped.toString('base64');
    expect(isSignedBy(order.publicKey, order.uri, order.data, { ...parts, signature })).toBe(false);
  });

  test.each([
    ['without quotes', (name: string, value: string) => `${name}=${value}`],
    ['with quotes', (name: string, value: string) => `${name}="${value}"`],
    [
      'with a mixture',
      (name: string, value: string) => (name === 'key_version' ? `${name}=${value}` : `${name}="${value}"`),
    ],
  ])('is read %s, in any order', (_, write) => {
    const items = Object.entries(parts).map(([name, value]) => write(name, value));
    expect(parseByteAuthorization(`SHA256-RSA2048 ${items.join(',')}`)).toEqual(parts);
    expect(parseByteAuthorization(`SHA256-RSA2048 ${items.reverse().join(',')}`)).toEqual(parts);
  });

  test('without one of its parts, or of another kind, is none', () => {
    expect(parseByteAuthorization('SHA256-RSA2048 appid=a,nonce_str=b,timestamp=1,key_version=1')).toBeUndefined();
    expect(parseByteAuthorization(`WECHATPAY2-SHA256-RSA2048 appid=${order.appid}`)).toBeUndefined();
    expect(parseByteAuthorization('')).toBeUndefined();
  });
});

describe('the signature of a callback', () => {
  test('is the one that OpenSSL makes', () => {
    const { privateKey, timestamp, nonce, body, signature } = callback;
    expect(signCallback(privateKey, timestamp, nonce, body)).toBe(signature);
  });

  test('does not fit another body', () => {
    const { timestamp, nonce, body, publicKey, signature } = callback;
    const verify = (text: string) =>
      createVerify('RSA-SHA256').update(`${timestamp}\n${nonce}\n${text}\n`).verify(publicKey, signature, 'base64');
    expect(verify(body)).toBe(true);
    expect(verify(body.replace('SUCCESS', 'success'))).toBe(false);
  });
});
