import { z } from 'zod';

const idSchema = z.string().regex(/^[A-Za-z0-9_-]{1,64}$/);

const common = {
  platform: z.string(),
  credentials: z.unknown().optional(),
  entity: z.string().min(1).max(64).optional(),
  callbackOrigin: z
    .url({ protocol: /^https?$/, error: 'a URL such as http://127.0.0.1:3000' })
    .transform((url) => new URL(url).origin)
    .optional(),
};

const pushSchema = z.strictObject({
  /** Only within the account's callbackOrigin. */
  url: z.url({ protocol: /^https?$/, error: 'a URL such as http://127.0.0.1:3000/callbacks' }).optional(),
  mode: z.enum(['plain', 'compatible', 'secure']).optional(),
  format: z.enum(['json', 'xml']).optional(),
  /** Whether what became of each message is pushed too; true by default. */
  sent: z.boolean().optional(),
});
export type PushSettings = z.output<typeof pushSchema>;
/** Of a merchant: where the platform tells of contracts that ended. */
const merchantPushSchema = pushSchema.pick({ url: true });

/** The body of `POST /_/accounts`. */
export const registrationSchema = z.discriminatedUnion(
  'kind',
  [
    z.strictObject({
      ...common,
      kind: z.literal('program'),
      platformAppId: idSchema.optional(),
      unionid: z.boolean().optional(),
      push: pushSchema.optional(),
    }),
    z.strictObject({
      ...common,
      kind: z.literal('merchant'),
      merchantId: idSchema.optional(),
      push: merchantPushSchema.optional(),
    }),
  ],
  { error: 'only the kinds "program" and "merchant" can be registered' },
);
export type Registration = z.output<typeof registrationSchema>;
