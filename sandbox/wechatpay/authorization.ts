import { createPublicKey, type KeyObject } from 'node:crypto';
import type { AccountBook, MerchantAccount } from '../core/accounts.js';
import type { Call, World } from '../core/platform.js';
import type { RateWindow } from '../core/rate-window.js';
import { PayError } from './errors.js';
import type { PayCredentials } from './merchant-console.js';
import { requestMessage, SCHEME, verifyRsa } from './signatures.js';

export type Merchant = MerchantAccount<PayCredentials>;

const ALLOWED_SKEW = 300_000;
/** A timestamp may be five minutes ahead, and is good until five minutes after. */
const NONCE_MEMORY = 2 * ALLOWED_SKEW;
const NAMES = ['mchid', 'nonce_str', 'signature', 'timestamp', 'serial_no'] as const;
type Parameters = Record<(typeof NAMES)[number], string>;

/** How many characters of a body the error of a wrong signature repeats. */
const SHOWN_BODY = 8;

/** The `Authorization` header of APIv3. */
export class Authorization {
  readonly #merchants: AccountBook<PayCredentials, Merchant>;
  readonly #nonces: RateWindow;
  readonly #parsed = new WeakMap<PayCredentials, KeyObject>();

  constructor(world: World) {
    this.#merchants = world.merchants('wechat');
    this.#nonces = world.rateWindow(NONCE_MEMORY);
  }

  /** Who is calling. Throws PayError; time is looked at before the signature, as WeChat Pay does. */
  check(call: Call): Merchant {
    const header = readAuthorization(call.headers.authorization);
    const { mchid, nonce_str: nonce, signature, timestamp, serial_no: serial } = header;
    if (!/^\d{1,12}$/.test(timestamp) || Math.abs(call.at - Number(timestamp) * 1_000) > ALLOWED_SKEW)
      throw refused('Http头Authorization中的timestamp与发起请求的时间不得超过5分钟');
    const merchant = this.#merchants.get(mchid);
    if (!merchant) throw new PayError('MCH_NOT_EXISTS', { status: call.path.startsWith('/v3/refund/') ? 404 : 400 });
    if (merchant.credentials.serial !== serial) throw refused('商户证书序列号有误。请使用签名私钥匹配的证书序列号');
    const message = requestMessage(call.method, call.url, timestamp, nonce, call.body);
    if (!verifyRsa(message, signature, this.publicKey(merchant))) throw mismatch(call, message);
    if (!this.#nonces.take(`${mchid}/${nonce}`, 1)) throw refused('Http头Authorization中的nonce_str已被使用过');
    return merchant;
  }

  publicKey({ credentials }: Merchant): KeyObject {
    let key = this.#parsed.get(credentials);
    if (!key) this.#parsed.set(credentials, (key = createPublicKey(credentials.merchantPublicKey)));
    return key;
  }
}

/** The merchant id that a request claims, without a look at the signature. Never throws. */
export function claimedMerchant(call: Call): string | undefined {
  return /\bmchid="([^"]*)"/.exec(call.headers.authorization ?? '')?.[1];
}

/** Throws PayError. The parameters come in any order, each once, in double quotes, without spaces between them. */
function readAuthorization(header: string | undefined): Parameters {
  if (!header) throw refused('Http头Authorization值格式错误，请参考《微信支付商户REST API签名规则》');
  const [, scheme, list = ''] = /^(\S+) (\S+)$/.exec(header) ?? [];
  if (scheme === undefined) throw refused('Http头Authorization值格式错误，请参考《微信支付商户REST API签名规则》');
  if (scheme !== SCHEME) throw refused('Http头Authorization认证类型不正确');
  const found = new Map<string, string>();
  for (const pair of list.split(',')) {
    const [, name, value = ''] = /^([a-z_]+)="([^"]+)"$/.exec(pair) ?? [];
    if (name === undefined || found.has(name))
      throw refused('Http头Authorization值格式错误，请参考《微信支付商户REST API签名规则》');
    found.set(name, value);
  }
  const missing = NAMES.find((name) => !found.has(name));
  if (missing) throw refused(`Http头Authorization缺少${missing}`);
  return Object.fromEntries(found) as Parameters;
}

const refused = (message: string): PayError => new PayError('SIGN_ERROR', { message });

/** With what WeChat Pay signed, so that developers can compare. */
function mismatch(call: Call, message: Buffer): PayError {
  const head = message.subarray(0, message.length - call.body.length - 1).toString();
  return new PayError('SIGN_ERROR', {
    detail: {
      field: 'signature',
      location: 'authorization',
      detail: { issue: 'sign not match' },
      sign_information: {
        method: call.method,
        url: call.url,
        sign_message_length: message.length,
        truncated_sign_message: `${head}${call.body.toString().slice(0, SHOWN_BODY)}\n`,
      },
    },
  });
}
