import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { Fields } from './v2.xml.js';

/** MD5 is what v2 takes where no `sign_type` is sent. */
export type SignType = 'MD5' | 'HMAC-SHA256';

/**
 * `sign` of a v2 message (docs: v2, signature): all fields but `sign` and the empty ones by name, raw values, and the key
 * behind them, also for HMAC. Upper-case hexadecimal digits: 32 for MD5, 64 for HMAC-SHA256.
 */
export function signatureOf(fields: Fields, apiV2Key: string, type: SignType): string {
  const content = `${joined(fields)}&key=${apiV2Key}`;
  const hash = type === 'MD5' ? createHash('md5') : createHmac('sha256', apiV2Key);
  return hash.update(content, 'utf8').digest('hex').toUpperCase();
}

/** The fields with their signature; with HMAC-SHA256 also the `sign_type` that says so. */
export function signed(fields: Fields, apiV2Key: string, type: SignType): Fields {
  const complete = type === 'MD5' ? fields : { ...fields, sign_type: type };
  return { ...complete, sign: signatureOf(complete, apiV2Key, type) };
}

/**
 * Whether whoever has the key has signed these fields. Which of the two ways it was shows in the length: a callback does
 * not always say, and follows the call that it belongs to.
 */
export function isSigned(fields: Fields, apiV2Key: string): boolean {
  const { sign = '' } = fields;
  if (!/^(?:[0-9A-F]{32}|[0-9A-F]{64})$/.test(sign)) return false;
  const expected = signatureOf(fields, apiV2Key, sign.length === 32 ? 'MD5' : 'HMAC-SHA256');
  return timingSafeEqual(Buffer.from(sign), Buffer.from(expected));
}

const joined = (fields: Fields): string =>
  Object.entries(fields)
    .filter(([name, value]) => name !== 'sign' && value !== '')
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([name, value]) => `${name}=${value}`)
    .join('&');
