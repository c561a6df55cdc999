import { createDecipheriv, type KeyObject } from 'node:crypto';

/** Something that WeChat Pay encrypted for one merchant: a callback's resource, a platform certificate. */
export interface Sealed {
  readonly algorithm: string;
  /** 12 characters, used as bytes. */
  readonly nonce: string;
  readonly associated_data?: string | undefined;
  /** Base64 of the ciphertext with its 16-byte tag behind it. */
  readonly ciphertext: string;
}

const ALGORITHM = 'AEAD_AES_256_GCM';
const TAG_LENGTH = 16;

/** What `sealed` holds, or undefined when `apiV3Key` does not open it. Never throws. */
export function opened(sealed: Sealed, apiV3Key: KeyObject): string | undefined {
  const bytes = Buffer.from(sealed.ciphertext, 'base64');
  if (sealed.algorithm !== ALGORITHM || bytes.length < TAG_LENGTH) return undefined;
  try {
    const decipher = createDecipheriv('aes-256-gcm', apiV3Key, sealed.nonce, { authTagLength: TAG_LENGTH });
    decipher.setAAD(Buffer.from(sealed.associated_data ?? ''));
    decipher.setAuthTag(bytes.subarray(-TAG_LENGTH));
    const start = decipher.update(bytes.subarray(0, -TAG_LENGTH));
    return Buffer.concat([start, decipher.final()]).toString('utf8');
  } catch {
    return undefined;
  }
}
