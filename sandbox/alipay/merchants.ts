import { randomInt } from 'node:crypto';
import { z } from 'zod';
import type { Account } from '../core/accounts.js';
import { digestOf } from '../core/people.js';
import type { MerchantBook, World } from '../core/platform.js';
import { AlipayError } from './errors.js';

/** Keys belong to the mini-program, so a merchant has nothing to hide. */
type NoCredentials = Readonly<Record<string, never>>;

const NONE = z.strictObject({}, 'an Alipay merchant has no credentials of its own: its mini-programs have the keys');

/** Alipay's merchant accounts: an id, and through their entity the mini-programs that they are bound to. */
export const merchantBook: MerchantBook<NoCredentials> = {
  newMerchantId: () => idOf(BigInt(randomInt(2 ** 47))),
  issueCredentials: (given) => NONE.parse(given),
  showCredentials: (credentials) => credentials,
};

/** Who may take the money of a mini-program's trades. */
export class Merchants {
  constructor(private readonly world: World) {}

  /** The merchants that are bound to the mini-program, the one that gets the money by default first. */
  sellersOf(account: Account): readonly [string, ...string[]] {
    const bound = this.world.merchants('alipay').ofEntity(account.entity);
    const [first, ...others] = bound.map(({ merchantId }) => merchantId);
    // Nobody can have a mini-program at Alipay without a merchant account, so one that was not registered is dealt one.
    const dealt = idOf(digestOf('alipay', 'merchant', account.platformAppId).readBigUInt64BE());
    return first === undefined ? [dealt] : [first, ...others, dealt];
  }

  /** Who gets the money when a call names `sellerId`, or nobody. Throws AlipayError. */
  sellerOf(account: Account, sellerId: string | undefined): string {
    const sellers = this.sellersOf(account);
    if (sellerId === undefined) return sellers[0];
    if (!sellers.includes(sellerId)) throw new AlipayError('ACQ.INVALID_RECEIVE_ACCOUNT');
    return sellerId;
  }
}

/** 16 digits that begin with 2088. */
const idOf = (number: bigint): string => `2088${String(number % 10n ** 12n).padStart(12, '0')}`;
