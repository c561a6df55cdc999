import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { AlipayAppId, AlipayCredentials, toConsole } from './alipay.credentials.js';
import { isSamePair, readPrivateKey, readPublicKey } from './alipay.key-material.js';

const pair = (modulusLength = 2048) => generateKeyPairSync('rsa', { modulusLength });
const pem = (key: KeyObject, type: 'pkcs8' | 'pkcs1' | 'spki') =>
  key.export({ format: 'pem', type } as never).toString();
const bare = (text: string) => text.replace(/-----[^-]+-----|\s/g, '');

const app = pair();
const alipay = pair();
const valid = {
  mode: 'key',
  appPrivateKey: pem(app.privateKey, 'pkcs8'),
  alipayPublicKey: bare(pem(alipay.publicKey, 'spki')),
  aesKey: 'aa4BtZ4tspm2wnXLb1ThQA==',
};
const { serialNumbers, root } = JSON.parse(
  readFileSync(new URL('./alipay.certificates.vectors.json', import.meta.url), 'utf8'),
) as { serialNumbers: { pem: string }[]; root: { pem: string } };
const certificates = {
  mode: 'certificate',
  appPrivateKey: valid.appPrivateKey,
  appCertificate: serialNumbers[0]!.pem,
  alipayCertificate: serialNumbers[1]!.pem,
  alipayRootCertificate: root.pem,
};

/** The complaints about `credentials`: field and message. */
function complaints(credentials: object): Record<string, string> {
  const { error } = AlipayCredentials.safeParse(credentials);
  return Object.fromEntries((error?.issues ?? []).map(({ path, message }) => [path.join('.'), message]));
}

describe('keys', () => {
  const { privateKey, publicKey } = app;

  test.each([
    ['PEM, PKCS#8', pem(privateKey, 'pkcs8')],
    ['PEM, PKCS#1', pem(privateKey, 'pkcs1')],
    ['base64, PKCS#8', bare(pem(privateKey, 'pkcs8'))],
    ['base64, PKCS#1', bare(pem(privateKey, 'pkcs1'))],
    ['PEM that lost its line breaks', pem(privateKey, 'pkcs8').replaceAll('\n', '')],
    ['PEM with the line breaks of Windows', pem(privateKey, 'pkcs8').replaceAll('\n', '\r\n')],
    ['base64 in lines', bare(pem(privateKey, 'pkcs8')).replace(/(.{64})/g, '$1\n')],
  ])('are read as %s', (_, text) => {
    expect(readPrivateKey(text).equals(privateKey)).toBe(true);
    expect(complaints({ ...valid, appPrivateKey: text })).toEqual({});
  });

  test.each([
    ['PEM', pem(publicKey, 'spki')],
    ['base64', bare(pem(publicKey, 'spki'))],
    ['PEM, PKCS#1', pem(publicKey, 'pkcs1')],
  ])('of Alipay are read as %s', (_, text) => {
    expect(readPublicKey(text).equals(publicKey)).toBe(true);
    expect(isSamePair(readPublicKey(text), privateKey)).toBe(true);
  });
});

describe('credentials are refused', () => {
  const short = pair(1024);
  const curve = generateKeyPairSync('ec', { namedCurve: 'P-256' });

  test.each([
    ['short', pem(short.privateKey, 'pkcs8'), /1024 bits/],
    ['of a curve', pem(curve.privateKey, 'pkcs8'), /not an RSA private key/],
    ['public', pem(app.publicKey, 'spki'), /public key/],
    ['behind a password', app.privateKey.export({ format: 'pem', type: 'pkcs8', cipher: 'aes-256-cbc', passphrase: 'x' }).toString(), /password/], // prettier-ignore
    ['cut off', valid.appPrivateKey.slice(0, 800), /not an RSA private key/],
    ['empty', '', /not an RSA private key/],
  ])('when the private key is %s', (_, appPrivateKey, message) => {
    expect(complaints({ ...valid, appPrivateKey })).toEqual({
      appPrivateKey: expect.stringMatching(message) as string,
    });
  });

  test.each([
    ["the mini-program's own", pem(app.publicKey, 'spki'), /own public key/],
    ['a certificate', certificates.alipayCertificate, /mode "certificate"/],
    ['a private key', pem(alipay.privateKey, 'pkcs8'), /private key/],
    ['short', bare(pem(short.publicKey, 'spki')), /1024 bits/],
    ['nonsense', 'nonsense', /not an RSA public key/],
  ])("when Alipay's public key is %s", (_, alipayPublicKey, message) => {
    expect(complaints({ ...valid, alipayPublicKey })).toEqual({
      alipayPublicKey: expect.stringMatching(message) as string,
    });
  });

  test.each(['AAAA', 'not base64!', Buffer.alloc(32).toString('base64'), ''])('when the AES key is %j', (aesKey) => {
    expect(complaints({ ...valid, aesKey })).toEqual({ aesKey: expect.stringMatching(/16 bytes/) as string });
  });

  test('when fields are missing, unknown or of the other mode', () => {
    expect(Object.keys(complaints({ mode: 'key' }))).toEqual(['appPrivateKey', 'alipayPublicKey']);
    expect(Object.keys(complaints({}))).toEqual(['mode']);
    expect(complaints({ ...valid, appCertificate: 'x' })).toHaveProperty('');
  });

  test('when the certificate is not for the private key', () => {
    expect(complaints(certificates)).toEqual({
      appCertificate: expect.stringMatching(/not for appPrivateKey/) as string,
    });
  });

  test('when a certificate file is none, or has no RSA key', () => {
    const [sm2, , ec] = root.pem.match(/-----BEGIN[\s\S]+?-----END CERTIFICATE-----/g)!;
    const found = complaints({
      ...certificates,
      appCertificate: ec,
      alipayCertificate: 'x',
      alipayRootCertificate: sm2 + ec!,
    });
    expect(found).toMatchObject({
      appCertificate: expect.stringMatching(/no RSA key/) as string,
      alipayCertificate: expect.stringMatching(/not a certificate file/) as string,
      alipayRootCertificate: expect.stringMatching(/no RSA certificate/) as string,
    });
  });

  test('without ever repeating a secret', () => {
    const appPrivateKey = 'c2VjcmV0LXNlY3JldC1zZWNyZXQ=';
    expect(JSON.stringify(AlipayCredentials.safeParse({ ...valid, appPrivateKey }).error)).not.toContain('c2VjcmV0');
  });
});

test('the console gets the public half of the key, never the key', () => {
  const { appPrivateKey, ...others } = valid;
  expect(toConsole(valid)).toEqual({ ...others, appPublicKey: bare(pem(app.publicKey, 'spki')) });
  expect(toConsole({ mode: 'key', appPrivateKey: 'broken' })).toEqual({ mode: 'key' });
  expect(toConsole({})).toEqual({});
  expect(JSON.stringify(toConsole(valid))).not.toContain(bare(appPrivateKey).slice(100, 200));
});

test('an app id has 16 digits', () => {
  expect(AlipayAppId.safeParse('2021000000000001').success).toBe(true);
  for (const id of ['202100000000000', '20210000000000011', 'wx21000000000001', '']) {
    expect(AlipayAppId.safeParse(id).success).toBe(false);
  }
});
