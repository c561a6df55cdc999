import { randomInt } from 'node:crypto';

/** Decimal digits, the first of them not 0. */
export function randomDigits(length: number): string {
  let digits = String(randomInt(1, 10));
  while (digits.length < length) digits += String(randomInt(0, 10));
  return digits;
}
