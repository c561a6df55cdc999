import type { KeyObject } from 'node:crypto';
import type { CertificateAuthority } from './certificate-authority.js';
import type { AlipayCredentials } from './developer-console.js';
import { AlipayError } from './errors.js';
import { readPublicKey, verifyRsa2 } from './rsa.js';
import { rootSerialNumberOf, serialNumberOf } from './serial-numbers.js';

/** Whether a call comes from the mini-program that it names; the same for both protocols. */
export class Verification {
  readonly #publicKeys = new WeakMap<AlipayCredentials, KeyObject>();
  readonly #serialNumbers = new WeakMap<AlipayCredentials, string>();
  #root = { file: '', serialNumber: '' };

  constructor(private readonly authority: CertificateAuthority) {}

  /** Does the call name the certificates of the console, or none in key mode? Throws AlipayError. */
  checkCertificates(credentials: AlipayCredentials, appCertSn?: string, rootCertSn?: string): void {
    const isNamed = credentials.mode === 'certificate' ? appCertSn === this.#appCertSn(credentials) : !appCertSn;
    if (!isNamed) throw new AlipayError('isv.app-cert-not-exist');
    if (credentials.mode === 'certificate' && rootCertSn !== this.#rootCertSn())
      throw new AlipayError('isv.invalid-alipay-root-cert-sn');
  }

  isSignedBy(credentials: AlipayCredentials, content: string, signature: string): boolean {
    let key = this.#publicKeys.get(credentials);
    if (!key) this.#publicKeys.set(credentials, (key = readPublicKey(credentials.appPublicKey)));
    return verifyRsa2(content, signature, key);
  }

  #appCertSn(credentials: AlipayCredentials): string {
    let serialNumber = this.#serialNumbers.get(credentials);
    if (serialNumber === undefined)
      this.#serialNumbers.set(credentials, (serialNumber = serialNumberOf(credentials.appCertificate)));
    return serialNumber;
  }

  /** The file is another after everything was forgotten. */
  #rootCertSn(): string {
    const file = this.authority.rootFile;
    if (file !== this.#root.file) this.#root = { file, serialNumber: rootSerialNumberOf(file) };
    return this.#root.serialNumber;
  }
}
