import type { ZodType } from 'zod';
import type { PlatformCode } from '../platforms/platform.js';
import type { Platforms } from '../platforms/registry.js';
import type { AccountRow } from './account.entity.js';
import { MerchantAccountRow } from './merchant-account.entity.js';
import { PlatformAccountRow } from './platform-account.entity.js';

/** In what mini-programs and merchants differ, where they are registered, kept and changed alike. */
export interface AccountKind<Row extends AccountRow = AccountRow> {
  readonly noun: 'platform_account' | 'merchant_account';
  readonly id: 'platformAccount' | 'merchantAccount';
  readonly entity: new () => Row;
  readonly table: string;
  readonly route: string;
  /** Name of the platform's own id, in bodies and rows as at the sandbox. */
  readonly ownId: 'platformAppId' | 'merchantId';
  readonly registeredAs: 'program' | 'merchant';
  /** In a sentence. */
  readonly called: string;
  /** Throws `platform_capability_missing` where the platform has no such accounts. */
  describe(platforms: Platforms, code: PlatformCode): AccountDescription;
}

/** What a platform says of one kind of account; compare PlatformDescription. */
export interface AccountDescription {
  readonly ownId: ZodType<string>;
  readonly credentials: ZodType<object>;
  readonly secretFields: readonly string[];
  /** What one would type into the platform's console. */
  toConsole(credentials: Readonly<Record<string, string>>): Readonly<Record<string, string>>;
}

export const PROGRAMS: AccountKind<PlatformAccountRow> = {
  noun: 'platform_account',
  id: 'platformAccount',
  entity: PlatformAccountRow,
  table: 'platform_accounts',
  route: '/v1/platform-accounts',
  ownId: 'platformAppId',
  registeredAs: 'program',
  called: 'a mini-program',
  describe(platforms, code) {
    const platform = platforms.get(code);
    const { platformAppId: ownId, credentials, secretFields } = platform;
    return { ownId, credentials, secretFields, toConsole: (given) => platform.toConsole?.(given) ?? given };
  },
};

export const MERCHANTS: AccountKind<MerchantAccountRow> = {
  noun: 'merchant_account',
  id: 'merchantAccount',
  entity: MerchantAccountRow,
  table: 'merchant_accounts',
  route: '/v1/merchant-accounts',
  ownId: 'merchantId',
  registeredAs: 'merchant',
  called: 'a merchant',
  describe(platforms, code) {
    const { merchant } = platforms.payments(code);
    const { merchantId: ownId, credentials, secretFields } = merchant;
    return { ownId, credentials, secretFields, toConsole: (given) => merchant.toConsole?.(given) ?? given };
  },
};
