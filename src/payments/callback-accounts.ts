import { Injectable } from '@nestjs/common';
import { isId } from '../common/ids.js';
import type { MerchantAccount } from '../platforms/payment-platform.js';
import type { PlatformAccount, PlatformCode } from '../platforms/platform.js';
import { Platforms } from '../platforms/registry.js';
import type { AppRecord } from '../tenancy/caller.js';
import { MerchantAccounts } from '../tenancy/merchant-accounts.service.js';
import { PlatformAccounts } from '../tenancy/platform-accounts.service.js';

/** The account that an address names; it fixes app, platform and keys. */
export interface CallbackAccount {
  readonly id: string;
  readonly app: AppRecord;
  readonly platform: PlatformCode;
  readonly keys: MerchantAccount | PlatformAccount;
}

@Injectable()
export class CallbackAccounts {
  constructor(
    private readonly programs: PlatformAccounts,
    private readonly merchants: MerchantAccounts,
    private readonly platforms: Platforms,
  ) {}

  /** Undefined: there is none, or its platform sends callbacks to the other kind of account. */
  async find(id: string): Promise<CallbackAccount | undefined> {
    const isMerchant = isId('merchantAccount', id);
    if (!isMerchant && !isId('platformAccount', id)) return undefined;
    const found = await (isMerchant ? this.merchants.byId(id) : this.programs.byId(id));
    if (!found) return undefined;
    const { app, account } = found;
    const { callbacksTo } = this.platforms.payments(account.platform);
    if ((callbacksTo === 'merchant') !== isMerchant) return undefined;
    return { id, app, platform: account.platform, keys: account };
  }
}
