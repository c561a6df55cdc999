import { createCipheriv, createDecipheriv } from 'node:crypto';

/**
 * Alipay's content encryption: AES-128-CBC, PKCS#7, an IV of zeros by its protocol. It hides, it does not prove: verify
 * the signature over the ciphertext before decrypting it.
 */
const ALGORITHM = 'aes-128-cbc';
const IV = Buffer.alloc(16);

/** `plain` as base64 ciphertext. `key`: 16 bytes. */
export function encryptContent(plain: string, key: Buffer): string {
  const cipher = createCipheriv(ALGORITHM, key, IV);
  return cipher.update(plain, 'utf8', 'base64') + cipher.final('base64');
}

/** The bytes behind base64 ciphertext. Throws when the key is not the one it was made with (all but one in 256 times). */
export function decryptContent(ciphertext: string, key: Buffer): Buffer {
  const decipher = createDecipheriv(ALGORITHM, key, IV);
  return Buffer.concat([decipher.update(ciphertext, 'base64'), decipher.final()]);
}
