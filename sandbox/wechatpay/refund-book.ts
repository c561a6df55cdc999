import type { World } from '../core/platform.js';
import type { Row, Table } from '../core/store.js';
import { beijingTime } from './beijing-time.js';

export type RefundStatus = 'PROCESSING' | 'SUCCESS' | 'CLOSED' | 'ABNORMAL';
export type RefundEnd = Exclude<RefundStatus, 'PROCESSING'>;

/** All times in ms of business time, all amounts in fen. */
export interface Refund extends Row {
  readonly mchid: string;
  /** `out_refund_no`. */
  readonly number: string;
  readonly refundId: string;
  /** `out_trade_no`. */
  readonly order: string;
  readonly transactionId: string;
  readonly refund: number;
  readonly total: number;
  readonly notifyUrl?: string;
  readonly fundsAccount: string;
  readonly from?: readonly { readonly account: string; readonly amount: number }[];
  readonly fingerprint: string;
  readonly createdAt: number;
  readonly status: RefundStatus;
  /** What becomes of it when it was processed. */
  readonly end: RefundEnd;
  readonly succeededAt?: number;
  /** Where the money goes, in words. */
  readonly receiver: string;
}

interface Pointer extends Row {
  /** Key of a refund. */
  readonly refund: string;
}

/** The refunds of all merchants. */
export class RefundBook {
  readonly #refunds: Table<Refund>;
  readonly #ids: Table<Pointer>;

  constructor(world: World) {
    this.#refunds = world.table('wechatpay.refunds');
    this.#ids = world.table('wechatpay.refundIds');
  }

  get(mchid: string, number: string): Refund | undefined {
    return this.#refunds.get(keyOf(mchid, number));
  }

  byId(refundId: string): Refund | undefined {
    return this.#refunds.get(this.#ids.get(refundId)?.refund ?? '');
  }

  add(refund: Refund): void {
    this.set(refund);
    this.#ids.set(refund.refundId, { refund: keyOf(refund.mchid, refund.number) });
  }

  set(refund: Refund): void {
    this.#refunds.set(keyOf(refund.mchid, refund.number), refund);
  }
}

/** The refund object: the answer to a request and to a query. */
export function refundView(refund: Refund): object {
  return {
    refund_id: refund.refundId,
    out_refund_no: refund.number,
    transaction_id: refund.transactionId,
    out_trade_no: refund.order,
    channel: 'ORIGINAL',
    user_received_account: refund.receiver,
    ...(refund.succeededAt !== undefined && { success_time: beijingTime(refund.succeededAt) }),
    create_time: beijingTime(refund.createdAt),
    status: refund.status,
    funds_account: refund.fundsAccount,
    amount: {
      ...{ total: refund.total, refund: refund.refund, from: refund.from ?? [] },
      ...{ payer_total: refund.total, payer_refund: refund.refund },
      ...{ settlement_refund: refund.refund, settlement_total: refund.total },
      ...{ discount_refund: 0, currency: 'CNY', refund_fee: 0 },
    },
    promotion_detail: [],
  };
}

/** The content of a notification; the status has another name there. */
export function refundNotice(refund: Refund): object {
  return {
    mchid: refund.mchid,
    transaction_id: refund.transactionId,
    out_trade_no: refund.order,
    refund_id: refund.refundId,
    out_refund_no: refund.number,
    refund_status: refund.status,
    ...(refund.succeededAt !== undefined && { success_time: beijingTime(refund.succeededAt) }),
    user_received_account: refund.receiver,
    amount: {
      ...{ total: refund.total, refund: refund.refund },
      ...{ payer_total: refund.total, payer_refund: refund.refund },
    },
  };
}

const keyOf = (mchid: string, number: string): string => `${mchid}/${number}`;
