import { createDecipheriv, createHash, timingSafeEqual } from 'node:crypto';
import { z } from 'zod';
import { PlatformError } from './errors.js';
import type { EncryptedData, PlatformAccount, PlatformPhone, PlatformProfile, ProfileProof } from './platform.js';

/**
 * What a client signs and encrypts with its session key. WeChat invented it, Douyin speaks the same:
 * the key is base64-decoded for AES, but taken as text for the signature.
 */

/** Seconds. An older watermark may be a replay. */
const FRESHNESS = 600;
/** Seconds that a platform's clock may be ahead of ours. */
const CLOCK_SKEW = 60;

const Watermark = z.object({ appid: z.string(), timestamp: z.coerce.number() });
const Watermarked = z.looseObject({ watermark: Watermark });

/** The phone number as WeChat and Douyin write it. WeChat: a string by the docs, a number in the official sample. */
const SessionPhone = z.object({
  purePhoneNumber: z.string().regex(/^\d{3,20}$/),
  countryCode: z.coerce.string().regex(/^\+?\d{1,4}$/),
  watermark: Watermark.optional(),
});

const Profile = z.object({
  nickName: z.string().optional(),
  avatarUrl: z.string().optional(),
  unionId: z.string().optional(),
});

/** Whether `signature = hex(sha1(rawData + sessionKey))`, in constant time. */
export function isSignedWith(sessionKey: string, rawData: string, signature: string): boolean {
  const expected = createHash('sha1')
    .update(rawData + sessionKey, 'utf8')
    .digest();
  return /^[0-9a-f]{40}$/i.test(signature) && timingSafeEqual(Buffer.from(signature, 'hex'), expected);
}

/**
 * Decrypts what the client encrypted, and checks that it was made for this mini-program within the last ten minutes.
 * Throws PlatformError: `login_again` when the session key does not fit, `platform_data_invalid` for anything else.
 */
export function openSessionData(
  account: PlatformAccount,
  encrypted: EncryptedData,
  sessionKey: string | undefined,
  now: Date,
): unknown {
  const key = Buffer.from(sessionKey ?? '', 'base64');
  if (key.length !== 16) throw new PlatformError('login_again', account);
  const data = decrypt(account, encrypted, key);
  const marked = Watermarked.safeParse(data);
  if (!marked.success) throw invalidData(account, 'The decrypted data has no watermark.');
  const { appid, timestamp } = marked.data.watermark;
  if (appid !== account.platformAppId) throw invalidData(account, 'The data was made for another mini-program.');
  const age = now.getTime() / 1_000 - timestamp;
  if (age > FRESHNESS || age < -CLOCK_SKEW) {
    throw invalidData(account, 'The data is older than ten minutes. Ask the user again.');
  }
  return data;
}

/** The phone number in `data`. Throws `problem` when there is none, or one that was given to another mini-program. */
export function phoneIn(
  account: PlatformAccount,
  data: unknown,
  problem: 'platform_data_invalid' | 'platform_answer_invalid',
): PlatformPhone {
  const parsed = SessionPhone.safeParse(data);
  if (!parsed.success) throw new PlatformError(problem, account, { detail: 'The data holds no phone number.' });
  const { purePhoneNumber, countryCode, watermark } = parsed.data;
  if (watermark && watermark.appid !== account.platformAppId) {
    throw new PlatformError(problem, account, { detail: 'The phone number was given to another mini-program.' });
  }
  const country = countryCode.replace('+', '');
  return { number: `+${country}${purePhoneNumber}`, countryCode: country };
}

/** The profile that a client handed over, once its signature, and the encrypted part if there is one, hold. */
export function profileIn(
  account: PlatformAccount,
  { rawData, signature, encrypted }: ProfileProof,
  sessionKey: string,
  now: Date,
): PlatformProfile {
  if (!isSignedWith(sessionKey, rawData, signature)) {
    throw invalidData(
      account,
      'The signature does not fit the session. If the client has called its login function since, log in again first.',
    );
  }
  const signed = Profile.safeParse(jsonOf(rawData));
  if (!signed.success) throw invalidData(account, '`rawData` holds no profile.');
  // rawData never has the unionid; only what was encrypted may say who somebody is.
  const { nickName, avatarUrl } = signed.data;
  const opened = encrypted ? Profile.safeParse(openSessionData(account, encrypted, sessionKey, now)) : undefined;
  return {
    ...(nickName ? { nickname: nickName } : {}),
    ...(avatarUrl ? { avatarUrl } : {}),
    ...(opened?.data?.unionId ? { unionid: opened.data.unionId } : {}),
  };
}

/** AES-128-CBC with PKCS#7, then JSON. */
function decrypt(account: PlatformAccount, { encryptedData, iv }: EncryptedData, key: Buffer): unknown {
  const vector = fromBase64(iv ?? '');
  const cipher = fromBase64(encryptedData);
  if (vector.length !== 16 || cipher.length === 0 || cipher.length % 16 !== 0) {
    throw invalidData(account, '`encryptedData` or `iv` is cut or not base64.');
  }
  const decipher = createDecipheriv('aes-128-cbc', key, vector);
  try {
    return JSON.parse(Buffer.concat([decipher.update(cipher), decipher.final()]).toString('utf8'));
  } catch {
    // Bad padding, or one in 256 times good padding around noise: a wrong key, as the client has logged in since.
    throw new PlatformError('login_again', account);
  }
}

/** A client that posted base64 as a form has lost each `+` to a space. */
const fromBase64 = (text: string): Buffer => Buffer.from(text.replaceAll(' ', '+'), 'base64');

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const invalidData = (account: PlatformAccount, detail: string): PlatformError =>
  new PlatformError('platform_data_invalid', account, { detail });
