import { z } from 'zod';
import type { Account } from '../core/accounts.js';
import { digestOf } from '../core/people.js';
import type { MerchantBook, World } from '../core/platform.js';
import { randomDigits } from './numbers.js';

/** As long as the merchant numbers of Douyin's console. */
const LENGTH = 20;

/** A merchant has no keys of its own: those of the trade system belong to the mini-program. */
export type MerchantCredentials = Record<never, never>;

export const merchantBook: MerchantBook<MerchantCredentials> = {
  newMerchantId: () => `7${randomDigits(LENGTH - 1)}`,
  issueCredentials: (given) => z.strictObject({}, 'a Douyin merchant has no credentials of its own').parse(given),
  showCredentials: () => ({}),
};

/**
 * The merchant number that an order of `program` pays to; undefined when `merchantUid` is not bound to it. Without one
 * the console's default is taken: the first that was registered for the entity, else one that always belongs to it.
 */
export function payeeOf(world: World, program: Account, merchantUid?: string): string | undefined {
  const bound = world.merchants<MerchantCredentials>('douyin').ofEntity(program.entity);
  if (merchantUid !== undefined) return bound.find(({ merchantId }) => merchantId === merchantUid)?.merchantId;
  return bound[0]?.merchantId ?? derivedFrom(program.entity);
}

const derivedFrom = (entity: string): string => {
  const digits = BigInt(`0x${digestOf('douyin', 'merchant', entity).toString('hex')}`).toString();
  return `7${digits.slice(-(LENGTH - 1))}`;
};
