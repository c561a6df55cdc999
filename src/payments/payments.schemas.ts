import { z } from 'zod';
import { MOST_FEN } from '../common/money.js';
import { PageQuery, pageOf } from '../common/pagination.js';
import { PLATFORM_CODES } from '../platforms/platform.js';
import { settingsByPlatform } from '../tenancy/platform-settings.js';
import { ATTEMPT_STATUSES, PAYMENT_STATUSES } from './moves.js';

const DAY = 86_400;

const platform = z.enum(PLATFORM_CODES);
export const amount = z.int().min(1).max(MOST_FEN).meta({ description: 'Fen.' });
const currency = z.literal('CNY');
/** WeChat refuses characters outside the basic plane; what the payer reads must be the same everywhere. */
const plainText = (most: number) =>
  z
    .string()
    .trim()
    .min(1)
    .max(most)
    .regex(/^[^\p{Cc}\u{10000}-\u{10ffff}]*$/u, 'has an emoji or a control character, which platforms refuse');
export const reference = z
  .string()
  .regex(/^[\x21-\x7e]{1,64}$/, 'must be 1 to 64 visible ASCII characters')
  .meta({ description: "The developer's own number: the same one never makes two." });
export const metadata = z.record(z.string().min(1).max(40), z.string().max(500)).refine(
  (entries) => Object.keys(entries).length <= 50,
  'has more than 50 entries', // prettier-ignore
);
const platformAppId = z.string().max(64).optional().meta({
  description: 'Which mini-program, where the app has several on the platform.',
});

export const CreatePayment = z
  .strictObject({
    userId: z.string().max(64),
    amount,
    currency: currency.default('CNY'),
    subject: plainText(127).meta({ description: 'What the payer reads.' }),
    reference: reference.optional(),
    expiresIn: z
      .int()
      .min(60)
      .max(7 * DAY)
      .default(2 * 3_600)
      .meta({ description: 'Seconds.' }),
    metadata: metadata.default({}),
    platform: platform.optional().meta({ description: 'With it a first attempt is made there.' }),
    platformAppId,
    platformOptions: settingsByPlatform.default({}),
  })
  .refine(({ platform: chosen, platformAppId: program }) => !program || chosen, {
    path: ['platformAppId'],
    message: 'needs platform',
  })
  .meta({ id: 'CreatePayment' });
export type CreatePayment = z.infer<typeof CreatePayment>;

export const CreateMyPayment = z
  .strictObject({
    priceId: z.string().max(64),
    quantity: z.int().min(1).max(1_000_000).default(1),
    platform: platform.optional(),
    platformAppId,
  })
  .meta({ id: 'CreateMyPayment' });
export type CreateMyPayment = z.infer<typeof CreateMyPayment>;

export const CreateAttempt = z.strictObject({ platform, platformAppId }).meta({ id: 'CreateAttempt' });
export type CreateAttempt = z.infer<typeof CreateAttempt>;

export const ClientActionView = z
  .object({
    platform,
    method: z.string(),
    params: z.record(z.string(), z.unknown()),
    next: z
      .object({
        method: z.string(),
        params: z.record(z.string(), z.unknown()),
        take: z.record(z.string(), z.string()),
      })
      .optional()
      .meta({
        description: 'A second function, with the named fields of what the first gave added to its parameters.',
      }),
    proof: z.enum(['callback', 'return']),
    expiresAt: z.iso.datetime(),
  })
  .meta({ id: 'ClientAction', description: 'What the front end calls next, with exactly these parameters.' });

export const AttemptView = z
  .object({
    id: z.string(),
    number: z.string().meta({ description: "Our number at the platform, e.g. WeChat's out_trade_no." }),
    platform,
    platformAccountId: z.string(),
    merchantAccountId: z.string(),
    status: z.enum(ATTEMPT_STATUSES),
    platformTransactionId: z.string().nullable(),
    failureCode: z.string().nullable(),
    createdAt: z.iso.datetime(),
  })
  .meta({ id: 'Attempt' });

export const PaymentView = z
  .object({
    id: z.string(),
    userId: z.string(),
    status: z.enum(PAYMENT_STATUSES),
    amount: z.int(),
    amountRefunded: z.int().meta({ description: 'Fen given back; a refund does not change the status.' }),
    currency,
    subject: z.string(),
    reference: z.string().nullable(),
    priceId: z.string().nullable(),
    quantity: z.int().nullable(),
    metadata: z.record(z.string(), z.string()),
    attempts: z.array(AttemptView),
    clientAction: ClientActionView.optional(),
    expiresAt: z.iso.datetime(),
    failureCode: z.string().nullable().meta({
      description:
        "Why a debit failed: the platform's own code, or `expired`, `canceled` or `closed` where it gave none.",
    }),
    closingSince: z.iso.datetime().nullable().meta({
      description: 'Being closed since then: it is `closed` once no attempt can bring money any more.',
    }),
    paidAt: z.iso.datetime().nullable(),
    createdAt: z.iso.datetime(),
    updatedAt: z.iso.datetime(),
  })
  .meta({ id: 'Payment' });
export type PaymentView = z.infer<typeof PaymentView>;
export const PaymentPage = pageOf(PaymentView).meta({ id: 'PaymentPage' });

export const StartedAttempt = z
  .object({ attempt: AttemptView, clientAction: ClientActionView.optional() })
  .meta({ id: 'StartedAttempt' });
export type StartedAttempt = z.infer<typeof StartedAttempt>;

export const MyPaymentQuery = PageQuery.extend({ status: z.enum(PAYMENT_STATUSES).optional() });
export const PaymentQuery = MyPaymentQuery.extend({
  userId: z.string().max(64).optional(),
  reference: reference.optional(),
});
export type PaymentQuery = z.infer<typeof PaymentQuery>;
