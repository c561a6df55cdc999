import { PlatformError } from '../../errors.js';
import type { MandateTerms } from '../../mandate-platform.js';
import type { PayAccounts, PayOrder } from '../../payment-platform.js';
import { settingsOf } from '../pay/settings.js';
import { chinaDayOf, dayText } from '../../china-days.js';

/** For how long what was ordered may be signed (docs: tt.createSignOrder). */
const SECONDS = { fewest: 30, most: 48 * 3_600 } as const;

/** The `data` of `tt.createSignOrder` for a contract that is signed and not paid for yet; compare `orderData`. */
export function signData({ program }: PayAccounts, terms: MandateTerms, businessNow: Date): string {
  // The day before the first period that is to be paid for: then the policy debits.
  const firstDebit = Math.max(chinaDayOf(new Date(terms.firstDebitAt)) - 1, chinaDayOf(businessNow));
  return JSON.stringify({
    ...contractOf(program, terms, secondsLeft(new Date(terms.expiresAt), businessNow)),
    firstDeductionDate: dayText(firstDebit),
  });
}

/** The same for a contract whose first period is paid on the page on which it is signed: `order` is that payment. */
export function payAndSignData(
  { program, merchant }: PayAccounts,
  order: PayOrder,
  terms: MandateTerms,
  businessNow: Date,
): string {
  return JSON.stringify({
    ...contractOf(program, terms, secondsLeft(order.expiresAt, businessNow)),
    authPayOrder: {
      outPayOrderNo: order.number,
      merchantUid: merchant.merchantId,
      // Otherwise the first price of the template in the console would count.
      initialAmount: order.amount,
      notifyUrl: order.notifyUrl,
    },
  });
}

function contractOf(program: PayAccounts['program'], terms: MandateTerms, expireSeconds: number): object {
  const { serviceId } = settingsOf(terms.settings);
  if (serviceId === undefined) {
    throw new PlatformError('platform_account_misconfigured', program, {
      detail: 'Douyin needs serviceId, the template of the contract in its console, for recurring debits.',
    });
  }
  return {
    outAuthOrderNo: terms.number,
    serviceId,
    openId: terms.payer,
    expireSeconds,
    notifyUrl: terms.notifyUrl,
  };
}

function secondsLeft(expiresAt: Date, now: Date): number {
  const seconds = Math.floor((expiresAt.getTime() - now.getTime()) / 1_000);
  return Math.min(Math.max(seconds, SECONDS.fewest), SECONDS.most);
}
