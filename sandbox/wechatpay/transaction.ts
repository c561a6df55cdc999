import { beijingTime } from './beijing-time.js';
import { isPaid, type Order, stateOf, type TradeState } from './order-book.js';

const DESCRIPTIONS: Readonly<Record<TradeState, string>> = {
  NOTPAY: '订单未支付',
  SUCCESS: '支付成功',
  REFUND: '转入退款',
  CLOSED: '订单已关闭',
  ACCEPT: '已接收，等待扣款',
  PAY_FAIL: '支付失败',
};

/** In Chinese; of a failed debit the reason. */
export const descriptionOf = ({ failure }: Order, state: TradeState): string => failure?.message ?? DESCRIPTIONS[state];

/** The transaction object: the answer of a query, the content of a notification. Unpaid, it is little more than ids. */
export function transactionOf(order: Order, now: number): object {
  const state = stateOf(order, now);
  const { appid, mchid, number, openid, total, attach, deviceId } = order;
  const known = {
    appid,
    mchid,
    out_trade_no: number,
    // APIv3 has another word for a debit that failed.
    trade_state: state === 'PAY_FAIL' ? 'PAYERROR' : state,
    trade_state_desc: descriptionOf(order, state),
  };
  if (!isPaid(order)) return { ...known, ...(order.isDebit && { trade_type: 'PAP' }), payer: {} };
  return {
    ...known,
    transaction_id: order.payment.transactionId,
    trade_type: order.isDebit ? 'PAP' : 'JSAPI',
    bank_type: 'OTHERS',
    ...(attach && { attach }),
    success_time: beijingTime(order.payment.at),
    payer: { openid },
    amount: { total, payer_total: total, currency: 'CNY', payer_currency: 'CNY' },
    ...(deviceId && { scene_info: { device_id: deviceId } }),
  };
}
