import { createPrivateKey, generateKeyPairSync, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { authorization, isFresh, isSigned, newNonce, paySign, signatureHeaders } from './pay.signature.js';

interface Vectors {
  request: {
    privateKey: string;
    merchantId: string;
    serial: string;
    method: string;
    path: string;
    timestamp: string;
    nonce: string;
    body: string;
    authorization: string;
  };
  notifications: {
    source: string;
    certificate: string;
    serial: string;
    timestamp: string;
    nonce: string;
    signature: string;
    body: string;
  }[];
}
const vectors = JSON.parse(readFileSync(new URL('./pay.vectors.json', import.meta.url), 'utf8')) as Vectors;
const pair = generateKeyPairSync('rsa', { modulusLength: 2048 });

/** A foreign implementation of the same protocol. */
const { Formatter, Rsa } = createRequire(import.meta.url)('wechatpay-axios-plugin') as {
  Formatter: {
    joinedByLineFeed(...lines: string[]): string;
    request(method: string, path: string, timestamp: string, nonce: string, body: string): string;
    authorization(mchid: string, nonce: string, signature: string, timestamp: string, serial: string): string;
  };
  Rsa: { sign(message: string, key: unknown): string };
};

/** Scheme and parameters, whose order is free. */
const pairsOf = (header: string): string[] => header.split(/ |,/).sort();

describe('a request', () => {
  test('is signed as the known answer is', () => {
    const { privateKey, timestamp, authorization: expected, ...request } = vectors.request;
    const signer = { ...request, privateKey: createPrivateKey(privateKey) };
    expect(authorization(signer, { ...request, timestamp: Number(timestamp) })).toBe(expected);
  });

  test.each([
    ['GET', '/v3/pay/transactions/out-trade-no/a?mchid=1900000001', ''],
    ['GET', '/v3/certificates', ''],
    ['POST', '/v3/refund/domestic/refunds', '{"reason":"退款"}'],
  ])('is signed as another implementation does it: %s %s %s', (method, path, body) => {
    const signer = { merchantId: '1900000001', serial: 'A'.repeat(40), privateKey: pair.privateKey };
    const nonce = newNonce();
    const message = Formatter.request(method, path, '1700000000', nonce, body);
    const theirs = Formatter.authorization('1900000001', nonce, Rsa.sign(message, pair.privateKey), '1700000000', 'A'.repeat(40)); // prettier-ignore
    const ours = authorization(signer, { method, path, body, nonce, timestamp: 1_700_000_000 });
    expect(pairsOf(ours)).toEqual(pairsOf(theirs));
  });

  test('has a nonce of its own, in the characters that WeChat Pay allows', () => {
    const nonces = Array.from({ length: 100 }, newNonce);
    expect(new Set(nonces).size).toBe(100);
    for (const nonce of nonces) expect(nonce).toMatch(/^[0-9A-Za-z]{32}$/);
  });
});

test('the parameters of the client are signed over app id, time, nonce and package, and not over the sign type', () => {
  const lines = [
    'wx8888888888888888',
    '1414561699',
    '5K8264ILTKCH16CQ2502SI8ZNMTM67VS',
    'prepay_id=wx20141027',
  ] as const;
  const expected = Rsa.sign(Formatter.joinedByLineFeed(...lines), pair.privateKey);
  expect(paySign(pair.privateKey, ...lines)).toBe(expected);
});

describe.each(vectors.notifications)('the signature of $source', ({ certificate, body, ...signed }) => {
  const key = new X509Certificate(certificate).publicKey;
  const headers = { ...signed, type: undefined };
  const raw = Buffer.from(body);

  test('verifies', () => {
    expect(isSigned(headers, raw, key)).toBe(true);
    expect(isSigned({ ...headers, type: 'WECHATPAY2-SHA256-RSA2048' }, raw, key)).toBe(true);
  });

  test('does not verify with any one byte of the body changed', () => {
    for (let at = 0; at < raw.length; at += 7) {
      const changed = Buffer.from(raw);
      changed[at]! ^= 1;
      expect(isSigned(headers, changed, key)).toBe(false);
    }
  });

  test.each([
    ['another time', { timestamp: '1611368331' }],
    ['another nonce', { nonce: 'AF1404CC2980FB414C99C0B98883BD43' }],
    ['another algorithm', { type: 'WECHATPAY2-SM2-WITH-SM3' }],
    ['the probe of WeChat Pay', { signature: 'WECHATPAY/SIGNTEST/yWhmxaZ9dGpGdO8OaFY1g7WR' }],
    ['the probe, long', { signature: `WECHATPAY/SIGNTEST/${'a'.repeat(325)}` }],
    ['no base64', { signature: '%%%' }],
    ['nothing', { signature: '' }],
    ['too little', { signature: 'AAAA' }],
    ['a changed signature', { signature: signed.signature.replace(/^./, (first) => (first === 'A' ? 'B' : 'A')) }],
  ])('does not verify with %s', (_, change) => {
    expect(isSigned({ ...headers, ...change }, raw, key)).toBe(false);
  });

  test('does not verify with the key of somebody else', () => {
    expect(isSigned(headers, raw, pair.publicKey)).toBe(false);
  });
});

describe('signature headers', () => {
  const all = {
    'wechatpay-timestamp': '1611368330',
    'wechatpay-nonce': 'n',
    'wechatpay-signature': 's',
    'wechatpay-serial': 'S',
  };

  test('are found', () => {
    expect(signatureHeaders(all)).toEqual({
      timestamp: '1611368330',
      nonce: 'n',
      signature: 's',
      serial: 'S',
      type: undefined,
    });
  });

  test.each(Object.keys(all))('are missed by name: %s', (name) => {
    const found = signatureHeaders({ ...all, [name]: undefined });
    const missing = 'missing' in found ? found.missing : [];
    expect(missing.map((one) => one.toLowerCase())).toEqual([name]);
    expect(missing[0]).toMatch(/^Wechatpay-[A-Z]/);
  });

  test.each([
    [0, true],
    [300, true],
    [301, false],
    [-300, true],
    [-301, false],
  ])('%i s after their time are fresh: %s', (seconds, fresh) => {
    const now = new Date((1_611_368_330 + seconds) * 1_000);
    expect(isFresh({ timestamp: '1611368330', nonce: '', signature: '', serial: '', type: undefined }, now)).toBe(
      fresh,
    );
  });

  test.each(['', 'now', '1e9', '-1', '16113683300000000000'])('with the time %j are not fresh', (timestamp) => {
    expect(isFresh({ timestamp, nonce: '', signature: '', serial: '', type: undefined }, new Date(0))).toBe(false);
  });
});
