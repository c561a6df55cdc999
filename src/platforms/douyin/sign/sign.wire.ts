import { z } from 'zod';
import { id, instant, text, whole } from '../pay/pay.wire.js';

/** `data` of `query_sign_order`. */
export const SignOrder = z.object({
  auth_order_id: id,
  out_auth_order_no: id,
  status: z.enum(['TOBESERVED', 'SERVING', 'CANCEL', 'TIMEOUT', 'DONE']),
  /** 1: the user has ended it, 2: the merchant. */
  cancel_source: whole.nullish(),
  open_id: text,
  sign_time: instant,
});
export type SignOrder = z.infer<typeof SignOrder>;

/** `data` of `create_sign_pay`: accepted, not paid. */
export const SignPayCreate = z.object({ pay_order_id: id });

/** `data` of `query_sign_pay`. One text of the documentation writes PROCESSING. */
export const SignPay = z.object({
  app_id: text,
  pay_order_id: id,
  out_pay_order_no: id,
  status: z.enum(['SUCCESS', 'TIMEOUT', 'TIME_OUT', 'FAIL', 'PROCESS', 'PROCESSING']),
  total_amount: whole,
  pay_time: instant,
  merchant_uid: text,
});
export type SignPay = z.infer<typeof SignPay>;

/** `data` of `create_sign_refund`. */
export const SignRefundCreate = z.object({ pay_refund_id: id });

const SignRefundItem = z.object({
  pay_refund_id: id,
  out_pay_refund_no: text,
  status: z.enum(['PROCESSING', 'PROCESS', 'SUCCESS', 'FAIL']),
  refund_total_amount: whole,
  message: text,
  refund_at: instant,
});
export type SignRefundItem = z.infer<typeof SignRefundItem>;

/** `data` of `query_sign_refund`. */
export const SignRefundQuery = z.object({
  refund_list: z
    .array(SignRefundItem)
    .nullish()
    .transform((items) => items ?? []),
});

/** `sign_callback`: its words are others than those of the query. */
export const SignMessage = z.object({
  app_id: text,
  status: z.string(),
  auth_order_id: id,
  out_auth_order_no: text,
  event_time: instant,
});
export type SignMessage = z.infer<typeof SignMessage>;

/** `sign_pay_callback` */
export const SignPayMessage = z.object({
  app_id: text,
  status: z.string(),
  pay_order_id: id,
  out_pay_order_no: id,
  total_amount: whole,
  merchant_uid: text,
  event_time: instant,
});
export type SignPayMessage = z.infer<typeof SignPayMessage>;

/** What became of the refund of a deduction; the name of this callback is documented nowhere in public. */
export const SignRefundMessage = z.object({
  app_id: text,
  status: z.enum(['SUCCESS', 'FAIL']),
  pay_order_id: text,
  pay_refund_id: id,
  out_pay_refund_no: text,
  refund_total_amount: whole.nullish(),
  message: text,
  event_time: instant,
});
export type SignRefundMessage = z.infer<typeof SignRefundMessage>;
