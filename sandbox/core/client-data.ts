import { createCipheriv, createHash, randomBytes } from 'node:crypto';
import { z } from 'zod';

/**
 * User data as the clients of WeChat and Douyin hand it out: both use one scheme, in which the session key (base64 text
 * of 16 bytes) is decoded for the cipher and taken as text for the signature.
 */
export interface EncryptedData {
  readonly encryptedData: string;
  readonly iv: string;
}

/** AES-128-CBC with PKCS#7. `iv` is 16 bytes, new ones by default. */
export function encryptData(plain: string, sessionKey: string, iv: Buffer = randomBytes(16)): EncryptedData {
  const cipher = createCipheriv('aes-128-cbc', Buffer.from(sessionKey, 'base64'), iv);
  const encrypted = Buffer.concat([cipher.update(plain, 'utf8'), cipher.final()]);
  return { encryptedData: encrypted.toString('base64'), iv: iv.toString('base64') };
}

/** `sha1(rawData + sessionKey)` in lower-case hexadecimal. */
export const signRawData = (rawData: string, sessionKey: string): string =>
  createHash('sha1')
    .update(rawData + sessionKey)
    .digest('hex');

/** Lets a test make data that the server must refuse: another mini-program's, or too old. */
export const watermarkSchema = z
  .strictObject({ appid: z.string().max(64).optional(), timestamp: z.int().optional() })
  .default({});

/** Which mini-program the data is for, and when (in seconds) the person acted. */
export interface Watermark {
  readonly timestamp: number;
  readonly appid: string;
}

export const watermarkOf = (
  platformAppId: string,
  now: number,
  given: z.output<typeof watermarkSchema>,
): Watermark => ({
  timestamp: given.timestamp ?? Math.floor(now / 1000),
  appid: given.appid ?? platformAppId,
});
