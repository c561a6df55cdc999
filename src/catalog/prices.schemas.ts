import { z } from 'zod';
import { MOST_FEN } from '../common/money.js';
import { PageQuery, pageOf } from '../common/pagination.js';
import { settings, settingsByPlatform } from '../tenancy/platform-settings.js';
import { activeOnly, FeaturesView } from './products.schemas.js';

const amount = z.int().min(1).max(MOST_FEN).meta({ description: 'Fen, for one.' });
const currency = z.literal('CNY');
const recurring = z
  .strictObject({
    interval: z.enum(['day', 'week', 'month', 'year']),
    intervalCount: z.int().min(1).max(365).default(1),
    trialDays: z.int().min(0).max(730).default(0).meta({ description: 'Days before the first period is charged.' }),
    introductory: z
      .strictObject({ amount: z.int().min(0).max(MOST_FEN), periods: z.int().min(1).max(120) })
      .nullable()
      .default(null)
      .meta({ description: 'What the first periods cost instead, in fen for one.' }),
  })
  .nullable()
  .meta({ description: 'How often it is charged; null: once.' });
const audience = z.enum(['public', 'server']).meta({
  description:
    "`public`: a user's front end may pay it. `server`: only the secret key may charge it; a mini-program's code is in the hands of its users.",
});
const maxQuantity = z.int().min(1).max(1_000_000).meta({ description: 'How many one payment may be for.' });

export const CreatePrice = z
  .strictObject({
    productId: z.string().max(64),
    amount,
    currency: currency.default('CNY'),
    recurring: recurring.default(null),
    audience: audience.default('server'),
    maxQuantity: maxQuantity.default(1),
    active: z.boolean().default(true),
    platforms: settingsByPlatform.default({}),
  })
  .meta({ id: 'CreatePrice' });
export type CreatePrice = z.infer<typeof CreatePrice>;

export const UpdatePrice = z
  .strictObject({ audience, maxQuantity, active: z.boolean(), platforms: settingsByPlatform })
  .partial()
  .meta({ id: 'UpdatePrice' });
export type UpdatePrice = z.infer<typeof UpdatePrice>;

const recurringView = z
  .object({
    interval: z.enum(['day', 'week', 'month', 'year']),
    intervalCount: z.int(),
    trialDays: z.int(),
    introductory: z.object({ amount: z.int(), periods: z.int() }).nullable(),
  })
  .nullable();

export const PriceView = z
  .object({
    id: z.string(),
    productId: z.string(),
    amount: z.int(),
    currency,
    recurring: recurringView,
    audience: z.enum(['public', 'server']),
    maxQuantity: z.int(),
    active: z.boolean(),
    platforms: z.record(z.string(), settings),
    createdAt: z.iso.datetime(),
    updatedAt: z.iso.datetime(),
  })
  .meta({ id: 'Price' });
export type PriceView = z.infer<typeof PriceView>;
export const PricePage = pageOf(PriceView).meta({ id: 'PricePage' });

export const PriceQuery = PageQuery.extend({ productId: z.string().max(64).optional(), active: activeOnly });
export type PriceQuery = z.infer<typeof PriceQuery>;

export const PublicPriceView = z
  .object({
    id: z.string(),
    productId: z.string(),
    product: z.object({ name: z.string(), features: FeaturesView }),
    amount: z.int(),
    currency,
    recurring: recurringView,
    maxQuantity: z.int(),
  })
  .meta({ id: 'PublicPrice' });
export type PublicPriceView = z.infer<typeof PublicPriceView>;
export const PublicPricePage = pageOf(PublicPriceView).meta({ id: 'PublicPricePage' });
