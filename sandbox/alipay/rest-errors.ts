import type { AlipayError } from './errors.js';

/** By the gateway code of the other protocol (docs: v3 status codes). */
const STATUSES: Readonly<Record<AlipayError['code'], number>> = {
  '20000': 500,
  '20001': 401,
  '40001': 400,
  '40002': 400,
  '40003': 400,
  '40004': 400,
  '40005': 429,
  '40006': 403,
};

/** Codes with a status of their own. */
const EXCEPTIONS: ReadonlyMap<string, number> = new Map([
  ['isv.invalid-signature', 401],
  ['isv.invalid-method', 404],
]);

/** A method's own codes keep their prefix here; the common ones lose it. */
const KEPT = /^isv\.(code|grant-type|refresh-token|refreshed-token|unmatched-app-id)/;

export const statusOf = ({ code, subCode }: AlipayError): number => EXCEPTIONS.get(subCode) ?? STATUSES[code];

export const wireCodeOf = ({ subCode }: AlipayError): string =>
  KEPT.test(subCode) ? subCode : subCode.replace(/^(isv|isp|aop)\./, '');
