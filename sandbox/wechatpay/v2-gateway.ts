import type { AccountBook } from '../core/accounts.js';
import { text } from '../core/body.js';
import type { Answer, Call, CallSubject, Route, World } from '../core/platform.js';
import { randomAlphanumeric } from '../core/random.js';
import type { Merchant } from './authorization.js';
import type { PayCredentials } from './merchant-console.js';
import { V2Error, V2Refusal } from './v2-errors.js';
import { signedV2, signTypeIn, signV2, type V2Fields, type V2SignType } from './v2-signature.js';
import { readXml, writeXml } from './v2-xml.js';

/** One operation of the older API: POST, XML both ways. */
export interface V2Operation {
  readonly path: string;
  /** Neither the request nor the answer has a `nonce_str`. */
  readonly isNonceless?: boolean;
  /** Takes no other signature than MD5. */
  readonly onlyMd5?: boolean;
  /** Gives what is particular of the answer. Throws V2Error. */
  readonly handle: (fields: V2Fields, merchant: Merchant, signType: V2SignType) => V2Fields;
}

interface Caller {
  readonly merchant: Merchant;
  readonly fields: V2Fields;
  readonly signType: V2SignType;
}

/** The older API: checks who is calling, lets an operation decide, signs what it answers. */
export class V2Gateway {
  readonly #merchants: AccountBook<PayCredentials, Merchant>;

  constructor(
    world: World,
    private readonly operations: readonly V2Operation[],
  ) {
    this.#merchants = world.merchants('wechat');
  }

  get routes(): readonly Route[] {
    return this.operations.map((operation) => ({
      methods: ['GET', 'POST'],
      path: operation.path,
      handle: (call) => this.#play(call, operation),
    }));
  }

  isFor({ path }: Call): boolean {
    return this.#operationAt(path) !== undefined;
  }

  describe(call: Call): CallSubject {
    const { appid, mch_id: merchantId } = readXml(call.body) ?? {};
    return { platformAppId: text(appid), merchantId: text(merchantId) };
  }

  /** `code` as the business result; a caller that is not let in hears that instead. */
  refuse(call: Call, code: string): Answer {
    const operation = this.#operationAt(call.path);
    const handle = (): never => {
      throw new V2Error(code);
    };
    return operation ? this.#play(call, { ...operation, handle }) : notPost;
  }

  #operationAt(path: string): V2Operation | undefined {
    return this.operations.find((one) => one.path === path.replace(/\/$/, ''));
  }

  #play(call: Call, operation: V2Operation): Answer {
    if (call.method !== 'POST') return notPost;
    try {
      const caller = this.#caller(call, operation);
      return this.#signed(call, operation, caller, resultOf(operation, caller));
    } catch (error) {
      if (error instanceof V2Refusal) return xml({ return_code: 'FAIL', return_msg: error.message });
      throw error;
    }
  }

  #caller(call: Call, { isNonceless, onlyMd5 }: V2Operation): Caller {
    const fields = readXml(call.body);
    if (!fields) throw new V2Refusal('XML格式错误');
    const merchant = this.#merchants.get(fields.mch_id ?? '');
    if (!merchant) throw new V2Refusal('mch_id参数格式错误');
    const signType = signTypeIn(fields);
    if (!signType || (onlyMd5 && signType !== 'MD5')) throw new V2Refusal('sign_type参数错误');
    if (fields.sign !== signV2(fields, merchant.credentials.apiV2Key, signType)) throw new V2Refusal('签名错误');
    if (!isNonceless && !/^.{1,32}$/.test(fields.nonce_str ?? '')) throw new V2Refusal('nonce_str参数错误');
    return { merchant, fields, signType };
  }

  #signed(call: Call, { isNonceless }: V2Operation, { merchant, fields, signType }: Caller, result: V2Fields): Answer {
    const { appid = '' } = fields;
    const content = {
      ...{ return_code: 'SUCCESS', return_msg: 'OK' },
      ...{ appid, mch_id: merchant.merchantId },
      ...(!isNonceless && { nonce_str: randomAlphanumeric(32) }),
      ...result,
    };
    const isWrong = call.fault === 'wrong_signature';
    return xml(signedV2(content, isWrong ? randomAlphanumeric(32) : merchant.credentials.apiV2Key, signType));
  }
}

function resultOf({ handle }: V2Operation, { fields, merchant, signType }: Caller): V2Fields {
  try {
    return { result_code: 'SUCCESS', ...handle(fields, merchant, signType) };
  } catch (error) {
    if (!(error instanceof V2Error)) throw error;
    return { result_code: 'FAIL', err_code: error.code, err_code_des: error.message };
  }
}

const notPost: Answer = { status: 405, contentType: 'text/plain', body: '' };

const xml = (fields: V2Fields): Answer => ({ contentType: 'text/xml; charset=utf-8', body: writeXml(fields) });
