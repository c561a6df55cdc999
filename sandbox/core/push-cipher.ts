import { createCipheriv, createHash, randomBytes } from 'node:crypto';

/** Bytes of padding, unlike in PKCS#7 for AES, go up to this. */
const BLOCK = 32;

/** `sha1` over the texts, sorted by their bytes and joined, in lower-case hexadecimal. */
export const signTexts = (...texts: readonly string[]): string =>
  createHash('sha1')
    .update(Buffer.concat(texts.map((text) => Buffer.from(text)).sort((a, b) => Buffer.compare(a, b))))
    .digest('hex');

/**
 * What a push carries in secure mode: `random ‖ length (4 bytes) ‖ message ‖ appid`, padded to 32 bytes, AES-256-CBC, as
 * base64. `aesKey` is the 43 characters of the console; WeChat takes 16 random bytes, Douyin 32.
 */
export function encryptMessage(
  message: string,
  { aesKey, appid, random = randomBytes(16) }: { aesKey: string; appid: string; random?: Buffer },
): string {
  const key = Buffer.from(`${aesKey}=`, 'base64');
  const text = Buffer.from(message);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(text.length);
  const plain = Buffer.concat([random, length, text, Buffer.from(appid)]);
  const pad = BLOCK - (plain.length % BLOCK);
  const cipher = createCipheriv('aes-256-cbc', key, key.subarray(0, 16)).setAutoPadding(false);
  return Buffer.concat([cipher.update(Buffer.concat([plain, Buffer.alloc(pad, pad)])), cipher.final()]).toString(
    'base64',
  );
}
