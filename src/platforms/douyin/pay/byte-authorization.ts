import { sign, verify, type KeyObject } from 'node:crypto';
import type { SigningKey } from './pay-keys.js';

/** What is signed beside the data. */
export interface Seal {
  readonly platformAppId: string;
  /** Seconds of protocol time; Douyin refuses a signature that is older than an hour. */
  readonly timestamp: number;
  readonly nonce: string;
}

/** The client's function that takes the data, as the signature names it: no path of HTTP. */
export type ClientCall = '/requestOrder' | '/createSignOrder';

/**
 * The proof with which the client may place exactly this `data`.
 *
 * Its values stand without quotes, as on Douyin's page of requestOrder; the page of the algorithm shows quotes, and both
 * forms are in use.
 */
export function byteAuthorization(
  data: string,
  { key, version }: SigningKey,
  seal: Seal,
  call: ClientCall = '/requestOrder',
): string {
  const { platformAppId, timestamp, nonce } = seal;
  // Each line ends with a newline, the last one too.
  const base = `POST\n${call}\n${timestamp}\n${nonce}\n${data}\n`;
  const signature = sign('sha256', Buffer.from(base), key).toString('base64');
  return `SHA256-RSA2048 appid=${platformAppId},nonce_str=${nonce},timestamp=${timestamp},key_version=${version},signature=${signature}`;
}

const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/;

/** Whether the platform has signed these bytes of a callback. */
export function isGenuine(
  body: Buffer,
  { timestamp, nonce, signature }: { timestamp: string; nonce: string; signature: string },
  key: KeyObject,
): boolean {
  // Node's decoder reads over what is no base64; a header that a proxy has added to is not the platform's.
  if (!BASE64.test(signature)) return false;
  const base = Buffer.concat([Buffer.from(`${timestamp}\n${nonce}\n`), body, Buffer.from('\n')]);
  return verify('sha256', base, key, Buffer.from(signature, 'base64'));
}
