import { createPrivateKey, generateKeyPairSync, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { baseStringsOf } from './parameters.js';
import { canonicalPublicKey, newKeyPair, readPrivateKey, readPublicKey, signRsa2, verifyRsa2 } from './rsa.js';

interface Vectors {
  answers: { publicKey: string; content: string; signature: string }[];
  calls: { certificate: string; cases: { params: Record<string, string>; sign: string }[] };
}

const { answers, calls } = JSON.parse(readFileSync(new URL('./rsa.vectors.json', import.meta.url), 'utf8')) as Vectors;
const { publicKey: developerKey } = new X509Certificate(calls.certificate);

test.each(answers)('an answer that Alipay signed verifies: $content', ({ publicKey, content, signature }) => {
  expect(verifyRsa2(content, signature, readPublicKey(publicKey))).toBe(true);
});

test.each(answers)('with one character changed it does not: $content', ({ publicKey, content, signature }) => {
  expect(verifyRsa2(content.replace('"code"', '"Code"'), signature, readPublicKey(publicKey))).toBe(false);
});

test.each(calls.cases)('a call that a developer signed verifies over our base string: $params', ({ params, sign }) => {
  const [content = ''] = baseStringsOf({ ...params, sign });
  expect(verifyRsa2(content, sign, developerKey)).toBe(true);
  expect(verifyRsa2(`${content}&`, sign, developerKey)).toBe(false);
});

test('what was signed with a new pair verifies with it, and with no other', async () => {
  const [pair, other] = await Promise.all([newKeyPair(), newKeyPair()]);
  const signature = signRsa2('中文', readPrivateKey(pair.privateKey));
  expect(signature).toHaveLength(344);
  expect(verifyRsa2('中文', signature, readPublicKey(pair.publicKey))).toBe(true);
  expect(verifyRsa2('中文', signature, readPublicKey(other.publicKey))).toBe(false);
});

test('a public key is one, however it was written', async () => {
  const { privateKey, publicKey } = await newKeyPair();
  const pem = `-----BEGIN PUBLIC KEY-----\n${publicKey}\n-----END PUBLIC KEY-----\n`;
  expect(canonicalPublicKey(publicKey)).toBe(publicKey);
  expect(canonicalPublicKey(publicKey.replace(/(.{64})/g, '$1\n'))).toBe(publicKey);
  expect(canonicalPublicKey(pem)).toBe(publicKey);
  expect(createPrivateKey(privateKey).asymmetricKeyDetails).toMatchObject({ modulusLength: 2048 });
});

test('what is no RSA key of 2048 bits is refused', () => {
  const spki = { type: 'spki', format: 'pem' } as const;
  const shortKey = generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey.export(spki).toString();
  const otherKind = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export(spki).toString();
  for (const text of ['', 'not a key', shortKey, otherKind]) expect(canonicalPublicKey(text)).toBeUndefined();
});

test('the base string has the names in the order of their bytes, and neither sign nor empty values', () => {
  const parameters = {
    sign: 'x',
    version: '1.0',
    app_id: '1',
    alipay_root_cert_sn: 'r',
    app_cert_sn: 'c',
    notify_url: '',
  };
  expect(baseStringsOf(parameters)).toEqual([
    'alipay_root_cert_sn=r&app_cert_sn=c&app_id=1&version=1.0',
    'alipay_root_cert_sn=r&app_cert_sn=c&app_id=1&notify_url=&version=1.0',
  ]);
});
