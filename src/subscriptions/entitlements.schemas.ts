import { z } from 'zod';
import { FeatureName, FeatureValue } from '../catalog/products.schemas.js';
import { PageQuery, pageOf } from '../common/pagination.js';

const source = z.object({ type: z.enum(['subscription', 'payment', 'grant']), id: z.string() });

export const EntitlementView = z
  .object({
    feature: z.string(),
    value: FeatureValue,
    expiresAt: z.iso.datetime().nullable().meta({ description: 'null: until it is taken back.' }),
    graceUntil: z.iso.datetime().nullable().meta({
      description: 'Until when it lasts although the next period is not paid.',
    }),
    source,
    usage: z
      .object({ used: z.int(), limit: z.int(), periodStart: z.iso.datetime() })
      .optional()
      .meta({ description: 'Of a metered feature.' }),
  })
  .meta({ id: 'Entitlement' });
export type EntitlementView = z.infer<typeof EntitlementView>;

export const EntitlementsView = z
  .object({
    data: z.array(EntitlementView),
    snapshot: z.string().meta({
      description:
        'The same as a JWT (`typ: entitlements+jwt`) for a cold start without a network; verify it with the JWKS.',
    }),
  })
  .meta({ id: 'Entitlements' });
export type EntitlementsView = z.infer<typeof EntitlementsView>;

export const CreateGrant = z
  .strictObject({
    feature: FeatureName,
    value: FeatureValue.default(true),
    expiresAt: z.iso.datetime({ offset: true }).optional().meta({ description: 'Business time; left out: for ever.' }),
    reason: z.string().max(200).optional(),
  })
  .meta({ id: 'CreateGrant' });
export type CreateGrant = z.infer<typeof CreateGrant>;

export const GrantView = z
  .object({
    id: z.string(),
    userId: z.string(),
    feature: z.string(),
    value: FeatureValue,
    expiresAt: z.iso.datetime().nullable(),
    reason: z.string().nullable(),
    revokedAt: z.iso.datetime().nullable(),
    createdAt: z.iso.datetime(),
  })
  .meta({ id: 'Grant' });
export type GrantView = z.infer<typeof GrantView>;
export const GrantPage = pageOf(GrantView).meta({ id: 'GrantPage' });
export const GrantQuery = PageQuery;

export const RecordUsage = z
  .strictObject({
    eventId: z.string().min(1).max(100).meta({ description: 'Yours; the same one counts once.' }),
    userId: z.string().max(64),
    feature: FeatureName,
    quantity: z.int().min(1).max(1_000_000_000).default(1),
    force: z
      .boolean()
      .default(false)
      .meta({ description: 'Counts it although the limit is reached: it has happened.' }),
  })
  .meta({ id: 'RecordUsage' });
export type RecordUsage = z.infer<typeof RecordUsage>;

export const UsageView = z
  .object({
    eventId: z.string(),
    userId: z.string(),
    feature: z.string(),
    quantity: z.int(),
    used: z.int().meta({ description: 'In the current period.' }),
    limit: z.int(),
    periodStart: z.iso.datetime(),
  })
  .meta({ id: 'Usage' });
export type UsageView = z.infer<typeof UsageView>;
