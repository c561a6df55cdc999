import { Injectable } from '@nestjs/common';
import { invalid, problem } from '../common/problems.js';
import type { AccountCheck, PlatformAccount, PlatformCode } from '../platforms/platform.js';
import { Platforms } from '../platforms/registry.js';
import { PROGRAMS } from './account-kind.js';
import { Accounts, AccountTools } from './accounts.service.js';
import type { CommonAccountView } from './accounts.schemas.js';
import type { AppRecord, RequestContext, ServerCaller } from './caller.js';
import { MerchantAccountRow } from './merchant-account.entity.js';
import type { OpenedAccount } from './opened-accounts.js';
import { PlatformAccountRow } from './platform-account.entity.js';
import type { CreatePlatformAccount, PlatformAccountView, UpdatePlatformAccount } from './platform-accounts.schemas.js';

/** The mini-programs of an app on the platforms, with their sealed credentials. */
@Injectable()
export class PlatformAccounts extends Accounts<PlatformAccountRow, PlatformAccount, PlatformAccountView> {
  constructor(
    tools: AccountTools,
    private readonly platforms: Platforms,
  ) {
    super(PROGRAMS, tools);
  }

  /**
   * The app's active account on a platform. `platformAppId` may be left out while there is only one; else 422
   * `platform_account_ambiguous`, and `platform_account_missing` when there is none.
   */
  async resolve(app: AppRecord, platform: PlatformCode, platformAppId?: string): Promise<PlatformAccount> {
    const [found, another] = (await this.opened.active(app)).filter(
      ({ row }) => row.platform === platform && (platformAppId === undefined || row.platformAppId === platformAppId),
    );
    if (!found) {
      throw problem(
        'platform_account_missing',
        `This app has no active ${platform} account${platformAppId ? ' with that platformAppId' : ''}: create one with POST /v1/platform-accounts.`,
      );
    }
    if (another) {
      throw problem('platform_account_ambiguous', `This app has several ${platform} accounts: send platformAppId.`);
    }
    return found.account;
  }

  /** The app's active mini-programs on a platform, each with its row. */
  async active(app: AppRecord, platform: PlatformCode): Promise<OpenedAccount<PlatformAccountRow, PlatformAccount>[]> {
    return (await this.opened.active(app)).filter(({ row }) => row.platform === platform);
  }

  /** The id of the merchant account that the mini-program names, null when it names none. */
  async defaultMerchantOf({ appId, mode, id }: PlatformAccount): Promise<string | null> {
    return (await this.openedIn(appId, mode, id)).row.defaultMerchantAccountId;
  }

  create({ app }: ServerCaller, body: CreatePlatformAccount, context: RequestContext): Promise<PlatformAccountView> {
    const { platform, platformAppId: ownId, name, credentials = {}, defaultMerchantAccountId } = body;
    return this.add(
      app,
      { platform, ownId, name, credentials, fields: Object.keys(body) },
      () => this.#columns(app, platform, defaultMerchantAccountId),
      context,
    );
  }

  update({ app }: ServerCaller, id: string, body: UpdatePlatformAccount, context: RequestContext) {
    const columns = ({ platform }: PlatformAccountRow) => this.#columns(app, platform, body.defaultMerchantAccountId);
    return this.change(app, id, body, columns, context);
  }

  /** Tries the credentials at the platform (or the sandbox) and says in plain words what is wrong. */
  async verify({ app }: ServerCaller, id: string): Promise<AccountCheck> {
    const { account } = this.opened.opened(await this.find(app.id, id), app.mode);
    return this.platforms.verifiable(account.platform).verify(account);
  }

  protected override toAccount(row: PlatformAccountRow, mode: AppRecord['mode']): PlatformAccount {
    const { appId, id, platform, platformAppId } = row;
    const credentials = this.tools.secrets.open(PROGRAMS, row);
    return Object.freeze({ appId, id, platform, platformAppId, mode, credentials });
  }

  protected override toView(row: PlatformAccountRow, common: CommonAccountView): PlatformAccountView {
    const { platformAppId, defaultMerchantAccountId } = row;
    return { ...common, platformAppId, defaultMerchantAccountId };
  }

  /** A default must be a merchant of this app on the same platform. */
  async #columns(app: AppRecord, platform: PlatformCode, merchant: string | null | undefined) {
    if (merchant === undefined) return {};
    if (merchant !== null) {
      const where = { appId: app.id, id: merchant, platform };
      if (!(await this.tools.db.dataSource.manager.existsBy(MerchantAccountRow, where))) {
        throw invalid('defaultMerchantAccountId', `this app has no such merchant account on ${platform}`);
      }
    }
    return { defaultMerchantAccountId: merchant };
  }
}
