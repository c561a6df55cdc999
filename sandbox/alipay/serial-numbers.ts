import 'reflect-metadata';
import { X509Certificate as Certificate } from '@peculiar/x509';
import { createHash, X509Certificate } from 'node:crypto';

const PEM_CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

/** The certificates of a file, in its order. */
export const certificatesIn = (file: string): string[] => file.match(PEM_CERTIFICATE) ?? [];

/** Alipay's number of the first certificate of a file: MD5 of the issuer's name and the decimal serial number. */
export function serialNumberOf(file: string): string {
  const { issuer, serialNumber } = new X509Certificate(certificatesIn(file)[0] ?? file);
  // RFC 2253 wants the most specific part of the name first; Node lists it last.
  const name = issuer.split('\n').reverse().join(',');
  return createHash('md5')
    .update(name + BigInt(`0x${serialNumber}`).toString())
    .digest('hex');
}

/** The number of a root file: those of its certificates that were signed with RSA, joined; SM2 and ECDSA ones do not count. */
export const rootSerialNumberOf = (file: string): string =>
  certificatesIn(file).filter(isSignedWithRsa).map(serialNumberOf).join('_');

function isSignedWithRsa(pem: string): boolean {
  const { name } = new Certificate(pem).signatureAlgorithm as { name?: string };
  return name === 'RSASSA-PKCS1-v1_5';
}
