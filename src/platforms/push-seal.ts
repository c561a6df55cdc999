import { createDecipheriv, createHash, timingSafeEqual } from 'node:crypto';

/** How long a message push may have been on its way, or how far its clock ahead of ours: seconds. */
const WINDOW = 300;
const BLOCK = 32;
const LENGTH = 4;
const UTF8 = new TextDecoder('utf-8', { fatal: true });

/** `sha1` of the texts, sorted as bytes and joined: hexadecimal. WeChat and Douyin sign their pushes so. */
export const sortedSha1 = (texts: readonly string[]): string =>
  createHash('sha1')
    .update(Buffer.concat(texts.map((text) => Buffer.from(text)).sort((a, b) => Buffer.compare(a, b))))
    .digest('hex');

/** Whether two texts are the same, in a time that does not tell where they differ. */
export function isSame(given: string, expected: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(expected)];
  return a.length === b.length && timingSafeEqual(a, b);
}

/** Whether a timestamp in seconds, as text, is near enough to `now`. */
export const isFreshPush = (timestamp: string, now: Date): boolean =>
  /^\d{1,12}$/.test(timestamp) && Math.abs(now.getTime() / 1_000 - Number(timestamp)) <= WINDOW;

export interface PushCipher {
  /** EncodingAESKey: 43 letters and digits. */
  readonly aesKey: string;
  /** How many random bytes are before the message: 16 with WeChat, 32 with Douyin. */
  readonly randomBytes: number;
  /** Who it is for: the tail must name it. */
  readonly appId: string;
}

/**
 * The message in `Encrypt` (docs: message push, technical scheme of encryption): AES-256-CBC, padded to blocks of 32 bytes
 * and not of 16, wherefore a library that takes off the padding refuses half of all real messages; inside are random bytes,
 * the length of the message in four bytes, the message and the app id. Undefined for what is not that.
 */
export function openPush(encrypt: string, { aesKey, randomBytes, appId }: PushCipher): string | undefined {
  const sealed = Buffer.from(encrypt, 'base64');
  if (sealed.length === 0 || sealed.length % 16 !== 0) return undefined;
  const key = Buffer.from(`${aesKey}=`, 'base64');
  const decipher = createDecipheriv('aes-256-cbc', key, key.subarray(0, 16)).setAutoPadding(false);
  const content = withoutPadding(Buffer.concat([decipher.update(sealed), decipher.final()]));
  const start = randomBytes + LENGTH;
  if (!content || content.length < start) return undefined;
  const end = start + content.readUInt32BE(randomBytes);
  if (end > content.length || !content.subarray(end).equals(Buffer.from(appId))) return undefined;
  try {
    return UTF8.decode(content.subarray(start, end));
  } catch {
    return undefined;
  }
}

function withoutPadding(padded: Buffer): Buffer | undefined {
  const count = padded.at(-1) ?? 0;
  if (count < 1 || count > BLOCK || count > padded.length) return undefined;
  const kept = padded.length - count;
  return padded.subarray(kept).every((byte) => byte === count) ? padded.subarray(0, kept) : undefined;
}
