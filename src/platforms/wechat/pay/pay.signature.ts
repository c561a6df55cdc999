import { randomBytes, sign, verify, type KeyObject } from 'node:crypto';

/** SHA256withRSA, PKCS#1 v1.5: WeChat Pay signs and wants signed nothing else (SM2 is for national-crypto merchants). */
const ALGORITHM = 'RSA-SHA256';
export const SIGNATURE_TYPE = 'WECHATPAY2-SHA256-RSA2048';

/** Who signs, and with what. */
export interface Signer {
  readonly merchantId: string;
  /** Of the merchant's own API certificate. */
  readonly serial: string;
  readonly privateKey: KeyObject;
}

export interface SignedRequest {
  readonly method: string;
  /** Path and query exactly as sent. */
  readonly path: string;
  /** Exactly as sent; empty for a GET. */
  readonly body: string;
  /** Unix seconds, protocol time. */
  readonly timestamp: number;
  readonly nonce: string;
}

/** 32 characters, as many as WeChat Pay allows. */
export const newNonce = (): string => randomBytes(16).toString('hex');

/** The `Authorization` header of a call. Signs in place: a hop to the thread pool costs more than it wins. */
export function authorization(signer: Signer, { method, path, body, timestamp, nonce }: SignedRequest): string {
  const signature = signLines(signer.privateKey, `${method}\n${path}\n${timestamp}\n${nonce}\n${body}\n`);
  return `${SIGNATURE_TYPE} mchid="${signer.merchantId}",nonce_str="${nonce}",signature="${signature}",timestamp="${timestamp}",serial_no="${signer.serial}"`;
}

/** `paySign` of `wx.requestPayment`. `signType` is sent along but not signed; the app id is signed but not sent along. */
export const paySign = (
  privateKey: KeyObject,
  platformAppId: string,
  timeStamp: string,
  nonceStr: string,
  packageValue: string,
): string => signLines(privateKey, `${platformAppId}\n${timeStamp}\n${nonceStr}\n${packageValue}\n`);

/** What WeChat Pay says of the signature of an answer or a callback, in its `Wechatpay-…` headers. */
export interface SignatureHeaders {
  readonly timestamp: string;
  readonly nonce: string;
  readonly signature: string;
  /** Names the key: a certificate's number, or `PUB_KEY_ID_…`. */
  readonly serial: string;
  readonly type: string | undefined;
}

type HeaderName = 'timestamp' | 'nonce' | 'signature' | 'serial';
const NAMES = ['timestamp', 'nonce', 'signature', 'serial'] as const satisfies readonly HeaderName[];

/** The signature headers, or the full names of those that are missing. Header names are in lower case. */
export function signatureHeaders(
  headers: Readonly<Record<string, string | string[] | undefined>>,
): SignatureHeaders | { readonly missing: readonly string[] } {
  const [timestamp, nonce, signature, serial] = NAMES.map((name) => single(headers[`wechatpay-${name}`]));
  if (!timestamp || !nonce || !signature || !serial) {
    return { missing: NAMES.filter((name) => !single(headers[`wechatpay-${name}`])).map(headerName) };
  }
  return { timestamp, nonce, signature, serial, type: single(headers['wechatpay-signature-type']) };
}

/** Seconds that a signature may be older or newer than our clock. */
export const SIGNATURE_WINDOW = 300;

/** Whether `timestamp` lies within the window around `now`; what is not a time does not. */
export const isFresh = ({ timestamp }: SignatureHeaders, now: Date): boolean =>
  /^\d{1,12}$/.test(timestamp) && Math.abs(now.getTime() / 1_000 - Number(timestamp)) <= SIGNATURE_WINDOW;

/**
 * Whether `key` signed `body`, the very bytes that came. Never throws: WeChat Pay probes with signatures that begin with
 * `WECHATPAY/SIGNTEST/` and are not base64 of the right length; they are simply wrong.
 */
export function isSigned(headers: SignatureHeaders, body: Buffer, key: KeyObject): boolean {
  const { timestamp, nonce, signature, type } = headers;
  if (type !== undefined && type !== SIGNATURE_TYPE) return false;
  if (!BASE64.test(signature)) return false;
  const content = Buffer.concat([Buffer.from(`${timestamp}\n${nonce}\n`), body, NEWLINE]);
  return verify(ALGORITHM, content, key, Buffer.from(signature, 'base64'));
}

const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/;
const NEWLINE = Buffer.from('\n');

const signLines = (key: KeyObject, lines: string): string =>
  sign(ALGORITHM, Buffer.from(lines), key).toString('base64');
const single = (header: string | string[] | undefined): string | undefined =>
  Array.isArray(header) ? header[0] : header;
const headerName = (name: HeaderName): string => `Wechatpay-${name[0]!.toUpperCase()}${name.slice(1)}`;
