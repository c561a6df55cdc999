import { Injectable } from '@nestjs/common';
import { isId } from '../common/ids.js';
import type { Acknowledgement, AddressCheck, CallbackReader, HttpReply, PlatformCallback, RawCallback } from '../platforms/callback.js'; // prettier-ignore
import type { PlatformCode } from '../platforms/platform.js';
import { Platforms } from '../platforms/registry.js';
import type { AppRecord } from '../tenancy/caller.js';
import { MerchantAccounts } from '../tenancy/merchant-accounts.service.js';
import { PlatformAccounts } from '../tenancy/platform-accounts.service.js';

/** The account that an address names; it fixes app, platform and keys. */
export interface CallbackAccount {
  readonly id: string;
  readonly app: AppRecord;
  readonly platform: PlatformCode;
  /** With the keys of the account: see CallbackReader. */
  read(raw: RawCallback): Promise<PlatformCallback | AddressCheck>;
  acknowledge(acknowledgement: Acknowledgement): HttpReply;
}

@Injectable()
export class CallbackAccounts {
  constructor(
    private readonly programs: PlatformAccounts,
    private readonly merchants: MerchantAccounts,
    private readonly platforms: Platforms,
  ) {}

  /** Undefined: there is none, or its platform sends nothing to that kind of account. */
  async find(id: string): Promise<CallbackAccount | undefined> {
    if (isId('merchantAccount', id)) {
      const found = await this.merchants.byId(id);
      return found && addressOf(found, this.platforms.callbacks(found.account.platform).merchant);
    }
    if (!isId('platformAccount', id)) return undefined;
    const found = await this.programs.byId(id);
    return found && addressOf(found, this.platforms.callbacks(found.account.platform).program);
  }
}

const addressOf = <Account extends { readonly id: string; readonly platform: PlatformCode }>(
  { app, account }: { readonly app: AppRecord; readonly account: Account },
  reader: CallbackReader<Account> | undefined,
): CallbackAccount | undefined =>
  reader && {
    id: account.id,
    app,
    platform: account.platform,
    read: (raw) => reader.read(account, raw),
    acknowledge: (acknowledgement) => reader.acknowledge(acknowledgement),
  };
