import type { z } from 'zod';
import type { walletSchema, World } from '../core/platform.js';
import type { Row, Table } from '../core/store.js';
import type { People } from './people.js';

/** Of a person whose wallet is empty: for how many debits still. */
interface EmptyWallet extends Row {
  readonly times?: number;
}

/** Whether debits find money. A wallet is full unless it was said to be empty. */
export class Wallets {
  readonly #empty: Table<EmptyWallet>;

  constructor(
    world: World,
    private readonly people: People,
  ) {
    this.#empty = world.table('wechatpay.emptyWallets');
  }

  /** `POST /_/wallet`. */
  readonly set = ({ platformAppId, user, balance, times }: z.output<typeof walletSchema>): object => {
    const key = keyOf(platformAppId, this.people.openidOf(platformAppId, user));
    if (balance === 'full') this.#empty.delete(key);
    else this.#empty.set(key, { ...(times !== undefined && { times }) });
    return {};
  };

  /** One debit asks for money. */
  hasMoney(appid: string, openid: string): boolean {
    const key = keyOf(appid, openid);
    const empty = this.#empty.get(key);
    if (!empty) return true;
    if (empty.times === 1) this.#empty.delete(key);
    else if (empty.times !== undefined) this.#empty.set(key, { times: empty.times - 1 });
    return false;
  }
}

const keyOf = (appid: string, openid: string): string => `${appid}/${openid}`;
