import { z } from 'zod';
import { pageOf } from '../common/pagination.js';
import { accountChanges, CommonAccountView, name, newCredentials, platform } from './accounts.schemas.js';
import { settings } from './platform-settings.js';

const defaults = settings.meta({
  description:
    'What only this platform wants of payments, for those that do not say otherwise; GET /v1/capabilities lists the fields. Replaces what was there.',
});

export const CreateMerchantAccount = z
  .strictObject({
    platform,
    merchantId: z.string().max(64).optional().meta({
      description: "The platform's id of the merchant. In a test app the sandbox makes one when it is left out.",
    }),
    name: name.optional(),
    credentials: newCredentials.optional().meta({
      description: 'In a test app the sandbox generates what is left out; a live app needs them all.',
    }),
    defaults: defaults.optional(),
  })
  .meta({ id: 'CreateMerchantAccount' });
export type CreateMerchantAccount = z.infer<typeof CreateMerchantAccount>;

export const UpdateMerchantAccount = z
  .strictObject({ ...accountChanges, defaults })
  .partial()
  .meta({ id: 'UpdateMerchantAccount' });
export type UpdateMerchantAccount = z.infer<typeof UpdateMerchantAccount>;

export const MerchantAccountView = CommonAccountView.extend({ merchantId: z.string(), defaults: settings }).meta({
  id: 'MerchantAccount',
});
export type MerchantAccountView = z.infer<typeof MerchantAccountView>;
export const MerchantAccountPage = pageOf(MerchantAccountView).meta({ id: 'MerchantAccountPage' });
