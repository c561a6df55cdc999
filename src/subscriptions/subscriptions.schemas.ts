import { z } from 'zod';
import { PageQuery, pageOf } from '../common/pagination.js';
import { ClientActionView, metadata, PaymentView } from '../payments/payments.schemas.js';
import { PLATFORM_CODES } from '../platforms/platform.js';
import { SUBSCRIPTION_STATUSES } from './moves.js';

const platform = z.enum(PLATFORM_CODES);
const priceId = z.string().max(64);
const quantity = z.int().min(1).max(1_000_000);
const platformAppId = z.string().max(64).optional().meta({
  description: 'Which mini-program, where the app has several on the platform.',
});
const renewal = z.enum(['automatic', 'manual']).meta({
  description:
    '`automatic`: the user signs a contract and is debited each period. `manual`: the user is reminded, and pays each period.',
});
const at = z.enum(['now', 'period_end']);

export const CreateMySubscription = z
  .strictObject({
    priceId,
    quantity: quantity.default(1),
    platform,
    platformAppId,
    renewal: renewal.default('automatic'),
  })
  .meta({ id: 'CreateMySubscription' });
export type CreateMySubscription = z.infer<typeof CreateMySubscription>;

export const CreateSubscription = CreateMySubscription.extend({
  userId: z.string().max(64),
  metadata: metadata.default({}),
}).meta({ id: 'CreateSubscription' });
export type CreateSubscription = z.infer<typeof CreateSubscription>;

export const CancelSubscription = z
  .strictObject({
    at: at.default('period_end').meta({
      description: 'What has not begun, is past due, unpaid or paused ends now in any case: no paid time is left.',
    }),
  })
  .meta({ id: 'CancelSubscription' });
export type CancelSubscription = z.infer<typeof CancelSubscription>;

export const ChangeSubscription = z
  .strictObject({
    priceId,
    quantity: quantity.optional().meta({ description: 'Left out: as it is.' }),
    at: at.default('now').meta({
      description:
        '`now`: what is left of the old price is given back, and the rest of the period charged at the new one. With another interval a new period begins.',
    }),
  })
  .meta({ id: 'ChangeSubscription' });
export type ChangeSubscription = z.infer<typeof ChangeSubscription>;

export const SubscriptionView = z
  .object({
    id: z.string(),
    userId: z.string(),
    productId: z.string(),
    priceId: z.string(),
    quantity: z.int(),
    platform: platform.nullable(),
    renewal: z.enum(['automatic', 'manual']),
    status: z.enum(SUBSCRIPTION_STATUSES),
    currentPeriodStart: z.iso.datetime(),
    currentPeriodEnd: z.iso.datetime(),
    timeZone: z.string(),
    trialEnd: z.iso.datetime().nullable(),
    cancelAt: z.iso.datetime().nullable(),
    cancelReason: z.string().nullable().meta({
      description: '`requested`, `payment_failed`, `mandate_terminated`, `refunded`, `user_erased`.',
    }),
    endedAt: z.iso.datetime().nullable(),
    pausedAt: z.iso.datetime().nullable(),
    pendingChange: z
      .object({
        priceId: z.string(),
        quantity: z.int(),
        at,
        waitsFor: z.enum(['signature', 'payment', 'period_end']),
      })
      .nullable()
      .meta({ description: 'Asked for, and not in effect yet.' }),
    credit: z.int().meta({ description: 'Fen by which the next invoices are reduced.' }),
    mandateId: z.string().nullable(),
    metadata: z.record(z.string(), z.string()),
    clientAction: ClientActionView.optional(),
    createdAt: z.iso.datetime(),
    updatedAt: z.iso.datetime(),
  })
  .meta({ id: 'Subscription' });
export type SubscriptionView = z.infer<typeof SubscriptionView>;
export const SubscriptionPage = pageOf(SubscriptionView).meta({ id: 'SubscriptionPage' });

export const StartedSubscription = z
  .object({ subscription: SubscriptionView, clientAction: ClientActionView.optional() })
  .meta({ id: 'StartedSubscription' });
export type StartedSubscription = z.infer<typeof StartedSubscription>;

export const MySubscriptionQuery = PageQuery.extend({
  status: z.enum(SUBSCRIPTION_STATUSES).optional(),
  productId: z.string().max(64).optional(),
});
export const SubscriptionQuery = MySubscriptionQuery.extend({ userId: z.string().max(64).optional() });
export type SubscriptionQuery = z.infer<typeof SubscriptionQuery>;

export const PayInvoice = z.strictObject({ platform, platformAppId }).meta({ id: 'PayInvoice' });
export type PayInvoice = z.infer<typeof PayInvoice>;
export const PaidInvoice = z
  .object({ payment: PaymentView, clientAction: ClientActionView.optional() })
  .meta({ id: 'PaidInvoice' });
