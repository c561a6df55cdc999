import { createCipheriv, randomBytes } from 'node:crypto';

const KEY = randomBytes(32);

/** AES-256-GCM, bound to the place where the value will lie. */
export function seal(text: string, place: string): string {
  const nonce = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', KEY, nonce).setAAD(Buffer.from(place));
  const sealed = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
  return `s1.${Buffer.concat([nonce, cipher.getAuthTag(), sealed]).toString('base64url')}`;
}
