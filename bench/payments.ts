import { randomUUID } from 'node:crypto';
import { drive, type Exchange, type Script } from './load.js';
import { eachOnce, logIn, newPeople } from './people.js';
import type { Side } from './stand.js';
import { callbackOf, type Paid } from './wechat-pay.js';

/** A user as the developer's server knows them. */
export interface Payer {
  readonly userId: string;
  readonly openid: string;
}

/** What a created payment tells its creator. */
export interface Created {
  readonly id: string;
  readonly attempts: readonly { readonly number: string }[];
}

export const AMOUNT = 990;

/** Users who have come from the side's mini-program. */
export async function newPayers(sandboxUrl: string, side: Side, count: number): Promise<Payer[]> {
  const entered = await logIn(sandboxUrl, side, newPeople(count));
  return entered.map(({ user, identity }) => ({ userId: user.id, openid: identity.openid }));
}

/** The developer's server asks a user for money, with a key of its own. */
export const creating = ({ secretKey }: Side, { userId }: Payer, read?: Exchange['read']): Exchange => ({
  method: 'POST',
  path: '/v1/payments',
  headers: {
    authorization: `Bearer ${secretKey}`,
    'content-type': 'application/json',
    'idempotency-key': randomUUID(),
  },
  body: JSON.stringify({ userId, amount: AMOUNT, subject: 'Coffee', platform: 'wechat' }),
  ...(read ? { read } : {}),
});

/** Callbacks of WeChat Pay for as many payments, which are made first: encrypted and signed before anything is measured. */
export async function callbacks(side: Side, payers: readonly Payer[], requests: number): Promise<Script> {
  const paid: Paid[] = [];
  const create = eachOnce(Array.from({ length: requests }), (_, index) => {
    const payer = payers[index % payers.length]!;
    return creating(side, payer, (body) => {
      const { attempts } = JSON.parse(body) as Created;
      paid.push({ number: attempts[0]!.number, amount: AMOUNT, openid: payer.openid });
    });
  });
  await drive(side.url, 32, requests, create);
  const ready = paid.map((one) => callbackOf(side.callbacks, one));
  return eachOnce(ready, (exchange) => exchange);
}

/**
 * Nobody pays what the bench creates, and a minute later our server would ask the platform about each, into the next
 * window: a load of its own, which bare does not have.
 */
export const forgetChecks = async ({ rows }: Side): Promise<void> => {
  await rows("update payment_attempts set check_at = null where check_at < now() + interval '1 hour'");
};
