import { z } from 'zod';
import { PageQuery, pageOf } from '../common/pagination.js';

const MOST_FEATURES = 100;

/** WeChat refuses characters outside the basic plane in what the payer reads, so no product is called so anywhere. */
const name = z
  .string()
  .trim()
  .min(1)
  .max(100)
  .regex(/^[^\p{Cc}\u{10000}-\u{10ffff}]*$/u, 'has an emoji or a control character, which platforms refuse')
  .meta({ description: 'What the payer reads.' });
export const FeatureName = z.string().regex(/^[A-Za-z][A-Za-z0-9_.-]{0,39}$/);
export const FeatureValue = z
  .union([z.boolean(), z.int().min(0), z.strictObject({ limit: z.int().min(0) })])
  .meta({ description: 'On or off, how many, or `{limit}`: how much use in each period.' });
export type FeatureValue = z.infer<typeof FeatureValue>;
const features = z
  .record(FeatureName, FeatureValue)
  .refine((entries) => Object.keys(entries).length <= MOST_FEATURES, `has more than ${MOST_FEATURES} features`)
  .meta({ description: 'What whoever buys it gets. Replaces what was there.' });
const metadata = z
  .record(z.string().min(1).max(40), z.string().max(500))
  .refine((entries) => Object.keys(entries).length <= 50, 'has more than 50 entries')
  .meta({ description: 'Whatever the developer wants to keep with the product. Replaces what was there.' });

export const CreateProduct = z
  .strictObject({
    name,
    features: features.default({}),
    active: z.boolean().default(true),
    metadata: metadata.default({}),
  })
  .meta({ id: 'CreateProduct' });
export type CreateProduct = z.infer<typeof CreateProduct>;

export const UpdateProduct = z
  .strictObject({ name, features, active: z.boolean(), metadata })
  .partial()
  .meta({ id: 'UpdateProduct' });
export type UpdateProduct = z.infer<typeof UpdateProduct>;

export const FeaturesView = z.record(z.string(), FeatureValue);

export const ProductView = z
  .object({
    id: z.string(),
    name: z.string(),
    features: FeaturesView,
    active: z.boolean().meta({ description: 'Prices of a product that is not active cannot be paid.' }),
    metadata: z.record(z.string(), z.string()),
    createdAt: z.iso.datetime(),
    updatedAt: z.iso.datetime(),
  })
  .meta({ id: 'Product' });
export type ProductView = z.infer<typeof ProductView>;
export const ProductPage = pageOf(ProductView).meta({ id: 'ProductPage' });

/** Texts, as a query has nothing else. */
export const activeOnly = z.enum(['true', 'false']).optional();
export const ProductQuery = PageQuery.extend({ active: activeOnly });
export type ProductQuery = z.infer<typeof ProductQuery>;
