import type { Account } from '../core/accounts.js';
import type { AlipayCredentials } from './developer-console.js';
import type { Fields } from './fields.js';
import { yuanOf } from './money.js';
import { idsOf, maskedLogonIdOf } from './people.js';
import type { Trade } from './trade.js';

/** Both numbers of a trade. */
export const numbersOf = ({ tradeNo, outTradeNo }: Trade): Fields => ({ trade_no: tradeNo, out_trade_no: outTradeNo });

/** The ids by which the mini-program knows the buyer; answers and notifications call the older one differently. */
export function buyerIdsOf(
  account: Account<AlipayCredentials>,
  { user }: Trade,
  userIdName: 'buyer_user_id' | 'buyer_id',
): Readonly<Record<string, string>> {
  const { open_id: openId, user_id: userId } = idsOf(account, user);
  return {
    buyer_logon_id: maskedLogonIdOf(user),
    ...(openId && { buyer_open_id: openId }),
    ...(userId && { [userIdName]: userId }),
  };
}

/** What was paid, and what the merchant got of it: everything here is paid from the balance, without discounts. */
export function paidAmountsOf({ paidAt, totalAmount }: Trade): Readonly<Record<string, string>> {
  const paid = yuanOf(paidAt === undefined ? 0 : totalAmount);
  return { buyer_pay_amount: paid, invoice_amount: paid, point_amount: yuanOf(0), receipt_amount: paid };
}
