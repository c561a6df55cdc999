import { randomBytes } from 'node:crypto';

const ALPHANUMERIC = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

/** Lower-case hexadecimal digits; `length` is even. */
export const randomHex = (length: number): string => randomBytes(length / 2).toString('hex');

/** Letters and digits. Six bits a letter: 64 onto 62 favours `0` and `1` a little, which no id here minds. */
export function randomAlphanumeric(length: number): string {
  let text = '';
  for (const byte of randomBytes(length)) text += ALPHANUMERIC[(byte & 63) % 62];
  return text;
}
