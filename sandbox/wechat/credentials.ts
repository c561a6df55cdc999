import { z } from 'zod';
import { randomAlphanumeric, randomHex } from '../core/random.js';

export interface WechatCredentials {
  /** AppSecret. */
  readonly secret: string;
  /** Token of the message push. */
  readonly messageToken: string;
  /** EncodingAESKey of the message push: 43 letters and digits. */
  readonly messageAesKey: string;
}

const givenSchema = z.strictObject({
  secret: z.string().min(1).max(128).optional(),
  messageToken: z
    .string()
    .regex(/^[A-Za-z0-9]{3,32}$/, '3 to 32 letters and digits')
    .optional(),
  messageAesKey: z
    .string()
    .regex(/^[A-Za-z0-9]{43}$/, '43 letters and digits')
    .optional(),
});

/** Throws ZodError. */
export function issueCredentials(given: unknown, previous?: WechatCredentials): WechatCredentials {
  const settings = givenSchema.parse(given);
  return {
    secret: settings.secret ?? previous?.secret ?? randomHex(32),
    messageToken: settings.messageToken ?? previous?.messageToken ?? randomAlphanumeric(32),
    messageAesKey: settings.messageAesKey ?? previous?.messageAesKey ?? randomAlphanumeric(43),
  };
}
