import { z } from 'zod';
import { PageQuery } from '../common/pagination.js';
import { PLATFORM_CODES } from '../platforms/platform.js';

/** Fields that the bodies and answers of mini-programs and of merchants share. */
export const platform = z.enum(PLATFORM_CODES);
export const name = z.string().trim().min(1).max(100);
const status = z.enum(['active', 'disabled']);

export const newCredentials = z.record(z.string().max(40), z.string().max(20_000)).meta({
  description: 'What the platform needs; GET /v1/capabilities lists the fields. Write-only: answers show fingerprints.',
});

export const accountChanges = {
  name,
  status,
  credentials: z.record(z.string().max(40), z.string().max(20_000).nullable()).meta({
    description: 'Fields left out keep their value; null takes one away.',
  }),
};

export const CommonAccountView = z.object({
  id: z.string(),
  platform,
  name: z.string(),
  status,
  credentials: z.record(z.string(), z.string()).meta({
    description: 'Public fields as they are; of secret ones the first 16 digits of their SHA-256.',
  }),
  createdAt: z.iso.datetime(),
  updatedAt: z.iso.datetime(),
});
export type CommonAccountView = z.infer<typeof CommonAccountView>;

export const AccountQuery = PageQuery.extend({ platform: platform.optional() });
export type AccountQuery = z.infer<typeof AccountQuery>;

export const AccountCheckView = z
  .object({
    ok: z.boolean(),
    checks: z.array(z.object({ name: z.string(), ok: z.boolean(), detail: z.string() })),
  })
  .meta({ id: 'AccountCheck' });
export type AccountCheckView = z.infer<typeof AccountCheckView>;
