import { Injectable } from '@nestjs/common';
import { problem } from '../common/problems.js';
import type { MerchantAccount } from '../platforms/payment-platform.js';
import type { AccountCheck, PlatformAccount } from '../platforms/platform.js';
import { Platforms } from '../platforms/registry.js';
import { MERCHANTS } from './account-kind.js';
import { Accounts, AccountTools } from './accounts.service.js';
import type { CommonAccountView } from './accounts.schemas.js';
import type { AppRecord, RequestContext, ServerCaller } from './caller.js';
import { MerchantAccountRow } from './merchant-account.entity.js';
import type { CreateMerchantAccount, MerchantAccountView, UpdateMerchantAccount } from './merchant-accounts.schemas.js';
import { PlatformAccounts } from './platform-accounts.service.js';
import { parseSettings } from './platform-settings.js';

/** The payment contracts of an app with the platforms, with their sealed credentials. */
@Injectable()
export class MerchantAccounts extends Accounts<MerchantAccountRow, MerchantAccount, MerchantAccountView> {
  constructor(
    tools: AccountTools,
    private readonly platforms: Platforms,
    private readonly programs: PlatformAccounts,
  ) {
    super(MERCHANTS, tools);
  }

  /**
   * Where money goes that somebody pays in a mini-program: to the merchant account that this names as its default, else
   * to the app's only active one on that platform. 422 `merchant_account_missing` when there is none, or when the
   * default is disabled (the money must not go elsewhere silently); `merchant_account_ambiguous` when several fit.
   */
  async forProgram(app: AppRecord, program: PlatformAccount): Promise<MerchantAccount> {
    const chosen = await this.programs.defaultMerchantOf(program);
    if (chosen !== null) {
      const { row, account } = await this.openedIn(app.id, app.mode, chosen);
      if (row.status === 'active') return account;
      throw problem(
        'merchant_account_missing',
        `The mini-program ${program.id} pays to ${chosen}, which is disabled: give it another defaultMerchantAccountId.`,
      );
    }
    const { platform } = program;
    const [found, another] = await this.#active(app, platform);
    if (!found) {
      throw problem(
        'merchant_account_missing',
        `This app has no active ${platform} merchant: create one with POST /v1/merchant-accounts.`,
      );
    }
    if (another) {
      throw problem(
        'merchant_account_ambiguous',
        `This app has several ${platform} merchants: give the mini-program ${program.id} a defaultMerchantAccountId.`,
      );
    }
    return found;
  }

  create({ app }: ServerCaller, body: CreateMerchantAccount, context: RequestContext): Promise<MerchantAccountView> {
    const { platform, merchantId: ownId, name, credentials = {}, defaults } = body;
    return this.add(
      app,
      { platform, ownId, name, credentials, fields: Object.keys(body) },
      async () => this.#columns(platform, defaults),
      context,
    );
  }

  update({ app }: ServerCaller, id: string, body: UpdateMerchantAccount, context: RequestContext) {
    return this.change(app, id, body, async ({ platform }) => this.#columns(platform, body.defaults), context);
  }

  /** Tries the merchant, and the mini-programs whose payments go to it, and says in plain words what is wrong. */
  async verify({ app }: ServerCaller, id: string): Promise<AccountCheck> {
    const { row, account } = this.opened.opened(await this.find(app.id, id), app.mode);
    const [only, another] = await this.#active(app, row.platform);
    const otherwise = another ? undefined : only?.id;
    const programs = (await this.programs.active(app, row.platform)).filter(
      (program) => (program.row.defaultMerchantAccountId ?? otherwise) === id,
    );
    return this.platforms.payments(row.platform).verifyMerchant(
      account,
      programs.map((program) => program.account),
    );
  }

  protected override toAccount(row: MerchantAccountRow, mode: AppRecord['mode']): MerchantAccount {
    const { appId, id, platform, merchantId } = row;
    const credentials = this.tools.secrets.open(MERCHANTS, row);
    return Object.freeze({ appId, id, platform, merchantId, mode, credentials, defaults: Object.freeze(row.defaults) });
  }

  protected override toView({ merchantId, defaults }: MerchantAccountRow, common: CommonAccountView) {
    return { ...common, merchantId, defaults };
  }

  async #active(app: AppRecord, platform: PlatformAccount['platform']): Promise<MerchantAccount[]> {
    return (await this.opened.active(app)).map(({ account }) => account).filter((one) => one.platform === platform);
  }

  #columns(platform: PlatformAccount['platform'], defaults: object | undefined): Partial<MerchantAccountRow> {
    return defaults ? { defaults: parseSettings(this.platforms, platform, defaults, 'defaults') } : {};
  }
}
