import type { Row } from '../core/store.js';

/** Money taken under a contract: with the signature, or by a debit. Times are business time in ms, amounts fen. */
export interface SignPay extends Row {
  readonly payOrderId: string;
  readonly authOrderId: string;
  readonly platformAppId: string;
  readonly outPayOrderNo: string;
  /** What was asked for, in a form in which the same is the same text. */
  readonly content: string;
  readonly merchantUid: string;
  readonly amount: number;
  readonly notifyUrl?: string;
  readonly createdAt: number;
  readonly status: 'PROCESS' | 'SUCCESS' | 'FAIL' | 'TIMEOUT';
  readonly endedAt?: number;
  readonly payment?: { readonly channelPayId: string; readonly userBillPayId: string };
  /** In the order in which they came. */
  readonly refundIds: readonly string[];
}

/** Douyin Pay: Alipay, the other one, is unconfirmed. */
const CHANNEL = 10;

/** As query_sign_pay answers. */
export const signPayView = ({ payment, ...pay }: SignPay): object => ({
  app_id: pay.platformAppId,
  auth_order_id: pay.authOrderId,
  pay_order_id: pay.payOrderId,
  out_pay_order_no: pay.outPayOrderNo,
  status: pay.status,
  total_amount: pay.amount,
  merchant_uid: pay.merchantUid,
  ...(payment && { pay_channel: CHANNEL, channel_pay_id: payment.channelPayId, pay_time: pay.endedAt }),
  ...(pay.notifyUrl && { notify_url: pay.notifyUrl }),
});

/** The message of a sign_pay_callback; `at`: when it happened. */
export const signPayMessage = ({ payment, ...pay }: SignPay, at: number) => ({
  app_id: pay.platformAppId,
  // A query says TIMEOUT.
  status: pay.status === 'TIMEOUT' ? 'TIME_OUT' : pay.status,
  auth_order_id: pay.authOrderId,
  pay_order_id: pay.payOrderId,
  out_pay_order_no: pay.outPayOrderNo,
  total_amount: pay.amount,
  ...(payment && {
    pay_channel: CHANNEL,
    channel_pay_id: payment.channelPayId,
    merchant_uid: pay.merchantUid,
    user_bill_pay_id: payment.userBillPayId,
  }),
  event_time: at,
});
