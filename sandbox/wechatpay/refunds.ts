import { privateDecrypt, constants, type KeyObject } from 'node:crypto';
import type { Call, World } from '../core/platform.js';
import type { RateWindow } from '../core/rate-window.js';
import type { Merchant } from './authorization.js';
import { PayError } from './errors.js';
import { readBody, readPathValue, refundNumber, text, wrong } from './fields.js';
import type { Notifications } from './notifications.js';
import { newRefundId } from './numbers.js';
import { isPaid, type OrderBook, type PaidOrder } from './order-book.js';
import { fingerprint } from './order-draft.js';
import type { PlatformKeys } from './platform-keys.js';
import { type Refund, type RefundBook, type RefundEnd, refundNotice, refundView } from './refund-book.js';
import { abnormalRefundSchema, type RefundDraft, refundDraftSchema } from './refund-draft.js';
import { requireRefundable, reserved } from './refund-rules.js';

/** A refund to a wallet is there after about a minute. */
const PROCESSING_TIME = 60_000;
const GOOD_A_SECOND = 150;
const BAD_A_SECOND = 6;
const WALLET = '支付用户零钱';

/** Names a refund in the data of a timer. */
export interface RefundName {
  readonly mchid: string;
  readonly number: string;
}

export interface RefundsNeeds {
  readonly world: World;
  readonly orders: OrderBook;
  readonly refunds: RefundBook;
  readonly notifications: Notifications;
  readonly keys: PlatformKeys;
}

/** Refunds: apply, query, apply for an abnormal one, and what becomes of them. */
export class Refunds {
  readonly #perSecond: RateWindow;

  constructor(private readonly needs: RefundsNeeds) {
    this.#perSecond = needs.world.rateWindow(1_000);
  }

  /** `end`: what will become of it. */
  apply(call: Call, merchant: Merchant, end: RefundEnd = 'SUCCESS'): object {
    const { merchantId } = merchant;
    try {
      if (!this.#perSecond.take(`${merchantId}/good`, GOOD_A_SECOND)) throw new PayError('FREQUENCY_LIMITED');
      return refundView(this.#apply(readBody(refundDraftSchema, call.body), merchant, end));
    } catch (error) {
      // The seventh refund in a second that fails is not even looked at.
      throw this.#perSecond.take(`${merchantId}/bad`, BAD_A_SECOND) ? error : new PayError('FREQUENCY_LIMITED');
    }
  }

  query(merchant: Merchant, number: string): object {
    const asked = readPathValue(refundNumber, 'out_refund_no', number);
    const refund = this.needs.refunds.get(merchant.merchantId, asked);
    if (!refund) throw new PayError('RESOURCE_NOT_EXISTS', { message: '退款单不存在' });
    return refundView(refund);
  }

  /** The merchant says where the money of an ABNORMAL refund shall go; it is PROCESSING again. */
  applyAbnormal(call: Call, merchant: Merchant, refundId: string): object {
    const draft = readBody(abnormalRefundSchema, call.body);
    const key = this.#encryptionKey(call, merchant);
    if (draft.type === 'USER_BANK_CARD') {
      for (const field of ['bank_account', 'real_name'] as const)
        if (!canDecrypt(draft[field], key)) throw wrong(`/${field}`, 'not encrypted for the key in Wechatpay-Serial');
    }
    const refund = this.needs.refunds.byId(readPathValue(text(32), 'refund_id', refundId));
    if (refund?.mchid !== merchant.merchantId || refund.number !== draft.out_refund_no)
      throw new PayError('RESOURCE_NOT_EXISTS', { message: '退款单不存在' });
    if (refund.status !== 'ABNORMAL')
      throw new PayError('INVALID_REQUEST', { message: '退款单不是退款异常状态，不能发起异常退款' });
    const receiver = draft.type === 'USER_BANK_CARD' ? `银行卡${draft.bank_type}` : '商户结算银行账户';
    const again: Refund = { ...refund, status: 'PROCESSING', end: 'SUCCESS', receiver };
    this.needs.refunds.set(again);
    this.#process(again, merchant);
    return refundView(again);
  }

  /** A refund of the merchant's own in its console; the order's `notify_url` hears of it. */
  fromConsole(order: PaidOrder, merchant: Merchant, amount: number): Refund {
    const now = this.needs.world.businessNow(merchant);
    const number = newRefundId(now);
    return this.#begin(order, merchant, { number, refund: amount, notifyUrl: order.notifyUrl, fingerprint: '' });
  }

  /** A refund was processed. Late or repeated calls change nothing. */
  readonly finish = ({ mchid, number }: RefundName, merchant: Merchant): void => {
    const refund = this.needs.refunds.get(mchid, number);
    if (refund?.status !== 'PROCESSING') return;
    const succeededAt = this.needs.world.businessNow(merchant);
    const ended: Refund = { ...refund, status: refund.end, ...(refund.end === 'SUCCESS' && { succeededAt }) };
    this.needs.refunds.set(ended);
    if (ended.status === 'CLOSED') this.#release(ended);
    if (!ended.notifyUrl) return;
    this.needs.notifications.send(merchant, ended.notifyUrl, {
      type: `REFUND.${refund.end}`,
      originalType: 'refund',
      summary: SUMMARIES[refund.end],
      content: refundNotice(ended),
    });
  };

  #apply(draft: RefundDraft, merchant: Merchant, end: RefundEnd): Refund {
    const order = this.#orderOf(draft, merchant.merchantId);
    const { transaction_id: _, ...request } = { ...draft, out_trade_no: order.number };
    const existing = this.needs.refunds.get(merchant.merchantId, draft.out_refund_no);
    if (existing) {
      if (existing.fingerprint === fingerprint(request)) return existing;
      throw new PayError('INVALID_REQUEST', { message: '订单金额或退款金额与之前请求不一致，请核实后再试' });
    }
    requireRefundable(order, draft.amount, this.needs.world.businessNow(merchant));
    return this.#begin(
      order,
      merchant,
      {
        number: draft.out_refund_no,
        refund: draft.amount.refund,
        fingerprint: fingerprint(request),
        ...(draft.notify_url && { notifyUrl: draft.notify_url }),
        ...(draft.amount.from && { from: draft.amount.from }),
        ...(draft.funds_account && { fundsAccount: draft.funds_account }),
      },
      end,
    );
  }

  #orderOf({ out_trade_no: number, transaction_id: transactionId = '' }: RefundDraft, mchid: string): PaidOrder {
    const { orders } = this.needs;
    const order = number === undefined ? orders.byTransaction(transactionId) : orders.get(mchid, number);
    if (order?.mchid !== mchid || !isPaid(order))
      throw new PayError('RESOURCE_NOT_EXISTS', { message: '订单不存在或未支付' });
    return order;
  }

  #begin(
    order: PaidOrder,
    merchant: Merchant,
    asked: Pick<Refund, 'number' | 'refund' | 'fingerprint'> & Partial<Refund>,
    end: RefundEnd = 'SUCCESS',
  ): Refund {
    const now = this.needs.world.businessNow(merchant);
    const refund: Refund = {
      fundsAccount: 'UNSETTLED',
      ...asked,
      mchid: order.mchid,
      refundId: newRefundId(now),
      order: order.number,
      transactionId: order.payment.transactionId,
      total: order.total,
      createdAt: now,
      status: 'PROCESSING',
      end,
      receiver: WALLET,
    };
    this.needs.orders.set(reserved(order, refund.refund, now));
    this.needs.refunds.add(refund);
    this.#process(refund, merchant);
    return refund;
  }

  #process({ mchid, number }: Refund, merchant: Merchant): void {
    const data: RefundName = { mchid, number };
    const at = this.needs.world.businessNow(merchant) + PROCESSING_TIME;
    this.needs.world.at(merchant, { key: `refund/${number}`, name: 'refund', at, data });
  }

  #release({ mchid, order: number, refund }: Refund): void {
    const order = this.needs.orders.get(mchid, number);
    if (order) this.needs.orders.set({ ...order, refunded: order.refunded - refund });
  }

  #encryptionKey(call: Call, merchant: Merchant): KeyObject {
    const serial = call.headers['wechatpay-serial'];
    const key = typeof serial === 'string' ? this.needs.keys.private(merchant.merchantId, serial) : undefined;
    if (key) return key;
    throw new PayError('PARAM_ERROR', { message: 'Http头Wechatpay-Serial缺失，或不是可用的平台证书序列号、公钥ID' });
  }
}

const SUMMARIES: Readonly<Record<RefundEnd, string>> = {
  SUCCESS: '退款成功',
  CLOSED: '退款关闭',
  ABNORMAL: '退款异常',
};

/** RSA-OAEP with SHA-1, base64. */
function canDecrypt(value: string, key: KeyObject): boolean {
  try {
    const padding = constants.RSA_PKCS1_OAEP_PADDING;
    return privateDecrypt({ key, padding, oaepHash: 'sha1' }, Buffer.from(value, 'base64')).length > 0;
  } catch {
    return false;
  }
}
