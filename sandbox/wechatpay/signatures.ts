import { createPublicKey, type KeyObject, sign, verify } from 'node:crypto';

export const SCHEME = 'WECHATPAY2-SHA256-RSA2048';

/** What a merchant signs of its request: five lines, the last one ended too; `url` is path and query as sent. */
export const requestMessage = (
  method: string,
  url: string,
  timestamp: string,
  nonce: string,
  body: Buffer | string,
): Buffer => Buffer.concat([Buffer.from(`${method}\n${url}\n${timestamp}\n${nonce}\n`), Buffer.from(body), LINE_END]);

/** What WeChat Pay signs of an answer or a notification: three lines. */
export const answerMessage = (timestamp: string, nonce: string, body: string): string =>
  `${timestamp}\n${nonce}\n${body}\n`;

/** What a merchant signs for `wx.requestPayment`: four lines; `signType` is not among them. */
export const payMessage = (appid: string, timeStamp: string, nonceStr: string, prepay: string): string =>
  `${appid}\n${timeStamp}\n${nonceStr}\n${prepay}\n`;

/** SHA256 with RSA, PKCS#1 v1.5, as base64. */
export const signRsa = (message: Buffer | string, key: KeyObject): string =>
  sign('sha256', Buffer.from(message), key).toString('base64');

/** False also for what is not base64 of a signature: Node's decoder would skip over foreign characters. */
export const verifyRsa = (message: Buffer | string, signature: string, key: KeyObject): boolean =>
  BASE64.test(signature) && verify('sha256', Buffer.from(message), key, Buffer.from(signature, 'base64'));

/** The RSA key of 2048 bits or more in a PEM file, be it a certificate or a bare key; undefined for anything else. */
export function publicKeyIn(pem: string): KeyObject | undefined {
  try {
    const key = createPublicKey(pem);
    const isFit = key.asymmetricKeyType === 'rsa' && (key.asymmetricKeyDetails?.modulusLength ?? 0) >= 2048;
    return isFit ? key : undefined;
  } catch {
    return undefined;
  }
}

const LINE_END = Buffer.from('\n');
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;
