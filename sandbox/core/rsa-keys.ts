import { createPrivateKey, createPublicKey, generateKeyPair, type KeyObject } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';

export interface RsaKeys {
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
}

/** Private keys as PKCS#8 PEM, each given once. */
let prepared: string[] | undefined;

/**
 * A new RSA pair of 2048 bits, as platforms and merchants have them. Making one costs more than anything else here, so
 * whoever starts many sandboxes can prepare some: SANDBOX_RSA_KEYS is a file with a JSON array of PKCS#8 PEM texts.
 */
export async function newRsaKeys(): Promise<RsaKeys> {
  prepared ??= readPrepared(process.env['SANDBOX_RSA_KEYS']);
  const pem = prepared.splice(Math.floor(Math.random() * prepared.length), 1)[0];
  if (pem === undefined) return promisify(generateKeyPair)('rsa', { modulusLength: 2048 });
  const privateKey = createPrivateKey(pem);
  return { privateKey, publicKey: createPublicKey(privateKey) };
}

const readPrepared = (path: string | undefined): string[] =>
  path === undefined ? [] : (JSON.parse(readFileSync(path, 'utf8')) as string[]);
