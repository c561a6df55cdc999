import { createCipheriv, createDecipheriv } from 'node:crypto';

const KEY_BYTES = 16;
const NO_IV = Buffer.alloc(16);

/** Alipay's content encryption: AES-128-CBC, PKCS#7, the IV all zeros; the key and the result are base64 texts. */
export function encryptContent(plain: string, aesKey: string): string {
  const cipher = createCipheriv('aes-128-cbc', Buffer.from(aesKey, 'base64'), NO_IV);
  return Buffer.concat([cipher.update(plain, 'utf8'), cipher.final()]).toString('base64');
}

/** Undefined when it was not encrypted with that key. */
export function decryptContent(encrypted: string, aesKey: string): string | undefined {
  try {
    const decipher = createDecipheriv('aes-128-cbc', Buffer.from(aesKey, 'base64'), NO_IV);
    const plain = Buffer.concat([decipher.update(encrypted, 'base64'), decipher.final()]);
    return new TextDecoder('utf-8', { fatal: true }).decode(plain);
  } catch {
    return undefined;
  }
}

export const isAesKey = (text: string): boolean => {
  const key = Buffer.from(text, 'base64');
  return key.length === KEY_BYTES && key.toString('base64') === text;
};
