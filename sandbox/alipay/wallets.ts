import { type Action, action, walletSchema, type World } from '../core/platform.js';
import type { Row, Table } from '../core/store.js';

/** A person who has too little money for debits. */
interface EmptyWallet extends Row {
  /** For how many debits; absent: until it is filled again. */
  readonly left?: number;
}

/** Whether debits find money. A person who pays with the phone in the hand always has some. */
export class Wallets {
  /** By mini-program and person. */
  readonly #empty: Table<EmptyWallet>;

  constructor(private readonly world: World) {
    this.#empty = world.table('alipay.emptyWallets');
  }

  /** `POST /_/wallet`. */
  readonly act: Action = action(walletSchema, ({ platformAppId, user, balance, times }) => {
    this.world.accounts('alipay').require(platformAppId);
    const key = keyOf(platformAppId, user);
    if (balance === 'full') this.#empty.delete(key);
    else this.#empty.set(key, times === undefined ? {} : { left: times });
    return {};
  });

  /** Whether the next debit finds money; counts it as made. */
  take(platformAppId: string, user: string): boolean {
    const key = keyOf(platformAppId, user);
    const wallet = this.#empty.get(key);
    if (!wallet) return true;
    if (wallet.left === 1) this.#empty.delete(key);
    else if (wallet.left !== undefined) this.#empty.set(key, { left: wallet.left - 1 });
    return false;
  }
}

const keyOf = (platformAppId: string, user: string): string => `${platformAppId}/${user}`;
