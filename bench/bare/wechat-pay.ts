import {
  createDecipheriv,
  createPrivateKey,
  createPublicKey,
  type KeyObject,
  randomBytes,
  sign,
  verify,
} from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { type Dispatcher, Pool } from 'undici';
import type { Settings } from './settings.js';

const TIMEOUT = 5_000;
const WINDOW_SECONDS = 300;
const ORDERS = '/v3/pay/transactions/jsapi';

export interface Order {
  readonly number: string;
  readonly subject: string;
  readonly amount: number;
  readonly openid: string;
  readonly expiresAt: Date;
}

/** What a callback holds, encrypted. */
export interface Resource {
  readonly algorithm: string;
  readonly nonce: string;
  readonly associated_data?: string;
  readonly ciphertext: string;
}

type Headers = Readonly<Record<string, string | string[] | undefined>>;
interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Buffer;
}

/** WeChat Pay's APIv3 for one merchant: signs what is sent, verifies what comes. */
export class WechatPay {
  readonly #pool: Pool;
  readonly #privateKey: KeyObject;
  readonly #apiV3Key: Buffer;
  readonly #platformKeys: ReadonlyMap<string, KeyObject>;

  constructor(private readonly settings: Settings) {
    const { privateKey, apiV3Key, platformKeys } = settings.merchant;
    this.#pool = new Pool(settings.platformUrl, { connections: 256, headersTimeout: TIMEOUT, bodyTimeout: TIMEOUT });
    this.#privateKey = createPrivateKey(privateKey);
    this.#apiV3Key = Buffer.from(apiV3Key);
    this.#platformKeys = new Map(Object.entries(platformKeys).map(([serial, pem]) => [serial, createPublicKey(pem)]));
  }

  /** Places an order; gives its prepay id. Throws when WeChat Pay refuses, and when its answer is not signed by it. */
  async place({ number, subject, amount, openid, expiresAt }: Order): Promise<string> {
    const { platformAppId: appid, merchant } = this.settings;
    const body = JSON.stringify({
      ...{ appid, mchid: merchant.merchantId, description: subject, out_trade_no: number },
      ...{ time_expire: beijingTime(expiresAt), notify_url: merchant.notifyUrl },
      ...{ amount: { total: amount, currency: 'CNY' }, payer: { openid } },
    });
    const answer = await this.#post(ORDERS, body);
    if (answer.status !== 200) throw new Error(`WeChat Pay answers ${answer.status}: ${answer.body.toString()}`);
    if (!this.isGenuine(answer.headers, answer.body)) throw new Error("WeChat Pay's answer is not signed by it");
    const { prepay_id } = JSON.parse(answer.body.toString()) as { prepay_id?: unknown };
    if (typeof prepay_id !== 'string') throw new Error('WeChat Pay gives no prepay id');
    return prepay_id;
  }

  /** The parameters of `wx.requestPayment`. */
  clientParams(prepayId: string) {
    const timeStamp = seconds();
    const nonceStr = newNonce();
    const pack = `prepay_id=${prepayId}`;
    const paySign = this.#sign(`${this.settings.platformAppId}\n${timeStamp}\n${nonceStr}\n${pack}\n`);
    return { timeStamp, nonceStr, package: pack, signType: 'RSA', paySign };
  }

  /** Whether WeChat Pay has signed these very bytes, just now. */
  isGenuine(headers: Headers | IncomingHttpHeaders, body: Buffer): boolean {
    const [timestamp, nonce, signature, serial] = ['timestamp', 'nonce', 'signature', 'serial'].map((name) =>
      String(headers[`wechatpay-${name}`] ?? ''),
    );
    const key = this.#platformKeys.get(serial!);
    const isFresh = Math.abs(Date.now() / 1_000 - Number(timestamp)) <= WINDOW_SECONDS;
    if (!key || !isFresh) return false;
    const message = Buffer.concat([Buffer.from(`${timestamp}\n${nonce}\n`), body, Buffer.from('\n')]);
    return verify('RSA-SHA256', message, key, Buffer.from(signature!, 'base64'));
  }

  /** Opens what a callback holds. Throws when it was not encrypted for this merchant. */
  open({ nonce, associated_data, ciphertext }: Resource): string {
    const bytes = Buffer.from(ciphertext, 'base64');
    const decipher = createDecipheriv('aes-256-gcm', this.#apiV3Key, nonce, { authTagLength: 16 });
    decipher.setAAD(Buffer.from(associated_data ?? '')).setAuthTag(bytes.subarray(-16));
    return Buffer.concat([decipher.update(bytes.subarray(0, -16)), decipher.final()]).toString();
  }

  #sign(text: string): string {
    return sign('RSA-SHA256', Buffer.from(text), this.#privateKey).toString('base64');
  }

  #post(path: string, body: string): Promise<Answer> {
    const { merchantId, serial } = this.settings.merchant;
    const [timestamp, nonce] = [seconds(), newNonce()];
    const signature = this.#sign(`POST\n${path}\n${timestamp}\n${nonce}\n${body}\n`);
    const headers = {
      ...{ accept: 'application/json', 'content-type': 'application/json', 'user-agent': 'bare' },
      authorization: `WECHATPAY2-SHA256-RSA2048 mchid="${merchantId}",nonce_str="${nonce}",signature="${signature}",timestamp="${timestamp}",serial_no="${serial}"`,
    };
    return exchange(this.#pool, { method: 'POST', path, headers, body });
  }
}

const newNonce = (): string => randomBytes(16).toString('hex');
const seconds = (): string => String(Math.floor(Date.now() / 1_000));
const beijingTime = (time: Date): string =>
  `${new Date(time.getTime() + 8 * 3_600_000).toISOString().slice(0, 19)}+08:00`;

/** Below undici's `request()`, which makes a stream for every answer. */
function exchange(pool: Pool, request: Dispatcher.DispatchOptions): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let status = 0;
    let headers: Headers = {};
    const handler: Dispatcher.DispatchHandler = {
      onRequestStart: () => undefined, // undici takes a handler without it for one of its old kind
      onResponseStart: (_, statusCode, given) => {
        status = statusCode;
        headers = given;
      },
      onResponseData: (_, chunk) => void chunks.push(chunk),
      onResponseEnd: () => resolve({ status, headers, body: Buffer.concat(chunks) }),
      onResponseError: (_, error) => reject(error),
    };
    pool.dispatch(request, handler);
  });
}
