import { z } from 'zod';
import { PageQuery, pageOf } from '../common/pagination.js';

const status = z.enum(['settled', 'parked', 'ignored']);

export const CallbackView = z
  .object({
    id: z.string(),
    accountId: z.string().meta({ description: 'At whose address it arrived.' }),
    platform: z.string(),
    type: z.string().meta({ description: "The platform's own name of it." }),
    status: status.meta({
      description:
        'settled: it did what it says, or that was done before. parked: it does not fit what we know. ignored: nothing to do.',
    }),
    problem: z.string().nullable().meta({ description: 'Why it is parked.' }),
    objectId: z.string().nullable().meta({ description: 'The payment or refund that it is about.' }),
    repeats: z.int(),
    receivedAt: z.iso.datetime(),
    updatedAt: z.iso.datetime(),
  })
  .meta({ id: 'Callback' });
export type CallbackView = z.infer<typeof CallbackView>;
export const CallbackPage = pageOf(CallbackView).meta({ id: 'CallbackPage' });

export const CallbackDetail = CallbackView.extend({
  headers: z.record(z.string(), z.string()).nullable(),
  body: z.string().nullable().meta({ description: 'As it arrived. Dropped after 180 days.' }),
}).meta({ id: 'CallbackDetail' });
export type CallbackDetail = z.infer<typeof CallbackDetail>;

export const CallbackQuery = PageQuery.extend({
  status: status.optional(),
  accountId: z.string().max(64).optional(),
  objectId: z.string().max(64).optional(),
});
export type CallbackQuery = z.infer<typeof CallbackQuery>;
