import { z } from 'zod';
import { problem } from '../common/problems.js';
import type { PlatformSettings } from '../platforms/payment-platform.js';
import { PLATFORM_CODES, type PlatformCode } from '../platforms/platform.js';
import type { Platforms } from '../platforms/registry.js';

/** What only one platform wants of a payment; the platform's own schema checks it, see `parseSettings`. */
export const settings = z.record(z.string().max(64), z.unknown());

/** `{wechat?: {…}, alipay?: {…}, …}`, as a price and a payment have it (design decision 15). */
export const settingsByPlatform = z.partialRecord(z.enum(PLATFORM_CODES), settings).meta({
  description: 'What only one platform wants of a payment, per platform; GET /v1/capabilities lists the fields.',
});
export type SettingsByPlatform = Readonly<Partial<Record<PlatformCode, PlatformSettings>>>;

/**
 * Checks settings by the platform's own schema; `path` says where they stand in the body. Throws `validation_failed`
 * naming the fields, and `platform_capability_missing` where the platform takes no payments.
 */
export function parseSettings(platforms: Platforms, code: PlatformCode, given: object, path: string): PlatformSettings {
  const parsed = platforms.payments(code).settings.safeParse(given);
  if (parsed.success) return parsed.data;
  const errors = parsed.error.issues.map((issue) => ({
    path: [path, ...issue.path].join('.'),
    message: issue.message,
  }));
  throw problem('validation_failed', `These are not settings of payments on ${code}.`, { errors });
}

/** The same for the settings of several platforms. */
export const parseSettingsByPlatform = (
  platforms: Platforms,
  given: SettingsByPlatform,
  path: string,
): SettingsByPlatform =>
  Object.fromEntries(
    Object.entries(given).map(([code, one]) => [
      code,
      parseSettings(platforms, code as PlatformCode, one, `${path}.${code}`),
    ]),
  );
