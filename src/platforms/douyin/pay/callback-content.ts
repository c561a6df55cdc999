import type { ZodType } from 'zod';
import { isNumber } from '../../../common/ids.js';
import { toFen } from '../../../common/money.js';
import { CallbackRefused, type CallbackContent } from '../../callback.js';
import type { PlatformAccount } from '../../platform.js';
import { PaymentMessage, RefundMessage, RefundRequestMessage } from './pay.wire.js';

const OTHER = { kind: 'other' } as const;

/** What a verified callback of general trade means. Throws CallbackRefused `malformed` for one of the three we act on. */
export function contentOf(program: PlatformAccount, type: string, msg: string): CallbackContent {
  switch (type) {
    case 'payment':
      return payment(program, messageOf(msg, PaymentMessage));
    case 'refund':
      return refund(program, messageOf(msg, RefundMessage));
    case 'pre_create_refund':
      return refundRequest(program, messageOf(msg, RefundRequestMessage));
    default:
      // `settle`, and what is to come.
      return OTHER;
  }
}

/**
 * The key is of one mini-program, so another id should be impossible. A success is handed on all the same: it is compared
 * with the payment and kept for a person. Anything else of a stranger is kept and not acted on.
 */
export const isOf = ({ platformAppId }: PlatformAccount, appId: string | undefined): boolean =>
  appId === undefined || appId === platformAppId;

function payment(program: PlatformAccount, message: PaymentMessage): CallbackContent {
  const { out_order_no: number, status, app_id, merchant_uid } = message;
  if (status === 'SUCCESS') {
    if (!message.event_time) throw new CallbackRefused('malformed', 'The payment has no event_time.');
    const paid = {
      transactionId: message.order_id,
      paidAt: message.event_time,
      // Before discounts: what the order is about, not what the person paid.
      amount: toFen(message.total_amount),
      currency: message.currency ?? 'CNY',
      ...(merchant_uid === undefined ? {} : { merchantId: merchant_uid }),
      ...(app_id === undefined ? {} : { platformAppId: app_id }),
    };
    return { kind: 'payment', number, state: { kind: 'succeeded', paid } };
  }
  // The person gave up the order, or its time ran out.
  if (status === 'CANCEL' && isOf(program, app_id)) return { kind: 'payment', number, state: { kind: 'closed' } };
  return OTHER;
}

function refund(program: PlatformAccount, message: RefundMessage): CallbackContent {
  const { status, app_id, order_id, refund_id, out_refund_no, event_time } = message;
  if (!isOf(program, app_id)) return OTHER;
  const about = {
    kind: 'refund',
    transactionId: order_id,
    platformRefundId: refund_id,
    // A refund whose request was never answered has a number that Douyin made up.
    ...(out_refund_no !== undefined && isNumber(out_refund_no) ? { refundNumber: out_refund_no } : {}),
  } as const;
  if (status === 'SUCCESS') {
    const amount = toFen(message.refund_total_amount);
    const facts = { platformRefundId: refund_id, amount, ...(event_time ? { succeededAt: event_time } : {}) };
    return { ...about, state: { kind: 'succeeded', facts } };
  }
  if (status !== 'FAIL') return OTHER;
  const detail = message.message ?? 'Douyin could not carry out the refund.';
  return { ...about, state: { kind: 'failed', platformCode: 'FAIL', detail } };
}

function refundRequest(program: PlatformAccount, message: RefundRequestMessage): CallbackContent {
  if (!isOf(program, message.app_id)) return OTHER;
  const reasons = (message.refund_reason ?? []).filter((one) => typeof one === 'string' && one !== '');
  const reason = [...reasons, ...(message.refund_description ? [message.refund_description] : [])].join('; ');
  return {
    kind: 'refund_request',
    platformRefundId: message.refund_id,
    paymentNumber: message.out_order_no,
    amount: toFen(message.refund_total_amount),
    reason: reason === '' ? null : reason,
    needsDecision: message.need_refund_audit === 1,
    decideBefore: message.refund_audit_deadline ?? null,
  };
}

/** `msg` in the shape of `schema`. Throws CallbackRefused `malformed`. */
export function messageOf<T>(msg: string, schema: ZodType<T>): T {
  let json: unknown;
  try {
    json = JSON.parse(msg);
  } catch {
    throw new CallbackRefused('malformed', 'The body is signed, but `msg` is not JSON.');
  }
  const parsed = schema.safeParse(json);
  if (parsed.success) return parsed.data;
  const fields = parsed.error.issues.map(({ path }) => path.join('.') || 'msg').join(', ');
  throw new CallbackRefused('malformed', `The body is signed, but not as documented: ${fields}.`);
}
