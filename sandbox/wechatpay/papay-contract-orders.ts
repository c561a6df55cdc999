import { z } from 'zod';
import type { Account, AccountBook } from '../core/accounts.js';
import type { World } from '../core/platform.js';
import type { Merchant } from './authorization.js';
import { readTime } from './beijing-time.js';
import { text } from './fields.js';
import { type Order, type OrderBook, type PaidOrder, stateOf } from './order-book.js';
import { fingerprint } from './order-draft.js';
import type { ContractDraft } from './papay-contract.js';
import type { Signing } from './papay-signing.js';
import type { People } from './people.js';
import { V2Error } from './v2-errors.js';
import { contractFields, readV2, v2Fen, v2OrderNumber, v2Time, v2Url } from './v2-fields.js';
import type { V2Notifications } from './v2-notifications.js';
import type { V2Fields, V2SignType } from './v2-signature.js';
import { v2PaymentNotice } from './v2-transaction.js';

const MINUTE = 60_000;
/** `time_expire` is at most that far off; without it the order is open as long. */
const PAY_WITHIN = 7 * 24 * 60 * MINUTE;

/** The unified order of v2, and what is to be signed with it. */
const draftSchema = z.object({
  ...contractFields,
  appid: text(32),
  mch_id: text(32),
  device_info: text(32).optional(),
  body: text(128),
  detail: text(8192).optional(),
  attach: text(127).optional(),
  out_trade_no: v2OrderNumber,
  fee_type: z.literal('CNY').optional(),
  total_fee: v2Fen,
  spbill_create_ip: z.union([z.ipv4(), z.ipv6()]),
  time_start: v2Time.optional(),
  time_expire: v2Time.optional(),
  goods_tag: text(32).optional(),
  notify_url: v2Url,
  trade_type: z.enum(['JSAPI', 'APP', 'MWEB', 'NATIVE']),
  limit_pay: z.literal('no_credit').optional(),
  openid: text(128).optional(),
  contract_mchid: text(32),
  contract_appid: text(32),
  contract_notify_url: v2Url,
});
type Draft = z.output<typeof draftSchema> & { readonly openid: string };

export interface ContractOrdersNeeds {
  readonly world: World;
  readonly orders: OrderBook;
  readonly signing: Signing;
  readonly notifications: V2Notifications;
  readonly people: People;
}

/** Pay and sign in one: an order like any other, at whose payment a contract is signed. */
export class ContractOrders {
  readonly #programs: AccountBook<object, Account>;

  constructor(private readonly needs: ContractOrdersNeeds) {
    this.#programs = needs.world.accounts('wechat');
  }

  /** Again with the same number and the same parameters it gives the prepay_id that there is. Throws V2Error. */
  place(fields: V2Fields, merchant: Merchant, signType: V2SignType): V2Fields {
    const draft = this.#read(fields, merchant);
    const now = this.needs.world.businessNow(merchant);
    const contract = contractOf(draft);
    const existing = this.needs.orders.get(draft.mch_id, draft.out_trade_no);
    if (existing) requireSame(existing, draft, now);
    else if (this.needs.orders.isDead(draft.mch_id, draft.out_trade_no)) throw new V2Error('ORDERCLOSED');
    const order = existing ?? orderOf(draft, now, { signType, contract });
    const { prepayId } = this.needs.orders.withPrepay(order, now);
    const obstacle = this.needs.signing.obstacle(contract, draft.openid, now);
    return {
      prepay_id: prepayId,
      trade_type: draft.trade_type,
      plan_id: draft.plan_id,
      request_serial: draft.request_serial,
      contract_code: draft.contract_code,
      contract_display_account: draft.contract_display_account,
      out_trade_no: draft.out_trade_no,
      contract_result_code: obstacle ? 'FAIL' : 'SUCCESS',
      ...(obstacle && { contract_err_code: 'CONTRACT_ERROR', contract_err_code_des: obstacle }),
    };
  }

  /** Such an order was paid; the payer left the tick on the contract or not. */
  paid(paid: PaidOrder, merchant: Merchant, isTicked: boolean): void {
    const contractId = isTicked ? this.#signed(paid, merchant) : undefined;
    const order = { ...paid, ...(contractId && { contractId }) };
    if (contractId) this.needs.orders.set(order);
    this.needs.notifications.send(merchant, order.notifyUrl, {
      operation: 'TRANSACTION.SUCCESS',
      fields: v2PaymentNotice(order),
      signType: order.v2?.signType ?? 'MD5',
    });
  }

  #signed({ v2, openid }: Order, merchant: Merchant): string | undefined {
    const { signing, world } = this.needs;
    const contract = v2?.contract;
    if (!contract || signing.obstacle(contract, openid, world.businessNow(merchant))) return undefined;
    return signing.sign(contract, openid, merchant).contractId;
  }

  #read(fields: V2Fields, merchant: Merchant): Draft {
    const draft = readV2(draftSchema, fields);
    const { openid } = draft;
    if (draft.contract_mchid !== draft.mch_id) throw new V2Error('PARAM_ERROR', 'contract_mchid与mch_id不一致');
    if (draft.contract_appid !== draft.appid) throw new V2Error('PARAM_ERROR', 'contract_appid与appid不一致');
    if (this.#programs.get(draft.appid)?.entity !== merchant.entity) throw new V2Error('APPID_MCHID_NOT_MATCH');
    if (draft.trade_type !== 'JSAPI') throw new V2Error('NOAUTH');
    if (openid === undefined) throw new V2Error('PARAM_ERROR', '缺少参数openid');
    if (!this.needs.people.isOpenid(draft.appid, openid)) throw new V2Error('PARAM_ERROR', 'appid和openid不匹配');
    return { ...draft, openid };
  }
}

/** Throws V2Error unless the order can still be paid, and was asked for with the same parameters. */
function requireSame(order: Order, draft: Draft, now: number): void {
  const state = stateOf(order, now);
  if (order.isDebit || (state === 'NOTPAY' && order.fingerprint !== fingerprintOf(draft)))
    throw new V2Error('OUT_TRADE_NO_USED');
  if (state === 'CLOSED' || now > order.payUntil) throw new V2Error('ORDERCLOSED');
  if (state !== 'NOTPAY') throw new V2Error('ORDERPAID');
}

const contractOf = (draft: Draft): ContractDraft => ({
  mchid: draft.mch_id,
  appid: draft.appid,
  planId: draft.plan_id,
  number: draft.contract_code,
  serial: draft.request_serial,
  displayAccount: draft.contract_display_account,
  notifyUrl: draft.contract_notify_url,
});

function orderOf(draft: Draft, now: number, v2: NonNullable<Order['v2']>): Order {
  const { attach, device_info: deviceId, time_expire: expires } = draft;
  const until = expires === undefined ? now + PAY_WITHIN : readDigits(expires);
  return {
    mchid: draft.mch_id,
    appid: draft.appid,
    number: draft.out_trade_no,
    openid: draft.openid,
    total: draft.total_fee,
    notifyUrl: draft.notify_url,
    ...(attach && { attach }),
    ...(deviceId && { deviceId }),
    fingerprint: fingerprintOf(draft),
    createdAt: now,
    payUntil: Math.min(Math.max(until, now + MINUTE), now + PAY_WITHIN),
    state: 'NOTPAY',
    v2,
    refunded: 0,
    refunds: 0,
  };
}

/** The times are not compared: the first call fixes them for the order. */
const fingerprintOf = ({ time_start: _start, time_expire: _expire, ...draft }: Draft): string => fingerprint(draft);

/** ms of `yyyyMMddHHmmss` in Beijing. Throws V2Error. */
function readDigits(digits: string): number {
  const at = readTime(digits.replace(/^(....)(..)(..)(..)(..)(..)$/, '$1-$2-$3T$4:$5:$6+08:00'));
  if (at === undefined) throw new V2Error('PARAM_ERROR', '参数time_expire错误');
  return at;
}
