import { createCipheriv } from 'node:crypto';

const TAG_BYTES = 16;

/** AEAD_AES_256_GCM under the APIv3 key, whose 32 ASCII characters are the key itself: base64, the tag at the end. */
export function encryptAead(plain: string, apiV3Key: string, nonce: string, associatedData: string): string {
  const cipher = createCipheriv('aes-256-gcm', Buffer.from(apiV3Key), Buffer.from(nonce), {
    authTagLength: TAG_BYTES,
  });
  cipher.setAAD(Buffer.from(associatedData));
  return Buffer.concat([cipher.update(plain, 'utf8'), cipher.final(), cipher.getAuthTag()]).toString('base64');
}
