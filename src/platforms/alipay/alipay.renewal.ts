import type { X509Certificate } from 'node:crypto';
import { certificateSn, leadsTo, readCertificates } from './alipay.certificates.js';
import type { CertificateSet } from './alipay.keyring.js';

/**
 * The certificate that Alipay has begun to sign with, out of the answer to `alipay.open.app.alipaycert.download` (base64
 * of a PEM file). Nothing when it cannot be trusted: it must have the number that was asked for, lead to the account's
 * root file, and come from the same issuer as the one that we hold. Without the last, any merchant's certificate would
 * do: those lead to the same root, by an issuer of their own (Class 1; Alipay's are of Class 2).
 */
export function readRenewedCertificate(
  held: CertificateSet,
  sn: string,
  content: string,
  at: Date,
): X509Certificate | undefined {
  const [certificate, ...issuers] = readable(Buffer.from(content, 'base64').toString('utf8'));
  const [current, ...currentIssuers] = held.alipay;
  if (!certificate || certificateSn(certificate) !== sn || certificate.issuer !== current.issuer) return undefined;
  return leadsTo(held.roots, certificate, [...issuers, ...currentIssuers], at) ? certificate : undefined;
}

function readable(pem: string): X509Certificate[] {
  try {
    return readCertificates(pem);
  } catch {
    return [];
  }
}
