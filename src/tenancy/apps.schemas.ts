import { z } from 'zod';
import { pageOf } from '../common/pagination.js';

const name = z.string().trim().min(1).max(100);

export const CreateApp = z
  .strictObject({
    name,
    mode: z.enum(['test', 'live']).meta({
      description: '`test` talks only to the sandbox, `live` only to the real platforms. Fixed for ever.',
    }),
  })
  .meta({ id: 'CreateApp' });
export type CreateApp = z.infer<typeof CreateApp>;

export const UpdateApp = z.strictObject({ name }).meta({ id: 'UpdateApp' });
export type UpdateApp = z.infer<typeof UpdateApp>;

export const AppView = z
  .object({ id: z.string(), name: z.string(), mode: z.enum(['test', 'live']), createdAt: z.iso.datetime() })
  .meta({ id: 'App' });
export type AppView = z.infer<typeof AppView>;
export const AppPage = pageOf(AppView).meta({ id: 'AppPage' });

export const CreateApiKey = z.strictObject({ name }).meta({ id: 'CreateApiKey' });
export type CreateApiKey = z.infer<typeof CreateApiKey>;

export const ApiKeyView = z
  .object({
    id: z.string(),
    name: z.string(),
    hint: z.string().meta({ description: 'The last four characters of the key.' }),
    createdAt: z.iso.datetime(),
    lastUsedAt: z.iso.datetime().nullable().meta({ description: 'To the minute.' }),
    revokedAt: z.iso.datetime().nullable(),
  })
  .meta({ id: 'ApiKey' });
export type ApiKeyView = z.infer<typeof ApiKeyView>;
export const ApiKeyPage = pageOf(ApiKeyView).meta({ id: 'ApiKeyPage' });

export const NewApiKeyView = ApiKeyView.extend({
  secret: z.string().meta({ description: 'The key itself. Shown this once; keep it on your server.' }),
}).meta({ id: 'NewApiKey' });
export type NewApiKeyView = z.infer<typeof NewApiKeyView>;
