import { z } from 'zod';
import type { Account, AccountBook } from '../core/accounts.js';
import type { cashierSchema, World } from '../core/platform.js';
import type { Merchant } from './authorization.js';
import { notifyUrl, text } from './fields.js';
import type { PayCredentials } from './merchant-console.js';
import type { ContractDraft } from './papay-contract.js';
import type { Signing } from './papay-signing.js';
import type { People } from './people.js';
import { contractFields } from './v2-fields.js';
import { signTypeIn, signV2 } from './v2-signature.js';

type Visit = z.output<typeof cashierSchema>;

/** WeChat Pay's own mini-program, in which contracts are signed. */
const SIGNING_APP = 'wxbd687630cd02ce1d';
const PAGE = 'pages/index/index';
const BACK_FROM_PROGRAM = 1038;

const paramsSchema = z.strictObject({
  appId: z.literal(SIGNING_APP),
  path: z.literal(PAGE),
  extraData: z.record(z.string(), z.unknown()),
});
const digits = z.union([z.string(), z.int()]).transform(String);
/** Exactly these: the page refuses one that is missing, and one that it does not know. */
const extraDataSchema = z.strictObject({
  ...contractFields,
  plan_id: digits.pipe(contractFields.plan_id),
  request_serial: digits.pipe(contractFields.request_serial),
  appid: text(32),
  mch_id: text(32),
  notify_url: notifyUrl(1, 256),
  timestamp: digits.pipe(z.string().regex(/^\d{10}$/)),
  sign: z.string(),
  sign_type: z.string().default(''),
  outerid: z.string().default(''),
});

/** What `App.onShow` gives when the person comes back; without `extraData` when they used the system's back button. */
interface Return {
  readonly scene: number;
  readonly referrerInfo: { readonly appId: string; readonly extraData?: Readonly<Record<string, string>> };
}
/** What `wx.navigateToMiniProgram` gives when it does not get there. */
interface Failure {
  readonly errMsg: string;
}

export interface ContractPageNeeds {
  readonly world: World;
  readonly signing: Signing;
  readonly people: People;
}

/** The page on which a person signs a contract and pays nothing. */
export class ContractPage {
  readonly #programs: AccountBook<object, Account>;
  readonly #merchants: AccountBook<PayCredentials, Merchant>;

  constructor(private readonly needs: ContractPageNeeds) {
    this.#programs = needs.world.accounts('wechat');
    this.#merchants = needs.world.merchants('wechat');
  }

  /** Jumps there with what the front end was given; then the person does what `outcome` says. */
  visit({ clientAction, user, outcome }: Visit): Return | Failure {
    const { data: params } = paramsSchema.safeParse(clientAction.params);
    if (!params) return { errMsg: 'navigateToMiniProgram:fail invalid appId, path or extraData' };
    if (outcome === 'cancel') return backWith();
    const asked = this.#read(params.extraData);
    if (typeof asked === 'string') return failed(asked);
    const { draft, merchant } = asked;
    const openid = this.needs.people.openidOf(draft.appid, user);
    const obstacle = this.needs.signing.obstacle(draft, openid, this.needs.world.businessNow(merchant));
    if (obstacle) return failed(obstacle);
    if (outcome === 'fail') return failed('签约失败');
    const { contractId } = this.needs.signing.sign(draft, openid, merchant);
    return backWith({ return_code: 'SUCCESS', return_msg: 'OK', contract_id: contractId });
  }

  /** What is to be signed; or what is wrong with it, in the page's words. */
  #read(extraData: object): { draft: ContractDraft; merchant: Merchant } | string {
    const { data } = extraDataSchema.safeParse(extraData);
    if (!data || /[\u{10000}-\u{10FFFF}]|\p{Cs}/u.test(data.contract_display_account)) return '参数构造错误';
    const merchant = this.#merchants.get(data.mch_id);
    if (!merchant) return '商户号不存在';
    const signType = signTypeIn(data);
    if (!signType || data.sign !== signV2(data, merchant.credentials.apiV2Key, signType)) return '签名错误';
    if (this.#programs.get(data.appid)?.entity !== merchant.entity) return 'appid和mch_id不匹配';
    const draft = {
      mchid: data.mch_id,
      appid: data.appid,
      planId: data.plan_id,
      number: data.contract_code,
      serial: data.request_serial,
      displayAccount: data.contract_display_account,
      notifyUrl: data.notify_url,
    };
    return { draft, merchant };
  }
}

const backWith = (extraData?: Readonly<Record<string, string>>): Return => ({
  scene: BACK_FROM_PROGRAM,
  referrerInfo: { appId: SIGNING_APP, ...(extraData && { extraData }) },
});

const failed = (message: string): Return => backWith({ return_code: 'FAIL', return_msg: message });
