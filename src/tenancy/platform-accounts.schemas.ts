import { z } from 'zod';
import { PageQuery, pageOf } from '../common/pagination.js';
import { PLATFORM_CODES } from '../platforms/platform.js';

const platform = z.enum(PLATFORM_CODES);
const name = z.string().trim().min(1).max(100);
const credentials = z.record(z.string().max(40), z.string().max(20_000)).meta({
  description: 'What the platform needs; GET /v1/capabilities lists the fields. Write-only: answers show fingerprints.',
});

export const CreatePlatformAccount = z
  .strictObject({
    platform,
    platformAppId: z.string().max(64).optional().meta({
      description: "The platform's id of the mini-program. In a test app the sandbox makes one when it is left out.",
    }),
    name: name.optional(),
    credentials: credentials.optional().meta({
      description: 'In a test app the sandbox generates what is left out; a live app needs them all.',
    }),
  })
  .meta({ id: 'CreatePlatformAccount' });
export type CreatePlatformAccount = z.infer<typeof CreatePlatformAccount>;

export const UpdatePlatformAccount = z
  .strictObject({
    name,
    status: z.enum(['active', 'disabled']),
    credentials: z.record(z.string().max(40), z.string().max(20_000).nullable()).meta({
      description: 'Fields left out keep their value; null takes one away.',
    }),
  })
  .partial()
  .meta({ id: 'UpdatePlatformAccount' });
export type UpdatePlatformAccount = z.infer<typeof UpdatePlatformAccount>;

export const PlatformAccountView = z
  .object({
    id: z.string(),
    platform,
    platformAppId: z.string(),
    name: z.string(),
    status: z.enum(['active', 'disabled']),
    credentials: z.record(z.string(), z.string()).meta({
      description: 'Public fields as they are; of secret ones the first 16 digits of their SHA-256.',
    }),
    createdAt: z.iso.datetime(),
    updatedAt: z.iso.datetime(),
  })
  .meta({ id: 'PlatformAccount' });
export type PlatformAccountView = z.infer<typeof PlatformAccountView>;
export const PlatformAccountPage = pageOf(PlatformAccountView).meta({ id: 'PlatformAccountPage' });

export const PlatformAccountQuery = PageQuery.extend({ platform: platform.optional() });
export type PlatformAccountQuery = z.infer<typeof PlatformAccountQuery>;

export const AccountCheckView = z
  .object({
    ok: z.boolean(),
    checks: z.array(z.object({ name: z.string(), ok: z.boolean(), detail: z.string() })),
  })
  .meta({ id: 'AccountCheck' });
export type AccountCheckView = z.infer<typeof AccountCheckView>;
