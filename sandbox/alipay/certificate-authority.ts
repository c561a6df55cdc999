import 'reflect-metadata';
import {
  BasicConstraintsExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  PublicKey,
  X509CertificateGenerator,
} from '@peculiar/x509';
import { createPrivateKey, webcrypto } from 'node:crypto';
import type { World } from '../core/platform.js';
import { randomHex } from '../core/random.js';
import type { Row, Table } from '../core/store.js';
import { newKeyPair } from './rsa.js';

const DAY = 86_400_000;
const YEAR = 365 * DAY;
const RSA = { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' };
const ECDSA = { name: 'ECDSA', hash: 'SHA-384', namedCurve: 'P-384' };
const THE_ONE = 'authority';

interface Issuer {
  readonly name: string;
  /** PEM. */
  readonly certificate: string;
  readonly privateKey: string;
}

/** As at Alipay: developers' certificates come from one issuer, Alipay's own from another, and one root is over both. */
interface Authority extends Row {
  readonly rootFile: string;
  readonly developers: Issuer;
  readonly alipay: Issuer;
}

/** One certificate to make. */
interface Draft {
  readonly subject: string;
  readonly publicKey: webcrypto.CryptoKey | PublicKey;
  readonly issuer: string;
  readonly signingKey: webcrypto.CryptoKey;
  readonly signingAlgorithm: typeof RSA | typeof ECDSA;
  readonly isIssuer: boolean;
  readonly years: number;
}

/** Alipay's certificate authority. It comes into being with the first mini-program that is registered. */
export class CertificateAuthority {
  readonly #authority: Table<Authority>;

  constructor(private readonly world: World) {
    this.#authority = world.table('alipay.authority');
  }

  /** `alipayRootCert.crt`: several certificates, and not all of them RSA. */
  get rootFile(): string {
    return this.#authority.get(THE_ONE)?.rootFile ?? '';
  }

  /** `appCertPublicKey_<app id>.crt` for a public key (SPKI as base64 text). */
  async certifyDeveloper(publicKey: string): Promise<string> {
    const { developers } = await this.#found();
    return this.#certify(publicKey, 'Sandbox Developer', developers);
  }

  /** `alipayCertPublicKey_RSA2.crt`: the certificate, then its issuer's. */
  async certifyAlipay(publicKey: string): Promise<string> {
    const { alipay } = await this.#found();
    return `${await this.#certify(publicKey, 'Sandbox Alipay', alipay)}\n${alipay.certificate}`;
  }

  async #certify(publicKey: string, commonName: string, issuer: Issuer): Promise<string> {
    return this.#make({
      subject: `C=CN, O=Minibase Sandbox, OU=Alipay, CN=${commonName}`,
      publicKey: new PublicKey(Buffer.from(publicKey, 'base64')),
      issuer: issuer.name,
      signingKey: await importPrivateKey(issuer.privateKey),
      signingAlgorithm: RSA,
      isIssuer: false,
      years: 5,
    });
  }

  /** Made once: registrations come one after the other. */
  async #found(): Promise<Authority> {
    const existing = this.#authority.get(THE_ONE);
    if (existing) return existing;
    const made = await this.#makeAuthority();
    this.#authority.set(THE_ONE, made);
    return made;
  }

  async #makeAuthority(): Promise<Authority> {
    const [ecdsa, rsa] = await Promise.all([
      newCryptoKeys(ECDSA),
      newCryptoKeys({ ...RSA, modulusLength: 2048, publicExponent: Uint8Array.of(1, 0, 1) }),
    ]);
    // In the real file an SM2 and an ECDSA certificate stand among two of RSA; no library here signs with SM2. R2 is
    // there to be counted: nothing comes from it, so it needs no key of its own.
    const roots = [
      await this.#makeRoot('E1', ecdsa, ECDSA),
      await this.#makeRoot('R1', rsa, RSA),
      await this.#makeRoot('R2', rsa, RSA),
    ];
    const [developers, alipay] = await Promise.all([
      this.#makeIssuer('Class 1 R1', rsa.privateKey),
      this.#makeIssuer('Class 2 R1', rsa.privateKey),
    ]);
    return { rootFile: roots.join('\n'), developers, alipay };
  }

  #makeRoot(name: string, keys: webcrypto.CryptoKeyPair, signingAlgorithm: typeof RSA | typeof ECDSA): Promise<string> {
    return this.#make({
      subject: authorityName(name),
      publicKey: keys.publicKey,
      issuer: authorityName(name),
      signingKey: keys.privateKey,
      signingAlgorithm,
      isIssuer: true,
      years: 30,
    });
  }

  async #makeIssuer(name: string, rootKey: webcrypto.CryptoKey): Promise<Issuer> {
    const { privateKey, publicKey } = await newKeyPair();
    const certificate = await this.#make({
      subject: authorityName(name),
      publicKey: new PublicKey(Buffer.from(publicKey, 'base64')),
      issuer: authorityName('R1'),
      signingKey: rootKey,
      signingAlgorithm: RSA,
      isIssuer: true,
      years: 20,
    });
    return { name: authorityName(name), certificate, privateKey };
  }

  async #make({ isIssuer, years, ...draft }: Draft): Promise<string> {
    const now = this.world.now();
    const usage = isIssuer ? KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign : KeyUsageFlags.digitalSignature;
    const certificate = await X509CertificateGenerator.create({
      ...draft,
      // A positive number of 16 bytes that begins with the century, as Alipay's do.
      serialNumber: `20${randomHex(30)}`,
      notBefore: new Date(now - DAY),
      notAfter: new Date(now + years * YEAR),
      extensions: [new BasicConstraintsExtension(isIssuer, undefined, true), new KeyUsagesExtension(usage, true)],
    });
    return certificate.toString('pem');
  }
}

const authorityName = (name: string): string =>
  `C=CN, O=Minibase Sandbox, OU=Certification Authority, CN=Sandbox Certification Authority ${name}`;

const newCryptoKeys = (
  algorithm: webcrypto.RsaHashedKeyGenParams | webcrypto.EcKeyGenParams,
): Promise<webcrypto.CryptoKeyPair> => webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);

const importPrivateKey = (pem: string): Promise<webcrypto.CryptoKey> =>
  webcrypto.subtle.importKey('pkcs8', createPrivateKey(pem).export({ type: 'pkcs8', format: 'der' }), RSA, false, [
    'sign',
  ]);
