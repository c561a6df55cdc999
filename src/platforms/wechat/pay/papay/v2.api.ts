import { VERSION } from '../../../../common/version.js';
import { PlatformError } from '../../../errors.js';
import type { MerchantAccount } from '../../../payment-platform.js';
import type { PlatformHttp, PlatformResponse } from '../../../platform-http.js';
import { isSuccess, ORIGIN, type Outcome, type WechatPayApi } from '../pay.api.js';
import { refusalOf } from '../pay.errors.js';
import { resultRefusal, transportRefusal } from './v2.errors.js';
import { isSigned, signed, type SignType } from './v2.signature.js';
import { type Fields, readXml, writeXml } from './v2.xml.js';

/** One of WeChat Pay's v2 calls. */
export interface V2Request {
  readonly path: string;
  readonly operation: string;
  /** Without `sign` and `sign_type`. */
  readonly fields: Fields;
  readonly signType: SignType;
}

/** WeChat Pay's v2 API, of which contracts and debits are still made: XML, signed by the APIv2 key on both sides. */
export class PapayApi {
  constructor(
    private readonly http: PlatformHttp,
    readonly v3: WechatPayApi,
  ) {}

  /** Throws PlatformError `platform_account_misconfigured` when the merchant has none. */
  keyOf(merchant: MerchantAccount): string {
    const { apiV2Key } = this.v3.keysOf(merchant);
    if (apiV2Key !== undefined) return apiV2Key;
    throw new PlatformError('platform_account_misconfigured', merchant, { detail: NO_KEY });
  }

  /** Asks something. Throws `platform_answer_invalid` when the answer does not verify. */
  async ask(merchant: MerchantAccount, request: V2Request): Promise<Outcome<Fields>> {
    const read = await this.#exchange(merchant, request);
    if ('kind' in read) return read;
    throw new PlatformError('platform_answer_invalid', merchant, { detail: read.complaint });
  }

  /** Changes something: what an answer says that cannot be believed is unknown (`platform_unknown`). */
  async change(merchant: MerchantAccount, request: V2Request): Promise<Outcome<Fields>> {
    const read = await this.#exchange(merchant, request);
    if ('kind' in read) return read;
    const detail = `${read.complaint} The outcome is unknown.`;
    throw new PlatformError('platform_unknown', merchant, { detail });
  }

  async #exchange(merchant: MerchantAccount, { path, operation, fields, signType }: V2Request) {
    const key = this.keyOf(merchant);
    const response = await this.http.send(merchant, {
      origin: ORIGIN,
      method: 'POST',
      path,
      operation,
      headers: { 'content-type': 'text/xml; charset=utf-8', 'user-agent': `minibase/${VERSION}` },
      body: writeXml(signed(fields, key, signType)),
    });
    return readAnswer(merchant, key, response);
  }
}

/** What v2 has answered, or why it cannot be believed. */
function readAnswer(
  { merchantId }: MerchantAccount,
  key: string,
  response: PlatformResponse,
): Outcome<Fields> | { readonly complaint: string } {
  if (!isSuccess(response)) return { kind: 'refusal', refusal: refusalOf(response) };
  const fields = readXml(response.body);
  if (fields?.['return_code'] === undefined) return { complaint: "WeChat Pay's answer is not as documented." };
  // Never signed (docs: v2).
  if (fields['return_code'] !== 'SUCCESS') return { kind: 'refusal', refusal: transportRefusal(fields) };
  if (!isSigned(fields, key)) return { complaint: "WeChat Pay's answer is not signed with apiV2Key." };
  const { mch_id: mchId = merchantId, result_code: result, err_code: code, err_code_des: message } = fields;
  if (mchId !== merchantId) return { complaint: "WeChat Pay's answer is about another merchant." };
  if (result === 'SUCCESS') return { kind: 'answer', answer: fields };
  return { kind: 'refusal', refusal: resultRefusal(code, message) };
}

const NO_KEY =
  'Recurring payments need the APIv2 key (APIv2密钥): set one in the merchant console (账户中心, API安全) and give it as apiV2Key in the credentials of this merchant account.';
