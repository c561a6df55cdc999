import { isNumber } from '../../../common/ids.js';
import { toFen } from '../../../common/money.js';
import { CallbackRefused, type CallbackContent } from '../../callback.js';
import type { MandateState } from '../../mandate-platform.js';
import type { PlatformAccount } from '../../platform.js';
import { isOf, messageOf } from '../pay/callback-content.js';
import { SignMessage, SignPayMessage, SignRefundMessage } from './sign.wire.js';

const OTHER = { kind: 'other' } as const;

/** What a verified callback of periodic deduction (version 1.0) means. Throws CallbackRefused `malformed`. */
export function signContentOf(program: PlatformAccount, type: string, msg: string, receivedAt: Date): CallbackContent {
  switch (type) {
    case 'sign_callback':
      return contract(program, messageOf(msg, SignMessage), receivedAt);
    case 'sign_pay_callback':
      return payment(program, messageOf(msg, SignPayMessage));
    default:
      return refund(program, messageOf(msg, SignRefundMessage.nullable().catch(null)));
  }
}

function contract(program: PlatformAccount, message: SignMessage, receivedAt: Date): CallbackContent {
  const { app_id, auth_order_id: contractId, out_auth_order_no: number } = message;
  const state = stateOf(message, message.event_time ?? receivedAt);
  if (!state || !isOf(program, app_id)) return OTHER;
  return { kind: 'mandate', contractId, ...(number !== undefined && isNumber(number) && { number }), state };
}

function stateOf({ status, auth_order_id: contractId }: SignMessage, at: Date): MandateState | undefined {
  switch (status) {
    case 'SUCCESS':
      return { kind: 'active', contractId, signedAt: at, endsAt: null };
    case 'CANCEL':
      // By the user, or by us: only the query tells, but we know what we have ended.
      return { kind: 'ended', how: 'terminated', by: 'user', endedAt: at };
    case 'DONE':
      return { kind: 'ended', how: 'expired', by: 'platform', endedAt: at };
    case 'TIME_OUT':
    case 'TIMEOUT':
      return { kind: 'absent' };
    default:
      return undefined;
  }
}

/** Of a deduction, or of the payment with which a contract was signed; nothing in it tells which. */
function payment(program: PlatformAccount, message: SignPayMessage): CallbackContent {
  const { out_pay_order_no: number, status, app_id, merchant_uid } = message;
  if (status === 'SUCCESS') {
    if (!message.event_time) throw new CallbackRefused('malformed', 'The payment has no event_time.');
    const paid = {
      transactionId: message.pay_order_id,
      paidAt: message.event_time,
      amount: toFen(message.total_amount),
      currency: 'CNY',
      ...(merchant_uid === undefined ? {} : { merchantId: merchant_uid }),
      ...(app_id === undefined ? {} : { platformAppId: app_id }),
    };
    // A success of a stranger is handed on as well: it is compared with the payment and kept for a person.
    return { kind: 'payment', number, state: { kind: 'succeeded', paid } };
  }
  if (!isOf(program, app_id)) return OTHER;
  if (status === 'FAIL') return { kind: 'payment', number, state: { kind: 'failed', platformCode: 'FAIL' } };
  // As the query spells it.
  if (status === 'TIME_OUT' || status === 'TIMEOUT')
    return { kind: 'payment', number, state: { kind: 'failed', platformCode: 'TIMEOUT' } };
  return OTHER;
}

/** Known by what is in it: how Douyin calls it is not documented. */
function refund(program: PlatformAccount, message: SignRefundMessage | null): CallbackContent {
  if (message === null || !isOf(program, message.app_id)) return OTHER;
  const { pay_refund_id: platformRefundId, out_pay_refund_no: number, pay_order_id: transactionId } = message;
  const isOurs = number !== undefined && isNumber(number);
  if (!isOurs && transactionId === undefined) return OTHER;
  const about = {
    kind: 'refund',
    platformRefundId,
    ...(transactionId === undefined ? {} : { transactionId }),
    ...(isOurs ? { refundNumber: number } : {}),
  } as const;
  const { status, refund_total_amount: amount, event_time: succeededAt } = message;
  if (status === 'FAIL') {
    const detail = message.message ?? 'Douyin could not carry out the refund.';
    return { ...about, state: { kind: 'failed', platformCode: 'FAIL', detail } };
  }
  const facts = {
    platformRefundId,
    ...(typeof amount === 'number' ? { amount: toFen(amount) } : {}),
    ...(succeededAt ? { succeededAt } : {}),
  };
  return { ...about, state: { kind: 'succeeded', facts } };
}
