import { z } from 'zod';
import { PageQuery } from '../common/pagination.js';

const currency = z.literal('CNY');

export const Balance = z
  .object({
    data: z.array(
      z.object({
        account: z.string().meta({
          description:
            '`clearing:<platform>:<merchant account>`: what the platform holds. `sales`, `refunds`. `unexpected`: money that nobody waited for, until it is given back.',
        }),
        currency,
        debit: z.int(),
        credit: z.int(),
        balance: z.int().meta({ description: 'Fen: debit less credit.' }),
      }),
    ),
  })
  .meta({ id: 'Balance' });
export type Balance = z.infer<typeof Balance>;

export const LedgerEntryView = z
  .object({
    id: z.string(),
    transferId: z.string(),
    account: z.string(),
    direction: z.enum(['debit', 'credit']),
    amount: z.int(),
    currency,
    source: z.object({ type: z.enum(['payment', 'refund']), id: z.string() }),
    createdAt: z.iso.datetime(),
  })
  .meta({ id: 'LedgerEntry' });
export type LedgerEntryView = z.infer<typeof LedgerEntryView>;
export const LedgerEntryPage = z
  .object({ data: z.array(LedgerEntryView), nextCursor: z.string().nullable() })
  .meta({ id: 'LedgerEntryPage' });
export type LedgerEntryPage = z.infer<typeof LedgerEntryPage>;

export const LedgerQuery = PageQuery.extend({
  sourceId: z.string().max(64).optional().meta({ description: 'A payment or a refund.' }),
  account: z.string().max(200).optional(),
});
export type LedgerQuery = z.infer<typeof LedgerQuery>;
