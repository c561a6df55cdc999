import { z } from 'zod';
import { PageQuery, pageOf } from '../common/pagination.js';
import { INVOICE_STATUSES } from './moves.js';

const line = z
  .object({
    kind: z.enum(['period', 'unused', 'remaining', 'credit']),
    description: z.string(),
    priceId: z.string().nullable(),
    quantity: z.int().nullable(),
    amount: z.int().meta({ description: 'Fen; negative for what is given back.' }),
    periodStart: z.iso.datetime(),
    periodEnd: z.iso.datetime(),
  })
  .meta({ id: 'InvoiceLine' });

export const InvoiceView = z
  .object({
    id: z.string(),
    subscriptionId: z.string(),
    userId: z.string(),
    number: z.int().nullable().meta({ description: 'Counts the invoices of the app, from 1 without gaps.' }),
    kind: z.enum(['period', 'change']),
    status: z.enum(INVOICE_STATUSES),
    amount: z.int().meta({ description: 'Fen: the sum of the lines.' }),
    currency: z.literal('CNY'),
    creditUsed: z.int(),
    lines: z.array(line),
    periodStart: z.iso.datetime(),
    periodEnd: z.iso.datetime(),
    noticeAt: z.iso
      .datetime()
      .nullable()
      .meta({ description: 'When the platform is told of the debit, if it wants that.' }),
    collectFrom: z.iso.datetime().nullable().meta({ description: 'From when, and before when, it can be debited.' }),
    collectUntil: z.iso.datetime().nullable(),
    graceUntil: z.iso.datetime().nullable(),
    failures: z.int(),
    failureCode: z.string().nullable(),
    paymentId: z.string().nullable(),
    openedAt: z.iso.datetime().nullable(),
    paidAt: z.iso.datetime().nullable(),
    createdAt: z.iso.datetime(),
    updatedAt: z.iso.datetime(),
  })
  .meta({ id: 'Invoice' });
export type InvoiceView = z.infer<typeof InvoiceView>;
export const InvoicePage = pageOf(InvoiceView).meta({ id: 'InvoicePage' });

export const MyInvoiceQuery = PageQuery.extend({
  subscriptionId: z.string().max(64).optional(),
  status: z.enum(INVOICE_STATUSES).optional(),
});
export const InvoiceQuery = MyInvoiceQuery.extend({ userId: z.string().max(64).optional() });
export type InvoiceQuery = z.infer<typeof InvoiceQuery>;

export const PreviewInvoice = z
  .strictObject({
    subscriptionId: z.string().max(64),
    change: z
      .strictObject({
        priceId: z.string().max(64),
        quantity: z.int().min(1).max(1_000_000).optional(),
      })
      .optional()
      .meta({ description: 'What changing to that now would cost. Left out: the next period.' }),
  })
  .meta({ id: 'PreviewInvoice' });
export type PreviewInvoice = z.infer<typeof PreviewInvoice>;

export const InvoicePreview = z
  .object({
    kind: z.enum(['period', 'change']),
    status: z.literal('draft'),
    amount: z.int(),
    currency: z.literal('CNY'),
    creditUsed: z.int(),
    creditAdded: z.int().meta({ description: 'Fen that are left over for later invoices.' }),
    lines: z.array(line),
    periodStart: z.iso.datetime(),
    periodEnd: z.iso.datetime(),
  })
  .meta({ id: 'InvoicePreview' });
export type InvoicePreview = z.infer<typeof InvoicePreview>;
