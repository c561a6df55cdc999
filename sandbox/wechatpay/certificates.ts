import 'reflect-metadata';
import { BasicConstraintsExtension, KeyUsageFlags, KeyUsagesExtension, X509CertificateGenerator } from '@peculiar/x509';
import { createHash, webcrypto } from 'node:crypto';
import { randomHex } from '../core/random.js';
import { newRsaKeys, type RsaKeys } from '../core/rsa-keys.js';

const RSA = { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' };
const FIVE_YEARS = 5 * 365 * 86_400_000;
/** Seconds are all that X.509 can say. */
const SECOND = 1_000;

export interface KeyPair {
  /** PKCS#8 as PEM. */
  readonly privateKey: string;
  /** SPKI as PEM. */
  readonly publicKey: string;
}

export interface Certified extends KeyPair {
  /** 40 hexadecimal digits in upper case, as WeChat Pay writes serial numbers. */
  readonly serial: string;
  /** PEM. */
  readonly certificate: string;
  /** ms, when it begins and ends to be valid. */
  readonly from: number;
  readonly until: number;
}

/** A new RSA pair of 2048 bits. */
export const newKeyPair = async (): Promise<KeyPair> => exported(await newRsaKeys());

/** A new pair with an X.509 certificate for `commonName`, valid five years from `now`. It is its own issuer. */
export async function newCertified(commonName: string, now: number, serial = newSerial()): Promise<Certified> {
  const pair = await newRsaKeys();
  const from = Math.floor(now / SECOND) * SECOND;
  const until = from + FIVE_YEARS;
  const certificate = await X509CertificateGenerator.createSelfSigned({
    name: `C=CN, O=Minibase Sandbox, OU=WeChat Pay, CN=${commonName}`,
    keys: await toCryptoKeys(pair),
    signingAlgorithm: RSA,
    serialNumber: serial,
    notBefore: new Date(from),
    notAfter: new Date(until),
    extensions: [
      new BasicConstraintsExtension(false, undefined, true),
      new KeyUsagesExtension(KeyUsageFlags.digitalSignature | KeyUsageFlags.keyEncipherment, true),
    ],
  });
  return { ...exported(pair), serial, certificate: certificate.toString('pem'), from, until };
}

// Positive, and 20 bytes long: the first digit is between 1 and 7.
const newSerial = (): string => `5${randomHex(40).slice(1)}`.toUpperCase();

/** A serial number for a key that came without a certificate: always the same one for one key. */
export const serialOfKey = (publicKey: string): string =>
  `5${createHash('sha256').update(publicKey).digest('hex').slice(0, 39)}`.toUpperCase();

const exported = ({ privateKey, publicKey }: RsaKeys): KeyPair => ({
  privateKey: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  publicKey: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
});

/** The same keys as the X.509 library wants them. */
async function toCryptoKeys({ privateKey, publicKey }: RsaKeys): Promise<webcrypto.CryptoKeyPair> {
  const [pkcs8, spki] = [
    privateKey.export({ type: 'pkcs8', format: 'der' }),
    publicKey.export({ type: 'spki', format: 'der' }),
  ];
  return {
    privateKey: await webcrypto.subtle.importKey('pkcs8', pkcs8, RSA, true, ['sign']),
    publicKey: await webcrypto.subtle.importKey('spki', spki, RSA, true, ['verify']),
  };
}
