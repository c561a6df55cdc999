import { createPublicKey } from 'node:crypto';
import { z } from 'zod';
import type { PlatformAccount } from '../platform.js';
import { rsaPrivateKey, rsaPublicKey } from './keys.js';

const privateKey = z
  .string()
  .max(10_000)
  .refine((text) => rsaPrivateKey(text) !== undefined, 'is an RSA private key of at least 2048 bits, as PEM or base64');
const publicKey = z
  .string()
  .max(10_000)
  .refine((text) => rsaPublicKey(text) !== undefined, 'is an RSA public key of at least 2048 bits, as PEM or base64');

export const DouyinCredentials = z.strictObject({
  secret: z
    .string()
    .regex(/^[\x21-\x7e]{1,128}$/, 'is the AppSecret without spaces')
    .meta({ description: 'AppSecret of the mini-program.' }),
  appPrivateKey: privateKey.optional().meta({
    description: 'Private half of the application key, PEM or base64. Needed for phone numbers by code.',
  }),
  previousAppPrivateKey: privateKey.optional().meta({
    description: 'The application key before the last upload: answers that were under way still need it.',
  }),
  keyVersion: z
    .string()
    .regex(/^\d{1,9}$/, 'is a number')
    .optional()
    .meta({ description: 'The version that the console shows for the application key; the first is 1.' }),
  platformPublicKey: publicKey.optional().meta({
    description: "The platform's public key as the console shows it, PEM or base64.",
  }),
  messageToken: z
    .string()
    .regex(/^[A-Za-z0-9]{3,32}$/, 'is Token of 3 to 32 letters and digits')
    .optional()
    .meta({ description: 'Token of the message push (消息推送) in the console. Needed to believe customer messages.' }),
  messageAesKey: z
    .string()
    .regex(/^[A-Za-z0-9]{43}$/, 'is EncodingAESKey of 43 letters and digits')
    .optional()
    .meta({ description: 'EncodingAESKey of the message push, which is always encrypted.' }),
});
export type DouyinCredentials = z.infer<typeof DouyinCredentials>;

/** Checked when the account was saved. */
export const credentialsOf = ({ credentials }: PlatformAccount): DouyinCredentials => credentials as DouyinCredentials;

/** What one uploads in the console: of the application key only the public half. Not checked yet, so it may be no key. */
export function toConsole({
  secret,
  appPrivateKey,
  keyVersion,
  messageToken,
  messageAesKey,
}: Readonly<Record<string, string>>): Record<string, string> {
  const key = appPrivateKey === undefined ? undefined : rsaPrivateKey(appPrivateKey);
  return {
    ...(secret === undefined ? {} : { secret }),
    ...(key ? { appPublicKey: createPublicKey(key).export({ type: 'spki', format: 'pem' }).toString() } : {}),
    ...(keyVersion === undefined ? {} : { keyVersion }),
    ...(messageToken === undefined ? {} : { messageToken }),
    ...(messageAesKey === undefined ? {} : { messageAesKey }),
  };
}
