import type { KeyObject } from 'node:crypto';
import type { ZodType } from 'zod';
import type { Clock } from '../../../common/clock.js';
import { VERSION } from '../../../common/version.js';
import { PlatformError } from '../../errors.js';
import type { MerchantAccount } from '../../payment-platform.js';
import type { PlatformHttp, PlatformResponse } from '../../platform-http.js';
import { openCertificates, type PlatformCertificate } from './certificates.js';
import { errorOf, refusalOf, type Refusal } from './pay.errors.js';
import { MerchantKeyring, type MerchantKeys } from './pay.keys.js';
import { authorization, isFresh, isSigned, newNonce, signatureHeaders } from './pay.signature.js';
import { Certificates } from './pay.wire.js';

export const ORIGIN = 'https://api.mch.weixin.qq.com';
const CERTIFICATES: PayRequest = { method: 'GET', path: '/v3/certificates', operation: 'certificates' };

/** One of WeChat Pay's calls. */
export interface PayRequest {
  readonly method: 'GET' | 'POST';
  /** Path and query as sent, their values encoded. */
  readonly path: string;
  readonly operation: string;
  /** Leave out what is not there: WeChat Pay refuses `null`. */
  readonly body?: object;
}

/** What came of a call: the answer, verified and in its shape, or what WeChat Pay gave instead of one. */
export type Outcome<T> =
  { readonly kind: 'answer'; readonly answer: T } | { readonly kind: 'refusal'; readonly refusal: Refusal };

/** WeChat Pay's APIv3 for direct merchants: signs what is sent, verifies what comes back. */
export class WechatPayApi {
  readonly #keyring = new MerchantKeyring();

  constructor(
    private readonly http: PlatformHttp,
    readonly clock: Clock,
  ) {}

  /** Throws PlatformError `platform_account_misconfigured`. */
  keysOf(merchant: MerchantAccount): MerchantKeys {
    return this.#keyring.of(merchant);
  }

  /** Asks something. Throws `platform_answer_invalid` when the answer does not verify or has another shape. */
  async ask<T>(merchant: MerchantAccount, request: PayRequest, schema: ZodType<T>): Promise<Outcome<T>> {
    const response = await this.send(merchant, request);
    if (!isSuccess(response)) return { kind: 'refusal', refusal: refusalOf(response) };
    const complaint = await this.distrust(merchant, response);
    if (complaint !== undefined) {
      throw new PlatformError('platform_answer_invalid', merchant, { detail: complaint });
    }
    const answer = shapeOf(response, schema);
    if (answer) return { kind: 'answer', answer: answer.value };
    throw new PlatformError('platform_answer_invalid', merchant);
  }

  /**
   * Changes something. An answer that cannot be believed says nothing about what was done, and neither does a failure on
   * the way to verifying it: both are `platform_unknown`, never one of the errors that promise that nothing happened.
   */
  async change<T>(merchant: MerchantAccount, request: PayRequest, schema: ZodType<T>): Promise<Outcome<T>> {
    const response = await this.send(merchant, request);
    if (!isSuccess(response)) return { kind: 'refusal', refusal: refusalOf(response) };
    const complaint = await this.distrust(merchant, response).catch((error: unknown) => {
      if (!(error instanceof PlatformError)) throw error;
      return `WeChat Pay's certificates could not be fetched to verify the answer: ${error.message}`;
    });
    const answer = complaint === undefined ? shapeOf(response, schema) : undefined;
    if (answer) return { kind: 'answer', answer: answer.value };
    const why = complaint ?? 'WeChat Pay has answered in a form that is not documented.';
    throw new PlatformError('platform_unknown', merchant, { detail: `${why} The outcome is unknown.` });
  }

  /** The bare exchange, signed; nothing of the answer is verified. */
  send(merchant: MerchantAccount, { method, path, operation, body }: PayRequest): Promise<PlatformResponse> {
    const keys = this.keysOf(merchant);
    const text = body === undefined ? '' : JSON.stringify(body);
    const timestamp = Math.floor(this.clock.now().getTime() / 1_000);
    const headers: Record<string, string> = {
      accept: 'application/json',
      'user-agent': USER_AGENT,
      authorization: authorization(keys, { method, path, body: text, timestamp, nonce: newNonce() }),
    };
    if (text !== '') headers['content-type'] = 'application/json';
    // While a merchant moves from certificates to the public key, this decides which of the two signs the answer.
    if (keys.publicKey) headers['wechatpay-serial'] = keys.publicKey.id;
    const request = { origin: ORIGIN, method, path, operation, headers } as const;
    return this.http.send(merchant, text === '' ? request : { ...request, body: text });
  }

  /**
   * Why an answer is not to be believed, for the developer; undefined when it is WeChat Pay's. Throws PlatformError when
   * the certificate it names cannot be downloaded.
   */
  async distrust(merchant: MerchantAccount, { headers, body }: PlatformResponse): Promise<string | undefined> {
    const found = signatureHeaders(headers);
    if ('missing' in found) return `WeChat Pay's answer has no ${found.missing.join(', ')}.`;
    const now = this.clock.now();
    if (!isFresh(found, now)) return "WeChat Pay's answer is too old or too new: check the clock of this server.";
    const key = await this.keyNamed(merchant, found.serial, now);
    if (!key) return `WeChat Pay's answer names a key that this merchant does not have: ${shown(found.serial)}.`;
    return isSigned(found, body, key) ? undefined : "The signature of WeChat Pay's answer is wrong.";
  }

  /**
   * The key of WeChat Pay that `serial` names: the public key of the merchant, or one of the certificates. Throws
   * PlatformError when the certificates cannot be downloaded.
   */
  async keyNamed(merchant: MerchantAccount, serial: string, now: Date): Promise<KeyObject | undefined> {
    const { publicKey, certificates } = this.keysOf(merchant);
    if (publicKey?.id === serial) return publicKey.key;
    return certificates.keyOf(serial, now, () => this.downloadCertificates(merchant));
  }

  /** WeChat Pay's certificates; none for a merchant that has only a public key. Throws PlatformError. */
  async downloadCertificates(merchant: MerchantAccount): Promise<readonly PlatformCertificate[]> {
    const response = await this.send(merchant, CERTIFICATES);
    if (!isSuccess(response)) {
      const refusal = refusalOf(response);
      if (refusal.means === 'absent') return [];
      throw errorOf(merchant, refusal);
    }
    const answer = shapeOf(response, Certificates);
    if (!answer) throw new PlatformError('platform_answer_invalid', merchant);
    const keys = this.keysOf(merchant);
    const certificates = openCertificates(answer.value, keys.apiV3Key);
    if (!certificates) {
      throw new PlatformError('platform_account_misconfigured', merchant, { detail: WRONG_API_V3_KEY });
    }
    // The first answer is signed with a certificate that only itself brings. Who can encrypt with the APIv3 key is WeChat
    // Pay, so it is opened first and verified then.
    const found = signatureHeaders(response.headers);
    const key =
      'missing' in found
        ? undefined
        : keys.publicKey?.id === found.serial
          ? keys.publicKey.key
          : certificates.find(({ serial }) => serial === found.serial.toUpperCase())?.key;
    if ('missing' in found || !key || !isFresh(found, this.clock.now()) || !isSigned(found, response.body, key)) {
      throw new PlatformError('platform_answer_invalid', merchant);
    }
    return certificates;
  }
}

export const WRONG_API_V3_KEY =
  'The APIv3 key does not open what WeChat Pay encrypts: copy it again, or set a new one in the merchant console.';
const USER_AGENT = `minibase/${VERSION}`;

export const isSuccess = ({ status }: PlatformResponse): boolean => status >= 200 && status < 300;

/** A header is anybody's text, and this goes into messages. */
export const shown = (serial: string): string => (/^[\w-]{1,80}$/.test(serial) ? serial : '(not a key number)');

/** A body in its shape; a 204 has none, which is `undefined`. */
function shapeOf<T>({ body }: PlatformResponse, schema: ZodType<T>): { readonly value: T } | undefined {
  let json: unknown;
  try {
    json = body.length === 0 ? undefined : JSON.parse(body.toString('utf8'));
  } catch {
    return undefined;
  }
  const { success, data } = schema.safeParse(json);
  return success ? { value: data } : undefined;
}
