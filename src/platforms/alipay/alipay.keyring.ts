import { createHash, type KeyObject, type X509Certificate } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { PlatformError } from '../errors.js';
import type { PlatformAccount } from '../platform.js';
import { certificateSn, rootSn } from './alipay.certificates.js';
import { AlipayCredentials } from './alipay.credentials.js';
import {
  readAesKey,
  readCertificateFile,
  readPrivateKey,
  readPublicKey,
  readRsaCertificateFile,
} from './alipay.key-material.js';

const ACCOUNTS = 5_000;
/** Alipay renews its certificate once in years; more than a few new ones in one process are not worth remembering. */
const RENEWALS = 8;

/** One account's credentials, parsed: reading a private key costs more than a signature with it. */
export interface AlipayKeys {
  readonly appPrivateKey: KeyObject;
  readonly aesKey: Buffer | undefined;
  /** What answers are verified with while they do not name another certificate. */
  readonly alipayKey: KeyObject;
  /** Certificate mode only. */
  readonly certificates: CertificateSet | undefined;
}

export interface CertificateSet {
  readonly appSn: string;
  readonly rootSn: string;
  readonly alipaySn: string;
  readonly app: X509Certificate;
  /** Alipay's own, then its issuers, as the file had them. */
  readonly alipay: readonly [X509Certificate, ...X509Certificate[]];
  readonly roots: readonly X509Certificate[];
  /** Keys of newer certificates that Alipay began to sign with, by their number. */
  readonly renewed: LRUCache<string, Promise<KeyObject>>;
}

/** Parsed credentials of the accounts in use; changed credentials are a new entry, old ones fall out. */
export class AlipayKeyring {
  readonly #keys = new LRUCache<string, AlipayKeys>({ max: ACCOUNTS });

  /** Throws PlatformError `platform_account_misconfigured` when the credentials are not Alipay's. */
  of(account: PlatformAccount): AlipayKeys {
    const fingerprint = createHash('sha256').update(JSON.stringify(account.credentials)).digest('base64');
    const name = `${account.id} ${fingerprint}`;
    const known = this.#keys.get(name);
    if (known) return known;
    const keys = parseKeys(account);
    this.#keys.set(name, keys);
    return keys;
  }
}

/** Every key that Alipay is known to sign with for this account: what carries no certificate number is tried with each. */
export async function alipayKeysOf({ alipayKey, certificates }: AlipayKeys): Promise<KeyObject[]> {
  const renewed = await Promise.allSettled([...(certificates?.renewed.values() ?? [])]);
  return [alipayKey, ...renewed.flatMap((key) => (key.status === 'fulfilled' ? [key.value] : []))];
}

function parseKeys(account: PlatformAccount): AlipayKeys {
  const parsed = AlipayCredentials.safeParse(account.credentials);
  if (!parsed.success) {
    const complaints = parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
    throw new PlatformError('platform_account_misconfigured', account, { detail: complaints.join(' ') });
  }
  const credentials = parsed.data;
  const common = {
    appPrivateKey: readPrivateKey(credentials.appPrivateKey),
    aesKey: credentials.aesKey === undefined ? undefined : readAesKey(credentials.aesKey),
  };
  if (credentials.mode === 'key')
    return { ...common, alipayKey: readPublicKey(credentials.alipayPublicKey), certificates: undefined };
  const certificates = parseCertificates(credentials);
  return { ...common, alipayKey: certificates.alipay[0].publicKey, certificates };
}

function parseCertificates(files: Extract<AlipayCredentials, { mode: 'certificate' }>): CertificateSet {
  const [app] = readRsaCertificateFile(files.appCertificate);
  const alipay = readRsaCertificateFile(files.alipayCertificate);
  const roots = readCertificateFile(files.alipayRootCertificate);
  return {
    appSn: certificateSn(app),
    rootSn: rootSn(roots),
    alipaySn: certificateSn(alipay[0]),
    app,
    alipay,
    roots,
    renewed: new LRUCache({ max: RENEWALS }),
  };
}
