import { Injectable } from '@nestjs/common';
import { Config } from '../config/config.js';
import type { PayAccounts } from '../platforms/payment-platform.js';
import type { PlatformCode } from '../platforms/platform.js';
import { Platforms } from '../platforms/registry.js';
import type { AppRecord } from '../tenancy/caller.js';
import { MerchantAccounts } from '../tenancy/merchant-accounts.service.js';
import { PlatformAccounts } from '../tenancy/platform-accounts.service.js';
import type { AttemptRow } from './rows.js';

/** The accounts through which payments run, secrets opened; cached, so asking costs no query. */
@Injectable()
export class PayAccountsBook {
  constructor(
    private readonly programs: PlatformAccounts,
    private readonly merchants: MerchantAccounts,
    private readonly platforms: Platforms,
    private readonly config: Config,
  ) {}

  /** For a new attempt. Throws 422 problems when accounts are missing or ambiguous, or the platform takes no money. */
  async choose(app: AppRecord, platform: PlatformCode, platformAppId?: string): Promise<PayAccounts> {
    this.platforms.payments(platform);
    const program = await this.programs.resolve(app, platform, platformAppId);
    return { program, merchant: await this.merchants.forProgram(app, program) };
  }

  /** Those of an attempt, whatever became of them since. */
  async of(app: AppRecord, attempt: Pick<AttemptRow, 'platformAccountId' | 'merchantAccountId'>): Promise<PayAccounts> {
    const [program, merchant] = await Promise.all([
      this.programs.open(app.id, app.mode, attempt.platformAccountId),
      this.merchants.open(app.id, app.mode, attempt.merchantAccountId),
    ]);
    return { program, merchant };
  }

  /** Where the platform is to send what concerns such a payment. */
  notifyUrl({ program, merchant }: PayAccounts): string {
    const { callbacksTo } = this.platforms.payments(program.platform);
    return `${this.config.publicUrl}/callbacks/${callbacksTo === 'program' ? program.id : merchant.id}`;
  }
}
