import type { Row } from '../core/store.js';
import type { SignPay } from './sign-pay.js';

/** Times are business time in ms, amounts fen. */
export interface SignRefund extends Row {
  readonly payRefundId: string;
  readonly outPayRefundNo: string;
  readonly payOrderId: string;
  readonly platformAppId: string;
  readonly amount: number;
  readonly reason?: string;
  readonly notifyUrl?: string;
  readonly status: 'PROCESSING' | 'SUCCESS';
  readonly createdAt: number;
  readonly refundedAt?: number;
}

/** An item of query_sign_refund. */
export const signRefundView = (refund: SignRefund): object => ({
  app_id: refund.platformAppId,
  pay_order_id: refund.payOrderId,
  out_pay_refund_no: refund.outPayRefundNo,
  pay_refund_id: refund.payRefundId,
  status: refund.status,
  refund_total_amount: refund.amount,
  ...(refund.reason !== undefined && { refund_reason: refund.reason }),
  ...(refund.notifyUrl !== undefined && { notify_url: refund.notifyUrl }),
  message: '',
  create_at: refund.createdAt,
  ...(refund.refundedAt && { refund_at: refund.refundedAt }),
});

/** The message of the callback, whose fields are not published: the names of the query. */
export const signRefundMessage = (refund: SignRefund, pay: SignPay, at: number) => ({
  app_id: refund.platformAppId,
  status: refund.status,
  auth_order_id: pay.authOrderId,
  pay_order_id: refund.payOrderId,
  out_pay_order_no: pay.outPayOrderNo,
  pay_refund_id: refund.payRefundId,
  out_pay_refund_no: refund.outPayRefundNo,
  refund_total_amount: refund.amount,
  event_time: at,
});
