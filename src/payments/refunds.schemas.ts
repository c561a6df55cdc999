import { z } from 'zod';
import { PageQuery, pageOf } from '../common/pagination.js';
import { PLATFORM_CODES } from '../platforms/platform.js';
import { REFUND_STATUSES } from './moves.js';
import { amount, reference } from './payments.schemas.js';

export const CreateRefund = z
  .strictObject({
    paymentId: z.string().max(64),
    amount: amount.optional().meta({ description: 'Fen; all that is left of the payment when left out.' }),
    attemptId: z.string().max(64).optional().meta({
      description:
        'The attempt whose money to give back; left out, the one that has paid the payment. Only needed where money came that nobody waited for and its automatic refund failed.',
    }),
    reason: z.string().trim().min(1).max(80).optional().meta({ description: 'What the payer reads.' }),
    reference: reference.optional(),
  })
  .meta({ id: 'CreateRefund' });
export type CreateRefund = z.infer<typeof CreateRefund>;

export const RejectRefund = z
  .strictObject({ reason: z.string().trim().min(1).max(200).meta({ description: 'What the user is told.' }) })
  .meta({ id: 'RejectRefund' });
export type RejectRefund = z.infer<typeof RejectRefund>;

export const RefundView = z
  .object({
    id: z.string(),
    number: z.string().meta({ description: "Our number at the platform, e.g. WeChat's out_refund_no." }),
    paymentId: z.string(),
    platform: z.enum(PLATFORM_CODES),
    status: z.enum(REFUND_STATUSES),
    source: z.enum(['api', 'platform', 'automatic']).meta({
      description: 'Who began it: the developer, somebody at the platform, or Minibase (money nobody waited for).',
    }),
    amount: z.int(),
    currency: z.literal('CNY'),
    reason: z.string().nullable(),
    reference: z.string().nullable(),
    failureCode: z.string().nullable(),
    failureDetail: z.string().nullable(),
    decideBefore: z.iso.datetime().nullable().meta({
      description: 'Approve or reject it until then; the platform takes silence for consent.',
    }),
    succeededAt: z.iso.datetime().nullable(),
    createdAt: z.iso.datetime(),
    updatedAt: z.iso.datetime(),
  })
  .meta({ id: 'Refund' });
export type RefundView = z.infer<typeof RefundView>;
export const RefundPage = pageOf(RefundView).meta({ id: 'RefundPage' });

export const RefundQuery = PageQuery.extend({
  paymentId: z.string().max(64).optional(),
  reference: reference.optional(),
  status: z.enum(REFUND_STATUSES).optional(),
});
export type RefundQuery = z.infer<typeof RefundQuery>;
