import { z } from 'zod';
import { randomHex } from '../core/random.js';

export interface WechatCredentials {
  /** AppSecret. */
  readonly secret: string;
}

const givenSchema = z.strictObject({ secret: z.string().min(1).max(128).optional() });

/** Throws ZodError. */
export function issueCredentials(given: unknown, previous?: WechatCredentials): WechatCredentials {
  const { secret } = givenSchema.parse(given);
  return { secret: secret ?? previous?.secret ?? randomHex(32) };
}
