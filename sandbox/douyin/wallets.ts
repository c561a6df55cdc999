import { type Action, action, type World, walletSchema } from '../core/platform.js';
import type { Row, Table } from '../core/store.js';
import type { DouyinCredentials } from './credentials.js';
import { openidOf } from './people.js';

interface Wallet extends Row {
  /** How many debits still find too little; null: all. */
  readonly emptyFor: number | null;
}

/** Whether debits find money with people; they do unless somebody said otherwise. */
export class Wallets {
  /** By openid. */
  readonly #wallets: Table<Wallet>;

  constructor(private readonly world: World) {
    this.#wallets = world.table('douyin.wallets');
  }

  /** `POST /_/wallet`. */
  readonly act: Action = action(walletSchema, ({ platformAppId, user, balance, times = null }) => {
    this.world.accounts<DouyinCredentials>('douyin').require(platformAppId);
    const openId = openidOf(platformAppId, user);
    if (balance === 'full') this.#wallets.delete(openId);
    else this.#wallets.set(openId, { emptyFor: times });
    return {};
  });

  /** A debit looks into the wallet: whether it finds enough. */
  pays(openId: string): boolean {
    const wallet = this.#wallets.get(openId);
    if (!wallet) return true;
    const { emptyFor } = wallet;
    if (emptyFor === 1) this.#wallets.delete(openId);
    else if (emptyFor !== null) this.#wallets.set(openId, { emptyFor: emptyFor - 1 });
    return false;
  }
}
