import type { ZodType } from 'zod';
import { isNumber } from '../../common/ids.js';
import {
  type Acknowledgement,
  type CallbackContent,
  CallbackRefused,
  type HttpReply,
  type PlatformCallback,
} from '../callback.js';
import type { PaidFacts, PayState, RefundFacts } from '../payment-platform.js';
import type { PlatformAccount } from '../platform.js';
import { agreementIn, isAboutAgreement } from './alipay.agreements.callback.js';
import { AgreementNotification } from './alipay.agreements.wire.js';
import { debitState } from './alipay.debits.js';
import type { AlipayGateway } from './alipay.gateway.js';
import { askForRefund, foreignRefundId } from './alipay.refunds.js';
import { Notification, TradeNotification } from './alipay.trade.wire.js';

/** What a verified notification says. Its fields: see AlipayNotifications. */
export async function readNotification(
  gateway: AlipayGateway,
  program: PlatformAccount,
  fields: Record<string, string>,
  receivedAt: Date,
): Promise<PlatformCallback> {
  const { notify_id: deduplicationKey, notify_type: type, msg_method: message } = shapedAs(Notification, fields);
  const isTrade = type === 'trade_status_sync';
  const content: CallbackContent = isTrade
    ? await contentOf(gateway, program, shapedAs(TradeNotification, fields))
    : isAboutAgreement(type)
      ? agreementIn(shapedAs(AgreementNotification, fields), receivedAt)
      : pushOf(message, fields, receivedAt);
  return { deduplicationKey, type: type ?? message ?? 'unnamed', content };
}

/** A message of the message service (docs: From 蚂蚁消息). None of those that are known is about what people subscribe to. */
function pushOf(type: string | undefined, fields: Record<string, string>, receivedAt: Date): CallbackContent {
  if (type === undefined) return { kind: 'other' };
  const { utc_timestamp: milliseconds = '' } = fields;
  const happenedAt = /^\d{13}$/.test(milliseconds) ? new Date(Number(milliseconds)) : receivedAt;
  return { kind: 'push', push: { type, openid: null, happenedAt, news: [] } };
}

/** Alipay repeats a notification under new ids and out of order: only `trade_status` and the refund fields decide. */
async function contentOf(
  gateway: AlipayGateway,
  program: PlatformAccount,
  trade: TradeNotification,
): Promise<CallbackContent> {
  // A refund in part comes as TRADE_SUCCESS once more, one in full as TRADE_CLOSED: neither is about the payment.
  if (trade.gmt_refund || (trade.refund_fee ?? 0) > 0) return refundOf(gateway, program, trade);
  const state = stateOf(trade);
  return state ? { kind: 'payment', number: trade.out_trade_no, state } : { kind: 'other' };
}

function stateOf(trade: TradeNotification): PayState | undefined {
  switch (trade.trade_status) {
    case 'WAIT_BUYER_PAY':
      return { kind: 'pending' };
    case 'TRADE_SUCCESS':
    case 'TRADE_FINISHED':
      return { kind: 'succeeded', paid: factsOf(trade) };
    case 'TRADE_CLOSED':
      // As in a query: a trade that was paid and closed was given back in full, and stays paid.
      if (trade.gmt_payment) return { kind: 'succeeded', paid: factsOf(trade) };
      return trade.agreement_no === undefined ? { kind: 'closed' } : debitState({ kind: 'closed' });
    default:
      return undefined;
  }
}

function factsOf(trade: TradeNotification): PaidFacts {
  const { seller_id: merchantId, buyer_open_id: openId, buyer_id: userId } = trade;
  const paidAt = trade.gmt_payment ?? trade.notify_time;
  if (!paidAt) throw new CallbackRefused('malformed', 'The notification of a payment lacks gmt_payment.');
  // An app that moves from user_id to open_id is told both, and which of them the order has is not said: neither counts.
  const payer = openId !== undefined && userId !== undefined ? undefined : (openId ?? userId);
  return {
    transactionId: trade.trade_no,
    paidAt,
    amount: trade.total_amount,
    currency: 'CNY',
    platformAppId: trade.app_id,
    ...(merchantId === undefined ? {} : { merchantId }),
    ...(payer === undefined ? {} : { payer }),
  };
}

/**
 * A refund. The notification tells what the trade has given back in all, never what this refund was: a refund of ours is
 * asked for by whoever sent it.
 *
 * A refund that somebody made in Alipay's console is unknown to us, and is recorded with its amount: Alipay is asked for
 * it. If Alipay cannot be reached, the PlatformError leaves the notification unacknowledged, and it comes again.
 */
async function refundOf(
  gateway: AlipayGateway,
  program: PlatformAccount,
  trade: TradeNotification,
): Promise<CallbackContent> {
  const { trade_no: transactionId, out_trade_no: paymentNumber, out_biz_no: requestNumber = paymentNumber } = trade;
  const refund = { kind: 'refund', paymentNumber, transactionId } as const;
  // A refund without a number of its own goes by the number of its order, which is ours as well.
  if (requestNumber !== paymentNumber && isNumber(requestNumber))
    return { ...refund, refundNumber: requestNumber, state: { kind: 'pending', facts: {} } };
  // Its only name: without one, its next notification would be taken for another refund, or it would be sent again.
  const platformRefundId = foreignRefundId(transactionId, requestNumber);
  // Named by its trade, it had no number of its own; a query then takes the order's.
  for (const asked of requestNumber === transactionId ? [requestNumber, paymentNumber] : [requestNumber]) {
    const state = await askForRefund(gateway, program, { trade_no: transactionId }, asked);
    if (state.kind === 'succeeded' || state.kind === 'pending')
      return { ...refund, state: { ...state, facts: { ...state.facts, platformRefundId } } };
  }
  // Alipay has signed that money went back, and yet knows no such refund: all that is certain is the sum.
  const facts: RefundFacts = {
    platformRefundId,
    ...(trade.refund_fee === undefined ? {} : { refundedTotal: trade.refund_fee }),
    ...(trade.gmt_refund && { succeededAt: trade.gmt_refund }),
  };
  return { ...refund, state: { kind: 'succeeded', facts } };
}

function shapedAs<T>(schema: ZodType<T>, fields: Record<string, string>): T {
  const parsed = schema.safeParse(fields);
  if (parsed.success) return parsed.data;
  const names = parsed.error.issues.map(({ path }) => path.join('.')).join(', ');
  throw new CallbackRefused(
    'malformed',
    `Alipay signed this notification, but these fields are not as documented: ${names}.`,
  );
}

/** Only these seven letters count as received; anything else, and Alipay sends it again: 8 times within 25 hours. */
export function acknowledge({ kind }: Acknowledgement): HttpReply {
  const contentType = 'text/plain';
  if (kind === 'accepted') return { status: 200, contentType, body: 'success' };
  return { status: kind === 'retry' ? 500 : 401, contentType, body: 'fail' };
}
