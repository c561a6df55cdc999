import { randomAlphanumeric } from '../core/random.js';
import { beijingDigits } from './beijing-time.js';
import { isPaid, type Order, stateOf } from './order-book.js';
import { descriptionOf } from './transaction.js';
import type { V2Fields } from './v2-signature.js';

/** What v2 tells of an order, in a query as in a notification. */
function v2Transaction(order: Order): V2Fields {
  const { openid, total, number, attach, deviceId, contractId, payment } = order;
  return {
    ...(deviceId && { device_info: deviceId }),
    openid,
    is_subscribe: 'N',
    ...(payment && { bank_type: 'OTHERS' }),
    total_fee: String(total),
    fee_type: 'CNY',
    ...(payment && { cash_fee: String(total), cash_fee_type: 'CNY', transaction_id: payment.transactionId }),
    out_trade_no: number,
    ...(attach && { attach }),
    ...(payment && { time_end: beijingDigits(payment.at) }),
    ...(contractId && { contract_id: contractId }),
  };
}

/** With the state in words: the answer to a query. `now`: business time in ms. */
export function v2QueryAnswer(order: Order, now: number): V2Fields {
  const state = stateOf(order, now);
  const type = order.isDebit ? 'PAP' : 'JSAPI';
  return {
    ...v2Transaction(order),
    trade_type: type,
    trade_state: state,
    trade_state_desc: descriptionOf(order, state),
  };
}

/** Of a payment, or of a debit that ended. */
export function v2PaymentNotice(order: Order): V2Fields {
  const { appid, mchid, failure, v2, isDebit, state } = order;
  return {
    ...{ return_code: 'SUCCESS', return_msg: 'OK' },
    ...{ appid, mch_id: mchid, nonce_str: randomAlphanumeric(32) },
    ...(v2?.signType === 'HMAC-SHA256' && { sign_type: v2.signType }),
    result_code: isPaid(order) ? 'SUCCESS' : 'FAIL',
    ...(failure && { err_code: failure.code, err_code_des: failure.message }),
    ...v2Transaction(order),
    // A debit says how it ended; that it is one, only its contract tells.
    ...(isDebit ? { trade_state: state } : { trade_type: 'JSAPI' }),
  };
}
