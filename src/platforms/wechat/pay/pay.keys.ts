import { createSecretKey, type KeyObject } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { PlatformError } from '../../errors.js';
import type { MerchantAccount } from '../../payment-platform.js';
import { CertificateBook } from './certificates.js';
import { WechatPayCredentials } from './pay.credentials.js';
import { readPrivateKey, readPublicKey } from './pay.key-material.js';
import type { Signer } from './pay.signature.js';

const ACCOUNTS = 5_000;

/** One merchant's credentials, parsed: reading a private key costs more than a signature with it. */
export interface MerchantKeys extends Signer {
  readonly apiV3Key: KeyObject;
  /** As text: v2 signs with it and signs it. Undefined for a merchant without recurring payments. */
  readonly apiV2Key: string | undefined;
  /** WeChat Pay's public key and its id, where the merchant has been given one. */
  readonly publicKey: { readonly id: string; readonly key: KeyObject } | undefined;
  /** WeChat Pay's certificates as this merchant sees them; they go when the credentials change. */
  readonly certificates: CertificateBook;
}

interface Entry {
  readonly credentials: WechatPayCredentials;
  readonly keys: MerchantKeys;
}

/** Parsed credentials of the merchants in use. */
export class MerchantKeyring {
  readonly #entries = new LRUCache<string, Entry>({ max: ACCOUNTS });

  /** Throws PlatformError `platform_account_misconfigured` when the credentials are not WeChat Pay's. */
  of(merchant: MerchantAccount): MerchantKeys {
    const known = this.#entries.get(merchant.id);
    if (known?.keys.merchantId === merchant.merchantId && isSame(known.credentials, merchant.credentials)) {
      return known.keys;
    }
    const credentials = parseCredentials(merchant);
    const keys = toKeys(merchant.merchantId, credentials);
    this.#entries.set(merchant.id, { credentials, keys });
    return keys;
  }
}

/** Field by field, which costs less than a hash on the way to every call. */
function isSame(one: WechatPayCredentials, given: unknown): boolean {
  const other = given as WechatPayCredentials;
  return (
    one === other ||
    (one.privateKey === other.privateKey &&
      one.serial === other.serial &&
      one.apiV3Key === other.apiV3Key &&
      one.apiV2Key === other.apiV2Key &&
      one.publicKeyId === other.publicKeyId &&
      one.publicKey === other.publicKey)
  );
}

function parseCredentials(merchant: MerchantAccount): WechatPayCredentials {
  const parsed = WechatPayCredentials.safeParse(merchant.credentials);
  if (parsed.success) return parsed.data;
  const complaints = parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
  throw new PlatformError('platform_account_misconfigured', merchant, { detail: complaints.join(' ') });
}

const toKeys = (
  merchantId: string,
  { serial, privateKey, apiV3Key, apiV2Key, publicKeyId, publicKey }: WechatPayCredentials,
): MerchantKeys => ({
  merchantId,
  serial,
  privateKey: readPrivateKey(privateKey),
  apiV3Key: createSecretKey(Buffer.from(apiV3Key)),
  apiV2Key,
  publicKey:
    publicKeyId === undefined || publicKey === undefined
      ? undefined
      : { id: publicKeyId, key: readPublicKey(publicKey) },
  certificates: new CertificateBook(),
});
