import { z } from 'zod';
import { yuanToFen } from '../../common/money.js';

const BEIJING_TIME = /^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d(?:\.\d{1,3})?)$/;

/** An amount of Alipay: yuan as text, at most two decimals. Becomes fen. */
export const Yuan = z
  .string()
  .regex(/^\d{1,13}(\.\d{1,2})?$/)
  .transform(yuanToFen);

/** A time of Alipay: no zone is written, GMT+8 is meant; refund events carry milliseconds. */
export const BeijingTime = z
  .string()
  .regex(BEIJING_TIME)
  .transform((text) => new Date(text.replace(BEIJING_TIME, '$1T$2+08:00')))
  .refine((time) => !Number.isNaN(time.getTime()));

const id = z.string().min(1).max(64);
const person = z.string().min(1).max(128);

/** `alipay.trade.create` */
export const CreatedTrade = z.object({ trade_no: id, out_trade_no: id.optional() });

/** `alipay.trade.query`. Names neither the seller nor the mini-program. */
export const QueriedTrade = z.object({
  trade_no: id,
  out_trade_no: id,
  trade_status: z.string().max(32),
  total_amount: Yuan,
  /** When the money moved: present once it was paid, whatever became of it since. */
  send_pay_date: BeijingTime.optional(),
  buyer_user_id: person.optional(),
  buyer_open_id: person.optional(),
});
export type QueriedTrade = z.infer<typeof QueriedTrade>;

/** `alipay.trade.refund`. Its `refund_fee` is what the whole trade has given back so far, so it is not read. */
export const RefundedTrade = z.object({
  trade_no: id.optional(),
  fund_change: z.string().max(8).optional(),
  gmt_refund_pay: BeijingTime.optional(),
});

/** `alipay.trade.fastpay.refund.query`; bare when Alipay knows no such refund. */
export const QueriedRefund = z.object({
  trade_no: id.optional(),
  out_request_no: z.string().max(64).optional(),
  refund_status: z.string().max(32).optional(),
  refund_amount: Yuan.optional(),
  gmt_refund_pay: BeijingTime.optional(),
});

/** What every notification has that may arrive at a mini-program's address. */
export const Notification = z.object({
  notify_id: z.string().min(1).max(256),
  notify_type: z.string().max(64).optional(),
  /** Messages of the message service are named by this instead. */
  msg_method: z.string().max(128).optional(),
});

/** `trade_status_sync`: what happened to a trade. Empty values count as absent. */
export const TradeNotification = Notification.extend({
  app_id: id,
  trade_no: id,
  out_trade_no: id,
  trade_status: z.string().max(32),
  total_amount: Yuan,
  seller_id: id.optional(),
  buyer_id: person.optional(),
  buyer_open_id: person.optional(),
  notify_time: BeijingTime.optional(),
  gmt_payment: BeijingTime.optional(),
  gmt_refund: BeijingTime.optional(),
  /** Given back so far by the whole trade, not by this refund. */
  refund_fee: Yuan.optional(),
  /** The refund's `out_request_no`, or the trade's number when the refund had none. */
  out_biz_no: id.optional(),
  /** Present when it was debited under an agreement. */
  agreement_no: id.optional(),
});
export type TradeNotification = z.infer<typeof TradeNotification>;
