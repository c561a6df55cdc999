import { createHash, X509Certificate } from 'node:crypto';

/** `1.2.840.113549.1.1` in DER: every signature algorithm of the RSA family begins with it. */
const RSA_FAMILY = Buffer.from('2a864886f70d0101', 'hex');
const LONGEST_CHAIN = 5;

/** The certificates of a PEM file in file order. Throws when one of them cannot be read. */
export const readCertificates = (pem: string): X509Certificate[] =>
  (pem.match(/-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/g) ?? []).map(
    (block) => new X509Certificate(block),
  );

/**
 * The number by which Alipay calls a certificate: MD5 of issuer and serial number, in hexadecimal. The issuer is written
 * most specific part first, the serial number in decimal, nothing between them (docs: certificate mode, cert SN).
 */
export function certificateSn({ issuer, serialNumber }: X509Certificate): string {
  const name = issuer.split('\n').reverse().join(',');
  return createHash('md5')
    .update(name)
    .update(BigInt(`0x${serialNumber}`).toString())
    .digest('hex');
}

/** The number of a root file: those of its RSA certificates, joined. Alipay's file also holds one of SM2 and one of ECDSA. */
export const rootSn = (roots: readonly X509Certificate[]): string =>
  roots.filter(isSignedWithRsa).map(certificateSn).join('_');

/** Whether `leaf` leads to one of `roots` over `intermediates`, every certificate on the way being valid at `at`. */
export function leadsTo(
  roots: readonly X509Certificate[],
  leaf: X509Certificate,
  intermediates: readonly X509Certificate[],
  at: Date,
): boolean {
  let current = leaf;
  for (let length = 1; length <= LONGEST_CHAIN && isValidAt(current, at); length++) {
    const issued = (by: X509Certificate): boolean => by.ca && current.checkIssued(by) && current.verify(by.publicKey);
    // OpenSSL cannot read the SM2 root's key; no RSA certificate comes from there.
    if (roots.some((root) => isSignedWithRsa(root) && isValidAt(root, at) && issued(root))) return true;
    const next = intermediates.find(issued);
    if (!next) return false;
    current = next;
  }
  return false;
}

/** Whether `at` lies within the certificate's own dates. */
export const isValidAt = ({ validFrom, validTo }: X509Certificate, at: Date): boolean =>
  Date.parse(validFrom) <= at.getTime() && at.getTime() <= Date.parse(validTo);

/**
 * Node does not tell the signature algorithm, so it is read from the DER: Certificate ::= SEQUENCE { the part that is
 * signed, SEQUENCE { algorithm OID, … }, … } (RFC 5280, 4.1).
 */
function isSignedWithRsa({ raw }: X509Certificate): boolean {
  const certificate = derValue(raw, 0);
  const algorithm = derValue(raw, derValue(raw, certificate.start).end);
  const oid = derValue(raw, algorithm.start);
  return raw.subarray(oid.start, oid.end).subarray(0, RSA_FAMILY.length).equals(RSA_FAMILY);
}

/** Where the content of the DER value at `at` begins and ends. */
function derValue(der: Buffer, at: number): { start: number; end: number } {
  const length = der.readUInt8(at + 1);
  if (length < 0x80) return { start: at + 2, end: at + 2 + length };
  const bytes = length & 0x7f;
  const start = at + 2 + bytes;
  return { start, end: start + der.readUIntBE(at + 2, bytes) };
}
