import { problem } from '../common/problems.js';
import type { MerchantAccount, PlatformSettings } from '../platforms/payment-platform.js';
import type { Platforms } from '../platforms/registry.js';
import { parseSettings, type SettingsByPlatform } from '../tenancy/platform-settings.js';

/**
 * The settings of an attempt: the payment's, else the price's, else the merchant account's, in a test app else the
 * sandbox's stock. Throws `validation_failed`, and `platform_settings_missing` naming the field.
 */
export function resolveSettings(
  platforms: Platforms,
  { platform, mode, defaults }: MerchantAccount,
  layers: { price: SettingsByPlatform; payment: SettingsByPlatform },
): PlatformSettings {
  const { testSettings, requiredSettings } = platforms.payments(platform);
  const merged = {
    ...(mode === 'test' ? testSettings : {}),
    ...defaults,
    ...layers.price[platform],
    ...layers.payment[platform],
  };
  // Prices and accounts were checked when they were written: what is wrong is the payment's.
  const settings = parseSettings(platforms, platform, merged, `platformOptions.${platform}`);
  const missing = requiredSettings.find((field) => settings[field] === undefined);
  if (missing === undefined) return settings;
  throw problem(
    'platform_settings_missing',
    `${platform} needs ${missing}: give it in platformOptions.${platform}, in the price's platforms or in the merchant account's defaults.`,
    { platform, field: missing },
  );
}
