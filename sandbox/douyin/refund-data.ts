import { z } from 'zod';
import { DouyinError } from './answers.js';
import { amount, entrySchema, firstFault, notifyUrl } from './trade-fields.js';

const MOST_ITEMS = 100;

const id = z.string().min(1).max(64);

/** The body of refund_create. */
export const refundCreateSchema = z
  .object({
    order_id: id,
    out_refund_no: id,
    cp_extra: z.string().max(2_048),
    refund_total_amount: amount,
    item_order_detail: z
      .array(z.object({ item_order_id: z.string(), refund_amount: amount }))
      .min(1)
      .optional(),
    refund_all: z.boolean().default(false),
    refund_reason: z
      .array(z.object({ code: z.literal([101, 102, 103, 999]), text: z.string().max(49) }))
      .min(1)
      .max(10),
    notify_url: notifyUrl.optional(),
    order_entry_schema: entrySchema,
    currency: z.enum(['CNY', 'DIAMOND']).optional(),
  })
  .refine(({ refund_all: all, item_order_detail: items }) => all === (items === undefined), {
    path: ['item_order_detail'],
    message: 'required without refund_all, and not allowed with it',
  })
  .refine(
    ({ item_order_detail: items, refund_total_amount: total }) =>
      !items || items.reduce((sum, { refund_amount: part }) => sum + part, 0) === total,
    { path: ['refund_total_amount'], message: 'the sum of the items' },
  );

export type RefundCreate = z.output<typeof refundCreateSchema>;

/** refund_audit_callback. */
export const auditSchema = z
  .object({
    refund_id: id,
    refund_audit_status: z.literal([1, 2]),
    deny_message: z.string().min(1).max(512).optional(),
  })
  .refine(({ refund_audit_status: status, deny_message: message }) => status === 1 || message !== undefined, {
    path: ['deny_message'],
    message: 'required when the refund is refused',
  });

/** Throws DouyinError. */
export function readRefundCreate(fields: Readonly<Record<string, unknown>>): RefundCreate {
  const { item_order_detail: items } = fields;
  if (Array.isArray(items) && items.length >= MOST_ITEMS) throw new DouyinError(22007);
  return parsed(refundCreateSchema, fields);
}

/** Throws DouyinError 10000, its text the first thing that is wrong. */
export function parsed<S extends z.ZodType>(schema: S, fields: unknown): z.output<S> {
  const { data, error } = schema.safeParse(fields);
  if (error) throw new DouyinError(10000, firstFault(error));
  return data;
}
