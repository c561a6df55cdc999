import { type Answer, json } from '../core/platform.js';
import { randomAlphanumeric, randomHex } from '../core/random.js';
import type { PayError } from './errors.js';
import type { Signer } from './platform-keys.js';
import { answerMessage, SCHEME, signRsa } from './signatures.js';

/** How the signature probe begins: no decoder of base64 that is strict takes the rest. */
const PROBE = 'WECHATPAY/SIGNTEST/';
const JSON_TYPE = 'application/json; charset=utf-8';

/** The five headers over `body`. `at`: protocol time in ms. A probe is a signature that must be found wrong. */
export function signedHeaders(
  body: string,
  { serial, key }: Signer,
  { at, isProbe }: { at: number; isProbe: boolean },
): Readonly<Record<string, string>> {
  const timestamp = String(Math.floor(at / 1_000));
  const nonce = randomAlphanumeric(32);
  const signature = signRsa(answerMessage(timestamp, nonce, body), key);
  return {
    'Wechatpay-Timestamp': timestamp,
    'Wechatpay-Nonce': nonce,
    'Wechatpay-Signature': isProbe ? `${PROBE}${signature}` : signature,
    'Wechatpay-Serial': serial,
    'Wechatpay-Signature-Type': SCHEME,
  };
}

/** 200 with a body, 204 without. */
export function success(body: object | undefined, sign: (text: string) => Readonly<Record<string, string>>): Answer {
  const text = body ? JSON.stringify(body) : '';
  return {
    status: body ? 200 : 204,
    contentType: JSON_TYPE,
    headers: { ...sign(text), 'Request-ID': requestId(0) },
    body: text,
  };
}

/** Errors carry no signature. */
export const failure = ({ status, numeric, code, message, detail }: PayError): Answer => ({
  ...json({ code, message, ...(detail && { detail }) }, JSON_TYPE),
  status,
  headers: { 'Request-ID': requestId(numeric) },
});

/** The number after the last dash is the error, more exactly than the body says it; 0 for none. */
const requestId = (numeric: number): string => `08${randomHex(30).toUpperCase()}-${numeric}`;
