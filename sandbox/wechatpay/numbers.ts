import { randomInt } from 'node:crypto';
import { randomHex } from '../core/random.js';
import { beijingDigits } from './beijing-time.js';

export function randomDigits(length: number): string {
  let digits = '';
  while (digits.length < length) digits += String(randomInt(1e12)).padStart(12, '0');
  return digits.slice(0, length);
}

/** Ten digits. */
export const newMerchantId = (): string => `16${randomDigits(8)}`;

/** 36 characters with the Beijing time in them. */
export const newPrepayId = (at: number): string => `wx${beijingDigits(at)}${randomHex(20)}`;

/** 28 digits with the Beijing day in them. */
export const newTransactionId = (at: number): string =>
  `420000${randomDigits(4)}${beijingDigits(at).slice(0, 8)}${randomDigits(10)}`;

/** 18 digits with the Beijing day in them. */
export const newContractId = (at: number): string => `${beijingDigits(at).slice(0, 8)}${randomDigits(10)}`;

/** 29 digits with the Beijing day in them. */
export const newRefundId = (at: number): string =>
  `503000${randomDigits(5)}${beijingDigits(at).slice(0, 8)}${randomDigits(10)}`;
