import { chinaTime } from './china-time.js';
import { AlipayError } from './errors.js';
import type { Operation } from './methods.js';
import { yuanOf } from './money.js';
import { statusOf } from './trade.js';
import { textField, textsField } from './trade-fields.js';
import { buyerIdsOf, numbersOf, paidAmountsOf } from './trade-view.js';
import type { Trades } from './trades.js';

const NOTHING = yuanOf(0);

/** `alipay.trade.query`. */
export const tradeQuery =
  (trades: Trades): Operation =>
  ({ account, content }) => {
    const options = textsField(content, 'query_options');
    const trade = trades.named(account, content);
    if (!trade) throw unknown(textField(content, 'out_trade_no', 64));
    const { paidAt, passbackParams, storeId, terminalId, totalAmount } = trade;
    const total = yuanOf(totalAmount);
    return {
      ...numbersOf(trade),
      ...buyerIdsOf(account, trade, 'buyer_user_id'),
      buyer_user_type: 'PRIVATE',
      trade_status: statusOf(trade, trades.now(trade)),
      total_amount: total,
      ...paidAmountsOf(trade),
      ...(paidAt !== undefined && { send_pay_date: chinaTime(paidAt) }),
      ...(passbackParams !== undefined && { passback_params: passbackParams }),
      ...(storeId !== undefined && { store_id: storeId }),
      ...(terminalId !== undefined && { terminal_id: terminalId }),
      ...(options.includes('mdiscount_amount') && { mdiscount_amount: NOTHING, discount_amount: NOTHING }),
      ...(options.includes('fund_bill_list') &&
        paidAt !== undefined && {
          fund_bill_list: [{ fund_channel: 'ALIPAYACCOUNT', amount: total, real_amount: total }],
        }),
    };
  };

/** v2 puts amounts beside this refusal, all zero. */
const unknown = (outTradeNo: string | undefined): AlipayError =>
  new AlipayError('ACQ.TRADE_NOT_EXIST', undefined, {
    buyer_pay_amount: NOTHING,
    invoice_amount: NOTHING,
    ...(outTradeNo !== undefined && { out_trade_no: outTradeNo }),
    point_amount: NOTHING,
    receipt_amount: NOTHING,
  });
