import { z } from 'zod';
import type { PlatformAccount } from '../platform.js';

export const WechatCredentials = z.strictObject({
  secret: z
    .string()
    .regex(/^[\x21-\x7e]{1,128}$/, 'is the AppSecret without spaces')
    .meta({ description: 'AppSecret of the mini-program.' }),
});
export type WechatCredentials = z.infer<typeof WechatCredentials>;

/** Checked when the account was saved. */
export const credentialsOf = ({ credentials }: PlatformAccount): WechatCredentials => credentials as WechatCredentials;
