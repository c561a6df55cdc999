import { type KeyObject, randomUUID } from 'node:crypto';
import type { World } from '../core/platform.js';
import type { Row, Table } from '../core/store.js';
import type { CertificateAuthority } from './certificate-authority.js';
import { newKeyPair, readPrivateKey, signRsa2 } from './rsa.js';
import { serialNumberOf } from './serial-numbers.js';

/** What Alipay signs with for one mini-program. The console shows the public key or the certificate, as the mode wants. */
interface SigningKey extends Row {
  readonly privateKey: string;
  /** SPKI as base64 text. */
  readonly publicKey: string;
  /** The certificate, then its issuer's, as PEM. */
  readonly certificate: string;
  readonly certificateSn: string;
}

/** A certificate that is or was in use. */
interface IssuedCertificate extends Row {
  readonly file: string;
}

/** Alipay's own keys, a ring for each mini-program: the newest signs, the certificates of all can be fetched. */
export class SigningKeys {
  readonly #newest: Table<SigningKey>;
  readonly #certificates: Table<IssuedCertificate>;
  readonly #parsed = new WeakMap<SigningKey, KeyObject>();

  constructor(
    world: World,
    private readonly authority: CertificateAuthority,
  ) {
    this.#newest = world.table('alipay.signingKeys');
    this.#certificates = world.table('alipay.certificates');
  }

  /** A new ring; gives its name. */
  async create(): Promise<string> {
    const ring = randomUUID();
    await this.rotate(ring);
    return ring;
  }

  /** A new key, and a new certificate with a number of its own, for a ring. */
  async rotate(ring: string): Promise<void> {
    const pair = await newKeyPair();
    const certificate = await this.authority.certifyAlipay(pair.publicKey);
    const certificateSn = serialNumberOf(certificate);
    this.#certificates.set(`${ring}/${certificateSn}`, { file: certificate });
    this.#newest.set(ring, { ...pair, certificate, certificateSn });
  }

  newest(ring: string): SigningKey {
    const key = this.#newest.get(ring);
    if (!key) throw new Error(`no ring ${ring}`);
    return key;
  }

  /** The certificate with that number, as PEM. */
  certificate(ring: string, certificateSn: string): string | undefined {
    return this.#certificates.get(`${ring}/${certificateSn}`)?.file;
  }

  sign(ring: string, content: string): string {
    const key = this.newest(ring);
    let parsed = this.#parsed.get(key);
    if (!parsed) this.#parsed.set(key, (parsed = readPrivateKey(key.privateKey)));
    return signRsa2(content, parsed);
  }
}
