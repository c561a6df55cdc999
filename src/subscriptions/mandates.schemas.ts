import { z } from 'zod';
import { PageQuery, pageOf } from '../common/pagination.js';

export const MandateView = z
  .object({
    id: z.string(),
    userId: z.string(),
    subscriptionId: z.string(),
    platform: z.string(),
    number: z.string().meta({ description: 'What the platform knows it by, besides its own id.' }),
    contractId: z.string().nullable().meta({ description: "The platform's own id." }),
    status: z.enum(['pending', 'active', 'terminated', 'expired', 'lapsed']).meta({
      description: '`pending`: the user still has to sign. `lapsed`: never signed.',
    }),
    mostAmount: z.int().meta({
      description:
        'Fen: the most that one debit may be under a contract that names an amount (Alipay). Those of WeChat and Douyin follow their template, and the price may change within it.',
    }),
    signedAt: z.iso.datetime().nullable(),
    endsAt: z.iso.datetime().nullable().meta({ description: 'null: until somebody ends it.' }),
    endedAt: z.iso.datetime().nullable(),
    endedBy: z.enum(['user', 'merchant', 'platform']).nullable(),
    isEnding: z
      .boolean()
      .meta({ description: 'We have ended it, and are telling the platform: it is not debited any more.' }),
    createdAt: z.iso.datetime(),
  })
  .meta({ id: 'Mandate' });
export type MandateView = z.infer<typeof MandateView>;
export const MandatePage = pageOf(MandateView).meta({ id: 'MandatePage' });

export const MandateQuery = PageQuery.extend({ userId: z.string().max(64).optional() });
export type MandateQuery = z.infer<typeof MandateQuery>;
export const MyMandateQuery = PageQuery;
