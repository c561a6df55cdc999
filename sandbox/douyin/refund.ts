import type { Row } from '../core/store.js';
import type { Order } from './order.js';

/** Times are business time in ms. */
export interface Refund extends Row {
  readonly refundId: string;
  /** Empty until the developer answered pre_create_refund. */
  readonly outRefundNo: string;
  readonly orderId: string;
  readonly platformAppId: string;
  readonly amount: number;
  readonly status: 'PROCESSING' | 'SUCCESS' | 'FAIL';
  /** 1 the person, 2 the developer, 4 Douyin's support. */
  readonly source: 1 | 2 | 4;
  readonly createdAt: number;
  readonly refundedAt?: number;
  readonly message: string;
  readonly cpExtra: string;
  readonly notifyUrl?: string;
  readonly audit: Audit;
}

export interface Audit {
  readonly status: 'INIT' | 'TOAUDIT' | 'AGREE' | 'DENY' | 'OVERTIME';
  readonly needed: boolean;
  /** 0 where nobody is asked. */
  readonly deadline: number;
  readonly denyMessage: string;
}

export const NO_AUDIT: Audit = { status: 'INIT', needed: false, deadline: 0, denyMessage: '' };

/** As refund_query answers. */
export const refundView = (refund: Refund, order: Order): object => ({
  refund_id: refund.refundId,
  out_refund_no: refund.outRefundNo,
  order_id: refund.orderId,
  refund_total_amount: refund.amount,
  refund_status: refund.status,
  refund_source: refund.source,
  create_at: refund.createdAt,
  refund_at: refund.refundedAt ?? 0,
  message: refund.message,
  item_order_detail: itemDetail(order, refund.amount).item_order_detail,
  merchant_audit_detail: {
    audit_status: refund.audit.status,
    need_refund_audit: refund.audit.needed ? 1 : 2,
    refund_audit_deadline: refund.audit.deadline,
    deny_message: refund.audit.denyMessage,
  },
});

const itemDetail = ({ item }: Order, amount: number) => ({
  item_order_quantity: 1,
  item_order_detail: [{ item_order_id: item.itemOrderId, refund_amount: amount }],
});

/** The message of a `refund` callback; `at`: when it happened. */
export const refundMessage = (refund: Refund, order: Order, at: number) => ({
  app_id: refund.platformAppId,
  status: refund.status,
  order_id: refund.orderId,
  cp_extra: refund.cpExtra,
  event_time: at,
  refund_id: refund.refundId,
  out_refund_no: refund.outRefundNo,
  refund_total_amount: refund.amount,
  is_all_settled: false,
  refund_item_detail: itemDetail(order, refund.amount),
  ...(order.currency === 'DIAMOND' && { currency: order.currency }),
  refund_type: refund.source,
});

/** The message of pre_create_refund. */
export const question = ({ audit, ...refund }: Refund, order: Order) => ({
  app_id: refund.platformAppId,
  open_id: order.payment?.openId ?? '',
  refund_id: refund.refundId,
  order_id: order.orderId,
  out_order_no: order.outOrderNo,
  refund_total_amount: refund.amount,
  need_refund_audit: audit.needed ? 1 : 2,
  refund_audit_deadline: audit.deadline,
  create_refund_time: refund.createdAt,
  refund_source: refund.source,
  refund_reason: [refund.source === 1 ? '不想要了' : '其他'],
  refund_description: '',
  cp_extra: refund.cpExtra,
  refund_item_detail: itemDetail(order, refund.amount),
  ...(order.currency === 'DIAMOND' && { currency: order.currency }),
});
