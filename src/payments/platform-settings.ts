import { problem } from '../common/problems.js';
import type { MerchantAccount, PlatformPayments, PlatformSettings } from '../platforms/payment-platform.js';
import type { PlatformCode } from '../platforms/platform.js';

export type SettingsByPlatform = Readonly<Partial<Record<PlatformCode, PlatformSettings | undefined>>>;

/**
 * The settings of an attempt: the payment's, else the price's, else the merchant account's, in a test app else the
 * sandbox's stock. Throws `validation_failed`, and `platform_settings_missing` naming the field.
 */
export function resolveSettings(
  payments: PlatformPayments,
  merchant: MerchantAccount,
  layers: { price: SettingsByPlatform; payment: SettingsByPlatform },
): PlatformSettings {
  const { platform } = merchant;
  const merged = {
    ...(merchant.mode === 'test' ? payments.testSettings : {}),
    ...merchant.defaults,
    ...layers.price[platform],
    ...layers.payment[platform],
  };
  const parsed = payments.settings.safeParse(merged);
  if (!parsed.success) {
    const errors = parsed.error.issues.map(({ path, message }) => ({
      path: ['platformOptions', platform, ...path].join('.'),
      message,
    }));
    throw problem('validation_failed', `These are not settings of ${platform}.`, { errors });
  }
  const missing = payments.requiredSettings.find((field) => parsed.data[field] === undefined);
  if (missing === undefined) return parsed.data;
  throw problem(
    'platform_settings_missing',
    `${platform} needs ${missing}: give it in platformOptions.${platform}, in the price's platforms or in the merchant account's defaults.`,
    { platform, field: missing },
  );
}
