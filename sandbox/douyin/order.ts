import type { Row } from '../core/store.js';
import type { FulfilStatus } from './goods.js';

/** Times are business time in ms, amounts fen (diamonds where `currency` says so). */
export interface Order extends Row {
  readonly orderId: string;
  readonly platformAppId: string;
  readonly outOrderNo: string;
  /** What was ordered, in a form in which the same is the same text. */
  readonly content: string;
  readonly currency: 'CNY' | 'DIAMOND';
  readonly totalAmount: number;
  readonly merchantUid: string;
  readonly item: { readonly itemOrderId: string; readonly skuId: string };
  readonly hiddenPayWays: readonly number[];
  readonly notifyUrl?: string;
  readonly createdAt: number;
  readonly expiresAt: number;
  readonly status: 'PROCESS' | 'SUCCESS' | 'TIMEOUT';
  readonly fulfilment: FulfilStatus;
  readonly payment?: Payment;
  /** In the order in which they came. */
  readonly refundIds: readonly string[];
}

export interface Payment {
  readonly paidAt: number;
  /** 1 WeChat, 2 Alipay, 10 Douyin, 20 diamonds. */
  readonly channel: PayChannel;
  readonly channelPayId: string;
  readonly userBillPayId: string;
  /** The person who held the phone: nothing in an order says who may pay it. */
  readonly openId: string;
}

export type PayChannel = 1 | 2 | 10 | 20;

/** As order_query answers. */
export const orderView = ({ payment, item, ...order }: Order): object => ({
  app_id: order.platformAppId,
  order_id: order.orderId,
  out_order_no: order.outOrderNo,
  pay_status: order.status,
  total_amount: order.totalAmount,
  discount_amount: 0,
  trade_time: order.createdAt,
  ...(payment && {
    pay_time: payment.paidAt,
    pay_channel: payment.channel,
    channel_pay_id: payment.channelPayId,
  }),
  merchant_uid: order.merchantUid,
  currency: order.currency,
  total_currency_amount: order.totalAmount,
  item_order_list: [
    {
      item_order_id: item.itemOrderId,
      sku_id: item.skuId,
      item_order_amount: order.totalAmount,
      item_order_currency_amount: order.totalAmount,
    },
  ],
  order_service_status: order.fulfilment,
});

/** The message of a `payment` callback; `at`: when it happened. `message`: why nobody will pay. */
export const paymentMessage = ({ payment, ...order }: Order, at: number, message?: string) => ({
  app_id: order.platformAppId,
  out_order_no: order.outOrderNo,
  order_id: order.orderId,
  status: payment ? 'SUCCESS' : 'CANCEL',
  total_amount: order.totalAmount,
  discount_amount: 0,
  ...(payment && {
    pay_channel: payment.channel,
    channel_pay_id: payment.channelPayId,
    merchant_uid: order.merchantUid,
    user_bill_pay_id: payment.userBillPayId,
  }),
  ...(message && { message }),
  event_time: at,
  ...(order.currency === 'DIAMOND' && { currency: order.currency }),
});

/** What a person would be offered first. */
export function channelFor({ currency, hiddenPayWays }: Order): PayChannel {
  if (currency === 'DIAMOND') return 20;
  return ([1, 2] as const).find((way) => !hiddenPayWays.includes(way)) ?? 10;
}
