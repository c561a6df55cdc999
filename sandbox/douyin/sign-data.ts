import { z } from 'zod';
import { serviceOf } from './sign-services.js';
import { amount, bytes, clientData, notifyUrl } from './trade-fields.js';

const DEFAULT_EXPIRY = 300;
const expireSeconds = z
  .int()
  .min(30)
  .max(48 * 3_600);

/** `data` of tt.createSignOrder, parsed. Fields that the platform does not know are ignored, as there. */
const signDataSchema = z
  .object({
    outAuthOrderNo: bytes(64),
    serviceId: z.string().refine((id) => serviceOf(id) !== undefined, 'no contract template of the console'),
    openId: z.string().min(1),
    expireSeconds: expireSeconds.default(DEFAULT_EXPIRY),
    notifyUrl: notifyUrl.optional(),
    firstDeductionDate: z.iso.date('YYYY-MM-DD').optional(),
    onBehalfUid: z
      .string()
      .regex(/^[A-Za-z0-9_]{1,64}$/, '1 to 64 letters, digits and _')
      .optional(),
    uniqueId: z.string().min(1).optional(),
    signWay: z.int().optional(),
    /** There: the person pays and signs; absent: only signs. */
    authPayOrder: z
      .object({ outPayOrderNo: bytes(64), merchantUid: z.string().min(1), initialAmount: amount.optional(), notifyUrl })
      .optional(),
  })
  .refine(
    ({ authPayOrder, firstDeductionDate }) => (authPayOrder === undefined) === (firstDeductionDate !== undefined),
    {
      path: ['firstDeductionDate'],
      message: 'required where the person only signs, and not allowed with authPayOrder',
    },
  )
  .refine(({ authPayOrder, serviceId }) => !authPayOrder || authPayOrder.initialAmount || serviceOf(serviceId)?.price, {
    path: ['authPayOrder', 'initialAmount'],
    message: 'required with a template that has no price',
  })
  // It overrides the template's first price; that it may not be above the price of later periods is a reading.
  .refine(
    ({ authPayOrder, serviceId }) => (authPayOrder?.initialAmount ?? 0) <= (serviceOf(serviceId)?.price ?? Infinity),
    {
      path: ['authPayOrder', 'initialAmount'],
      message: "above the template's price",
    },
  );

export type SignData = z.output<typeof signDataSchema>;

/** Throws ClientFailure. */
export const readSignData = (text: string): SignData => clientData(signDataSchema, text);

const id = bytes(64);

/** The body of create_sign_pay. */
export const signPaySchema = z.object({
  auth_order_id: id,
  out_pay_order_no: id,
  merchant_uid: z.string().min(1),
  total_amount: amount.optional(),
  notify_url: notifyUrl.optional(),
  /** Its bounds are those of the contract's, for want of published ones. The result comes before any of them. */
  expire_seconds: expireSeconds.optional(),
});
export type SignPayRequest = z.output<typeof signPaySchema>;

/** The body of create_sign_refund. */
export const signRefundSchema = z.object({
  pay_order_id: id,
  out_pay_refund_no: id,
  refund_total_amount: amount,
  refund_reason: z.string().optional(),
  notify_url: notifyUrl.optional(),
});
export type SignRefundRequest = z.output<typeof signRefundSchema>;
