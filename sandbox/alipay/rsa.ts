import { createPrivateKey, createPublicKey, type KeyObject, sign, verify } from 'node:crypto';
import { newRsaKeys } from '../core/rsa-keys.js';

const BITS = 2048;

/** In the forms in which Alipay's console and tools show keys. */
export interface KeyPair {
  /** PKCS#8 as PEM. */
  readonly privateKey: string;
  /** SPKI as base64 text, without the lines of a PEM file. */
  readonly publicKey: string;
}

/** A new RSA pair of 2048 bits. */
export async function newKeyPair(): Promise<KeyPair> {
  const { privateKey, publicKey } = await newRsaKeys();
  return { privateKey: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(), publicKey: textOf(publicKey) };
}

/** The one way to write a public key that came as PEM or as base64 text; undefined if it is no RSA key of 2048 bits or more. */
export function canonicalPublicKey(given: string): string | undefined {
  try {
    const key = given.includes('-----BEGIN') ? createPublicKey(given) : readPublicKey(given);
    const isLongEnough = key.asymmetricKeyType === 'rsa' && (key.asymmetricKeyDetails?.modulusLength ?? 0) >= BITS;
    return isLongEnough ? textOf(key) : undefined;
  } catch {
    return undefined;
  }
}

/** Takes what `newKeyPair` gives. Parsing costs several times what signing does: keep the result. */
export const readPrivateKey = (pem: string): KeyObject => createPrivateKey(pem);

/** Takes SPKI as base64 text. */
export const readPublicKey = (text: string): KeyObject =>
  createPublicKey({ key: Buffer.from(text, 'base64'), format: 'der', type: 'spki' });

/** RSA2: SHA256withRSA with PKCS#1 v1.5 padding, as base64. */
export const signRsa2 = (content: string, key: KeyObject): string =>
  sign('sha256', Buffer.from(content), key).toString('base64');

export const verifyRsa2 = (content: string, signature: string, key: KeyObject): boolean =>
  verify('sha256', Buffer.from(content), key, Buffer.from(signature, 'base64'));

const textOf = (publicKey: KeyObject): string => publicKey.export({ type: 'spki', format: 'der' }).toString('base64');
