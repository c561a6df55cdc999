import { z } from 'zod';
import { pageOf } from '../common/pagination.js';
import { accountChanges, CommonAccountView, name, newCredentials, platform } from './accounts.schemas.js';

const defaultMerchantAccountId = z.string().max(64).nullable().meta({
  description: 'Where payments in this mini-program go; needed while the app has several merchants on the platform.',
});

export const CreatePlatformAccount = z
  .strictObject({
    platform,
    platformAppId: z.string().max(64).optional().meta({
      description: "The platform's id of the mini-program. In a test app the sandbox makes one when it is left out.",
    }),
    name: name.optional(),
    credentials: newCredentials.optional().meta({
      description: 'In a test app the sandbox generates what is left out; a live app needs them all.',
    }),
    defaultMerchantAccountId: defaultMerchantAccountId.optional(),
  })
  .meta({ id: 'CreatePlatformAccount' });
export type CreatePlatformAccount = z.infer<typeof CreatePlatformAccount>;

export const UpdatePlatformAccount = z
  .strictObject({ ...accountChanges, defaultMerchantAccountId })
  .partial()
  .meta({ id: 'UpdatePlatformAccount' });
export type UpdatePlatformAccount = z.infer<typeof UpdatePlatformAccount>;

export const PlatformAccountView = CommonAccountView.extend({
  platformAppId: z.string(),
  defaultMerchantAccountId: z.string().nullable(),
}).meta({ id: 'PlatformAccount' });
export type PlatformAccountView = z.infer<typeof PlatformAccountView>;
export const PlatformAccountPage = pageOf(PlatformAccountView).meta({ id: 'PlatformAccountPage' });
