import { constants, privateDecrypt, type KeyObject } from 'node:crypto';

/**
 * Opens one RSA block with PKCS#1 v1.5 padding (not OAEP), or gives undefined when the key does not fit.
 *
 * The padding is taken off here: Node 20 refuses RSA_PKCS1_PADDING for private keys (CVE-2023-46809), and newer ones
 * answer a wrong key with random bytes instead of an error. The attack behind it needs somebody who may send us blocks of
 * their own making; these come from Douyin over TLS.
 */
export function openRsaBlock(key: KeyObject, block: Buffer): Buffer | undefined {
  let padded: Buffer;
  try {
    padded = privateDecrypt({ key, padding: constants.RSA_NO_PADDING }, block);
  } catch {
    // Longer or larger than the modulus of this key.
    return undefined;
  }
  // 00 02, at least eight random bytes other than 00, then 00 before the message.
  const separator = padded.indexOf(0, 2);
  return padded[0] === 0 && padded[1] === 2 && separator >= 10 ? padded.subarray(separator + 1) : undefined;
}
