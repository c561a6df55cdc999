import { z } from 'zod';
import { type Account, type AccountBook, accountKey } from './accounts.js';
import type { Row, Table } from './store.js';

/** How far an account's business time is ahead of protocol time, in ms. */
interface Offset extends Row {
  readonly milliseconds: number;
}

const clockSchema = z.strictObject({
  accounts: z.array(z.strictObject({ platform: z.string(), platformAppId: z.string() })).max(1_000),
  now: z.iso.datetime({ offset: true }).transform((text) => Date.parse(text)),
});

/** Business time of each account: orders, contracts, callbacks. It only goes forwards. */
export class BusinessClock {
  constructor(
    private readonly protocolNow: () => number,
    private readonly offsets: Table<Offset>,
  ) {}

  now(account: Account): number {
    return this.protocolNow() + this.#offset(accountKey(account.platform, account.platformAppId));
  }

  /**
   * Moves the accounts to `now`; one that is there already stays. `next` is the earliest instant at which the sandbox
   * will do something for them by itself: nothing that it plays so far has a schedule.
   */
  move(body: unknown, bookOf: (platform: string) => AccountBook<object>): { next: null } {
    const { accounts, now } = clockSchema.parse(body);
    const keys = accounts.map(({ platform, platformAppId }) => {
      bookOf(platform).require(platformAppId);
      return accountKey(platform, platformAppId);
    });
    const milliseconds = now - this.protocolNow();
    for (const key of keys) if (milliseconds > this.#offset(key)) this.offsets.set(key, { milliseconds });
    return { next: null };
  }

  #offset(key: string): number {
    return this.offsets.get(key)?.milliseconds ?? 0;
  }
}
