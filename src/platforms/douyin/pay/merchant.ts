import { z } from 'zod';
import { newNumber } from '../../../common/ids.js';
import { checkToken, type Check } from '../../account-checks.js';
import type { AccessTokens, TokenSource } from '../../access-tokens.js';
import { PlatformError } from '../../errors.js';
import type { MerchantDescription } from '../../payment-platform.js';
import type { AccountCheck, PlatformAccount } from '../../platform.js';
import { orAbsent } from './orders.js';
import { platformKey, signingKey } from './pay-keys.js';
import { ORDER_QUERY, type TradeApi } from './trade-api.js';

/** The merchant is only who is paid: all keys belong to the mini-program. */
export const MERCHANT: MerchantDescription = {
  // Digits in every sample, but no page says so.
  merchantId: z.string().regex(/^[A-Za-z0-9]{1,64}$/, 'is the merchant number (merchantUid) of letters and digits'),
  credentials: z.strictObject({}),
  secretFields: [],
};

/** Tries for each mini-program what money needs: the token, the two keys, and the permission to ask about orders. */
export async function verifyMerchant(
  trade: TradeApi,
  tokens: AccessTokens,
  clientToken: TokenSource,
  programs: readonly PlatformAccount[],
): Promise<AccountCheck> {
  const checks: Check[] = [];
  for (const program of programs) {
    const found = [
      await checkToken(tokens, program, clientToken),
      keyCheck(
        'application_key',
        'There is an application key with its version; Douyin tries it with the first order.',
        () => signingKey(program),
      ),
      keyCheck('platform_key', 'There is a platform key; it proves itself with the first callback.', () =>
        platformKey(program),
      ),
      await orderQueryCheck(trade, program),
    ];
    checks.push(...found.map((check) => ({ ...check, detail: `${program.platformAppId}: ${check.detail}` })));
  }
  if (programs.length === 0) {
    const detail = 'No mini-program uses this merchant account yet. Its number can only be tried by a payment.';
    checks.push({ name: 'mini_program', ok: false, detail });
  }
  return { ok: checks.every(({ ok }) => ok), checks };
}

function keyCheck(name: string, good: string, read: () => unknown): Check {
  try {
    read();
    return { name, ok: true, detail: good };
  } catch (error) {
    return failed(name, error);
  }
}

/** Asks about an order that cannot be there: "not found" is what is wanted. */
async function orderQueryCheck(trade: TradeApi, program: PlatformAccount): Promise<Check> {
  const name = 'order_query';
  try {
    await orAbsent(trade.ask(program, ORDER_QUERY, { out_order_no: newNumber() }));
    return { name, ok: true, detail: 'Douyin answers questions about orders of the general trade system.' };
  } catch (error) {
    return failed(name, error);
  }
}

function failed(name: string, error: unknown): Check {
  if (!(error instanceof PlatformError)) throw error;
  const code = error.platformCode === undefined ? '' : ` [${error.platformCode}]`;
  return { name, ok: false, detail: `${error.message}${code}` };
}
