import { createHash, createHmac } from 'node:crypto';

/** The fields of a v2 message: flat, and all of them texts. */
export type V2Fields = Readonly<Record<string, string>>;

export const V2_SIGN_TYPES = ['MD5', 'HMAC-SHA256'] as const;
export type V2SignType = (typeof V2_SIGN_TYPES)[number];

/** Upper-case hexadecimal, over all fields but `sign` and the empty ones; `key` is the merchant's APIv2 key. */
export function signV2(fields: V2Fields, key: string, type: V2SignType = 'MD5'): string {
  const pairs = Object.keys(fields)
    .filter((name) => name !== 'sign' && fields[name] !== '')
    .sort()
    .map((name) => `${name}=${fields[name]}`);
  const text = [...pairs, `key=${key}`].join('&');
  const hash = type === 'MD5' ? createHash('md5') : createHmac('sha256', key);
  return hash.update(text).digest('hex').toUpperCase();
}

/** The fields with their signature. */
export const signedV2 = (fields: V2Fields, key: string, type?: V2SignType): V2Fields => ({
  ...fields,
  sign: signV2(fields, key, type),
});

/** The type that `sign_type` names, MD5 without it; undefined for any other. */
export const signTypeIn = ({ sign_type: given = '' }: V2Fields): V2SignType | undefined =>
  given === '' ? 'MD5' : V2_SIGN_TYPES.find((type) => type === given);
