import { z } from 'zod';
import type { PlatformAccount } from '../platform.js';

export const WechatCredentials = z.strictObject({
  secret: z
    .string()
    .regex(/^[\x21-\x7e]{1,128}$/, 'is the AppSecret without spaces')
    .meta({ description: 'AppSecret of the mini-program.' }),
  messageToken: z
    .string()
    .regex(/^[A-Za-z0-9]{3,32}$/, 'is 3 to 32 letters and digits')
    .optional()
    .meta({ description: 'Token of the message push, as set in the console.' }),
  messageAesKey: z
    .string()
    .regex(/^[A-Za-z0-9]{43}$/, 'is 43 letters and digits')
    .optional()
    .meta({ description: 'EncodingAESKey of the message push, as set in the console.' }),
});
export type WechatCredentials = z.infer<typeof WechatCredentials>;

/** Checked when the account was saved. */
export const credentialsOf = ({ credentials }: PlatformAccount): WechatCredentials => credentials as WechatCredentials;
