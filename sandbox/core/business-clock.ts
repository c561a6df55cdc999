import { z } from 'zod';
import { type AccountName, type AnyAccount, keyOf } from './accounts.js';
import type { Row, Table } from './store.js';

/** How far an account's business time is ahead of protocol time, in ms. */
interface Offset extends Row {
  readonly milliseconds: number;
}

const nameSchema = z
  .strictObject({ platform: z.string(), platformAppId: z.string().optional(), merchantId: z.string().optional() })
  .refine(({ platformAppId, merchantId }) => platformAppId ?? merchantId, 'say platformAppId or merchantId');

const clockSchema = z.strictObject({
  accounts: z.array(nameSchema).max(1_000),
  now: z.iso.datetime({ offset: true }).transform((text) => Date.parse(text)),
});

/** Business time of each account: orders, contracts, callbacks. It only goes forwards. */
export class BusinessClock {
  constructor(
    private readonly protocolNow: () => number,
    private readonly offsets: Table<Offset>,
  ) {}

  now(account: AnyAccount): number {
    return this.protocolNow() + this.offset(keyOf(account));
  }

  /** How far the business time of the account with this key is ahead of protocol time, in ms. */
  offset(key: string): number {
    return this.offsets.get(key)?.milliseconds ?? 0;
  }

  /** Moves the accounts that `body` names to its `now`; one that is there already stays. Gives their keys. */
  move(body: unknown, named: (name: AccountName) => readonly AnyAccount[]): string[] {
    const { accounts, now } = clockSchema.parse(body);
    const keys = accounts.flatMap(named).map(keyOf);
    const milliseconds = now - this.protocolNow();
    for (const key of keys) if (milliseconds > this.offset(key)) this.offsets.set(key, { milliseconds });
    return keys;
  }
}
