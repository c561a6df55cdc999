import { createPrivateKey, createPublicKey, type KeyObject, type X509Certificate } from 'node:crypto';
import { readCertificates } from './alipay.certificates.js';

const SHORTEST_KEY = 2048;

/** Key material that cannot be used. The message is for the developer who pasted it; it never repeats the material. */
export class UnusableKey extends Error {}

/** An RSA private key: PEM, or the bare base64 that Alipay's key tool writes, PKCS#8 or PKCS#1. Throws UnusableKey. */
export function readPrivateKey(text: string): KeyObject {
  const { label, der } = unwrap(text);
  if (label?.includes('PUBLIC')) throw new UnusableKey('This is a public key; the private key belongs here.');
  if (label?.includes('ENCRYPTED')) throw new UnusableKey('This key is protected by a password; give it without one.');
  return rsa(
    (['pkcs8', 'pkcs1'] as const).map((type) => () => createPrivateKey({ key: der, format: 'der', type })),
    'This is not an RSA private key: expected PEM or base64, PKCS#8 or PKCS#1.',
  );
}

/** An RSA public key: PEM, or the bare base64 that Alipay's console shows. Throws UnusableKey. */
export function readPublicKey(text: string): KeyObject {
  const { label, der } = unwrap(text);
  if (label === 'CERTIFICATE') throw new UnusableKey('This is a certificate: use mode "certificate".');
  if (label?.includes('PRIVATE')) throw new UnusableKey('This is a private key; a public key belongs here.');
  return rsa(
    (['spki', 'pkcs1'] as const).map((type) => () => createPublicKey({ key: der, format: 'der', type })),
    "This is not an RSA public key: copy it from Alipay's console, as PEM or base64.",
  );
}

/** The certificates of a PEM file, at least one. Throws UnusableKey. */
export function readCertificateFile(text: string): [X509Certificate, ...X509Certificate[]] {
  const [first, ...more] = attempt(() => readCertificates(text)) ?? [];
  if (!first) throw new UnusableKey('This is not a certificate file: expected PEM, "-----BEGIN CERTIFICATE-----".');
  return [first, ...more];
}

/** Like `readCertificateFile`; the first certificate must be one that RSA2 works with. */
export function readRsaCertificateFile(text: string): [X509Certificate, ...X509Certificate[]] {
  const certificates = readCertificateFile(text);
  rsa([() => certificates[0].publicKey], 'This certificate has no RSA key: choose the RSA2 certificate.');
  return certificates;
}

/** An AES key: base64 of 16 bytes. Throws UnusableKey. */
export function readAesKey(text: string): Buffer {
  const key = Buffer.from(text, 'base64');
  if (key.length === 16 && key.toString('base64') === text.trim()) return key;
  throw new UnusableKey("This is not Alipay's AES key: expected base64 of 16 bytes.");
}

/** Whether two keys, private or public, are halves of one pair. */
export const isSamePair = (one: KeyObject, other: KeyObject): boolean => publicHalf(one) === publicHalf(other);

/** The public key of a pair as bare base64, as Alipay's console wants it. */
export const publicHalf = (key: KeyObject): string =>
  (key.type === 'private' ? createPublicKey(key) : key).export({ format: 'der', type: 'spki' }).toString('base64');

/** PEM whose line breaks got lost on the way is common, so the body is read apart from its frame. */
function unwrap(text: string): { label: string | undefined; der: Buffer } {
  const framed = /^\s*-----BEGIN ([A-Z0-9 ]+)-----([\s\S]+)-----END \1-----\s*$/.exec(text);
  return { label: framed?.[1], der: Buffer.from(framed?.[2] ?? text, 'base64') };
}

function rsa(readings: readonly (() => KeyObject)[], complaint: string): KeyObject {
  const key = readings.map(attempt).find((reading) => reading?.asymmetricKeyType === 'rsa');
  if (!key) throw new UnusableKey(complaint);
  const bits = key.asymmetricKeyDetails?.modulusLength ?? 0;
  if (bits < SHORTEST_KEY) throw new UnusableKey(`This key has ${bits} bits; RSA2 needs at least ${SHORTEST_KEY}.`);
  return key;
}

function attempt<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
