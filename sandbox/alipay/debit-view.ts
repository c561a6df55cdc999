import type { Account } from '../core/accounts.js';
import { chinaTime } from './china-time.js';
import type { AlipayCredentials } from './developer-console.js';
import type { Fields } from './fields.js';
import { yuanOf } from './money.js';
import type { Trade } from './trade.js';
import { buyerIdsOf, numbersOf, paidAmountsOf } from './trade-view.js';

/** What `alipay.trade.pay` answers of a trade that was paid. */
export function paidFieldsOf(account: Account<AlipayCredentials>, trade: Trade): Fields {
  const total = yuanOf(trade.totalAmount);
  return {
    ...numbersOf(trade),
    ...buyerIdsOf(account, trade, 'buyer_user_id'),
    total_amount: total,
    ...paidAmountsOf(trade),
    ...(trade.paidAt !== undefined && { gmt_payment: chinaTime(trade.paidAt) }),
    fund_bill_list: [{ fund_channel: 'ALIPAYACCOUNT', amount: total }],
  };
}

/** The same of one that is still to be paid: neither a success nor a failure. */
export const waitingFieldsOf = (account: Account<AlipayCredentials>, trade: Trade): Fields => ({
  code: '10003',
  msg: 'order success pay inprocess',
  ...numbersOf(trade),
  ...buyerIdsOf(account, trade, 'buyer_user_id'),
  total_amount: yuanOf(trade.totalAmount),
});
