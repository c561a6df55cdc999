import { z } from 'zod';

// The servers write numbers; Douyin's own SDK declares the same fields as text, so both are read.
export const whole = z.union([
  z.int().min(0),
  z
    .string()
    .regex(/^\d{1,15}$/)
    .transform(Number),
]);
/** Fen. */
const amount = whole;
/** Milliseconds since 1970. What has not happened yet is absent, null or 0. */
export const instant = whole.nullish().transform((value) => (value ? new Date(value) : undefined));
/** What does not apply is absent, null or empty. */
export const text = z
  .string()
  .nullish()
  .transform((value) => (value ? value : undefined));
export const id = z.string().min(1);

/** `data` of `order_query`. */
export const OrderQuery = z.object({
  app_id: text,
  order_id: id,
  out_order_no: id,
  pay_status: z.enum(['PROCESS', 'SUCCESS', 'FAIL', 'TIMEOUT']),
  total_amount: amount,
  pay_time: instant,
  merchant_uid: text,
  currency: text,
  item_order_list: z
    .array(z.object({ item_order_id: id }))
    .nullish()
    .transform((items) => items ?? []),
});
export type OrderQuery = z.infer<typeof OrderQuery>;

/** `data` of `refund_create`. */
export const RefundCreate = z.object({ refund_id: id });

const RefundItem = z.object({
  refund_id: id,
  out_refund_no: text,
  order_id: text,
  refund_total_amount: amount,
  refund_status: z.enum(['PROCESSING', 'SUCCESS', 'FAIL']),
  refund_at: instant,
  message: text,
  merchant_audit_detail: z
    .object({ audit_status: text, deny_message: text })
    .nullish()
    .transform((detail) => detail ?? undefined),
});
export type RefundItem = z.infer<typeof RefundItem>;

/** `data` of `refund_query`: newest and oldest in one list, at most 50. */
export const RefundQuery = z.object({
  refund_list: z
    .array(RefundItem)
    .nullish()
    .transform((items) => items ?? []),
});

/** Calls whose answer is their code alone. */
export const Nothing = z.unknown();

/** Body of every callback that is signed with the platform key; `msg` is JSON in a string. */
export const CallbackBody = z.object({ version: text, type: id, msg: z.string() });
export type CallbackBody = z.infer<typeof CallbackBody>;

/** `payment` */
export const PaymentMessage = z.object({
  app_id: text,
  out_order_no: id,
  order_id: id,
  status: z.string(),
  total_amount: amount,
  merchant_uid: text,
  currency: text,
  event_time: instant,
});
export type PaymentMessage = z.infer<typeof PaymentMessage>;

/** `refund` */
export const RefundMessage = z.object({
  app_id: text,
  order_id: id,
  refund_id: id,
  out_refund_no: text,
  status: z.string(),
  refund_total_amount: amount,
  message: text,
  event_time: instant,
});
export type RefundMessage = z.infer<typeof RefundMessage>;

/** `pre_create_refund` */
export const RefundRequestMessage = z.object({
  app_id: text,
  refund_id: id,
  out_order_no: id,
  refund_total_amount: amount,
  need_refund_audit: whole,
  refund_audit_deadline: instant,
  // Texts by the documentation; anything else is no reason to leave a person's refund unanswered.
  refund_reason: z.array(z.unknown()).nullish(),
  refund_description: text,
});
export type RefundRequestMessage = z.infer<typeof RefundRequestMessage>;
