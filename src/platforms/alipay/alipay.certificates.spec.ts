import { generateKeyPairSync, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { AlipaySdk } from 'alipay-sdk';
import { LRUCache } from 'lru-cache';
import { certificateSn, isValidAt, leadsTo, readCertificates, rootSn } from './alipay.certificates.js';
import type { CertificateSet } from './alipay.keyring.js';
import { readRenewedCertificate } from './alipay.renewal.js';

interface Vectors {
  serialNumbers: { source: string; sn: string; pem: string }[];
  root: { source: string; sn: string; pem: string };
  leafAndIntermediate: { source: string; pem: string };
  noAuthority: Record<'root' | 'client' | 'forged', string>;
  trust: Record<'root' | 'client' | 'clientWithBadSignature' | 'clientWithBadDates', string>;
}
const vectors = JSON.parse(
  readFileSync(new URL('./alipay.certificates.vectors.json', import.meta.url), 'utf8'),
) as Vectors;

const roots = readCertificates(vectors.root.pem);
const [merchantFile, alipayFile] = vectors.serialNumbers;
const merchant = new X509Certificate(merchantFile!.pem);
const alipay = new X509Certificate(alipayFile!.pem);
const [sandboxLeaf, class1] = readCertificates(vectors.leafAndIntermediate.pem);
const in2021 = new Date('2021-06-01T00:00:00Z');

describe('the number of a certificate', () => {
  test.each(vectors.serialNumbers)('is the one in $source', ({ pem, sn }) => {
    expect(certificateSn(new X509Certificate(pem))).toBe(sn);
  });

  test("of Alipay's root file counts its RSA certificates only", () => {
    expect(roots).toHaveLength(4);
    expect(rootSn(roots)).toBe(vectors.root.sn);
    expect(rootSn([roots[0]!, roots[2]!])).toBe('');
  });

  test.each(vectors.serialNumbers)('is the one of the Node SDK: $sn', ({ pem }) => {
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const { config } = new AlipaySdk({
      appId: '2021000000000001',
      privateKey: privateKey.export({ format: 'pem', type: 'pkcs8' }).toString(),
      keyType: 'PKCS8',
      appCertContent: pem,
      alipayPublicCertContent: pem,
      alipayRootCertContent: vectors.root.pem,
    });
    expect(certificateSn(new X509Certificate(pem))).toBe(config.appCertSn);
    expect(rootSn(roots)).toBe(config.alipayRootCertSn);
  });
});

describe('a chain', () => {
  test("leads from a merchant's certificate over Class 1 to Alipay's root", () => {
    expect(leadsTo(roots, merchant, [sandboxLeaf!, class1!], in2021)).toBe(true);
  });

  test('ends where an issuer is missing', () => {
    expect(leadsTo(roots, merchant, [sandboxLeaf!], in2021)).toBe(false);
    expect(leadsTo(roots, sandboxLeaf!, [class1!], in2021)).toBe(false);
    expect(leadsTo([roots[3]!], merchant, [class1!], in2021)).toBe(false);
  });

  test('holds only within the dates of every certificate in it', () => {
    expect(leadsTo(roots, merchant, [class1!], new Date('2020-05-18T05:28:46Z'))).toBe(false);
    expect(leadsTo(roots, merchant, [class1!], new Date('2022-05-18T05:28:48Z'))).toBe(false);
    expect(isValidAt(merchant, new Date('2022-05-18T05:28:47Z'))).toBe(true);
  });

  const trust = (name: keyof Vectors['trust'], at: string) =>
    leadsTo([new X509Certificate(vectors.trust.root)], new X509Certificate(vectors.trust[name]), [], new Date(at));

  test('is judged as the Java SDK judges it', () => {
    expect(trust('client', '2020-01-01T00:00:00Z')).toBe(true);
    expect(trust('client', '2020-09-17T00:00:00Z')).toBe(false);
    expect(trust('clientWithBadSignature', '2020-01-01T00:00:00Z')).toBe(false);
    expect(trust('clientWithBadDates', '2020-01-01T00:00:00Z')).toBe(false);
  });

  const made = (name: 'root' | 'client' | 'forged') => new X509Certificate(vectors.noAuthority[name]);
  const in2020 = new Date('2020-06-01T00:00:00Z');

  test('does not pass through a certificate that is no authority', () => {
    expect(leadsTo([made('root')], made('client'), [], in2020)).toBe(true);
    expect(made('forged').verify(made('client').publicKey)).toBe(true);
    expect(leadsTo([made('root')], made('forged'), [made('client')], in2020)).toBe(false);
    expect(leadsTo([made('client')], made('forged'), [], in2020)).toBe(false);
  });

  test('does not end in a root that has ended itself', () => {
    expect(isValidAt(made('client'), in2021)).toBe(true);
    expect(leadsTo([made('root')], made('client'), [], in2021)).toBe(false);
  });
});

describe('a renewed certificate', () => {
  const holding = (...held: [X509Certificate, ...X509Certificate[]]): CertificateSet => ({
    app: merchant,
    appSn: certificateSn(merchant),
    rootSn: rootSn(roots),
    alipay: held,
    alipaySn: certificateSn(held[0]),
    roots,
    renewed: new LRUCache({ max: 1 }),
  });
  const file = (...certificates: X509Certificate[]) =>
    Buffer.from(certificates.map(String).join('\n')).toString('base64');
  const sn = certificateSn(merchant);

  test('is taken when it comes from the same issuer and leads to the root', () => {
    const renewed = readRenewedCertificate(holding(merchant), sn, file(merchant, class1!), in2021);
    expect(renewed?.serialNumber).toBe(merchant.serialNumber);
    expect(readRenewedCertificate(holding(merchant, class1!), sn, file(merchant), in2021)).toBeDefined();
  });

  test("is refused when it is some merchant's, although that leads to the same root", () => {
    expect(readRenewedCertificate(holding(alipay), sn, file(merchant, class1!), in2021)).toBeUndefined();
  });

  test('is refused under another number, without its chain, out of its dates, or unreadable', () => {
    const held = holding(merchant);
    expect(readRenewedCertificate(held, 'f'.repeat(32), file(merchant, class1!), in2021)).toBeUndefined();
    expect(readRenewedCertificate(held, sn, file(merchant), in2021)).toBeUndefined();
    expect(readRenewedCertificate(held, sn, file(merchant, class1!), new Date('2023-01-01'))).toBeUndefined();
    const broken = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----';
    expect(readRenewedCertificate(held, sn, Buffer.from(broken).toString('base64'), in2021)).toBeUndefined();
    expect(readRenewedCertificate(held, sn, '', in2021)).toBeUndefined();
  });
});
