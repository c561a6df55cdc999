import { randomUUID } from 'node:crypto';

/** Prefix and 32 hexadecimal digits that ascend with time, as the server's ids are. */
export const newId = (prefix: string): string =>
  `${prefix}_${Date.now().toString(16).padStart(12, '0')}${randomUUID().replaceAll('-', '').slice(12)}`;

const BASE32 = 'abcdefghijklmnopqrstuvwxyz234567';

/** The 128 bits of an id as 26 lower-case characters, which platforms take as a number. */
export function newNumber(): string {
  let bits = BigInt(`0x${newId('').slice(1)}`) << 2n;
  let number = '';
  for (let place = 0; place < 26; place++, bits >>= 5n) number = BASE32[Number(bits & 31n)]! + number;
  return number;
}
