import { toFen } from '../../../common/money.js';
import { PlatformError } from '../../errors.js';
import type { PayAccounts, RefundFacts, RefundOrder, RefundState } from '../../payment-platform.js';
import type { WechatPayApi } from './pay.api.js';
import { errorOf, TOO_FAST_RETRY, type Refusal } from './pay.errors.js';
import { Refund } from './pay.wire.js';

const REFUNDS = '/v3/refund/domestic/refunds';
/** Bytes; some editions of the documentation count characters, which allows more. */
const LONGEST_REASON = 80;
/** Seconds until money may have come in. */
const SHORT_RETRY = 600;

/** Asks for the refund; the same number again is the same refund, so every doubt is met with a repeat. */
export async function sendRefund(api: WechatPayApi, accounts: PayAccounts, refund: RefundOrder): Promise<RefundState> {
  const { merchant } = accounts;
  const request = { method: 'POST', path: REFUNDS, operation: 'refunds', body: refundBody(refund) } as const;
  const outcome = await api.change(merchant, request, Refund);
  if (outcome.kind === 'answer') {
    const state = outcome.answer.out_refund_no === refund.number ? stateOf(outcome.answer) : undefined;
    if (state) return state;
    throw new PlatformError('platform_unknown', merchant, { detail: 'WeChat Pay has answered about another refund.' });
  }
  const { means, code, detail } = outcome.refusal;
  if (means === 'too_fast') return { kind: 'later', platformCode: code, detail, retryAfter: TOO_FAST_RETRY };
  if (means === 'short') return { kind: 'later', platformCode: code, detail, retryAfter: SHORT_RETRY };
  if (means === 'unknown' || means === 'busy' || means === 'misconfigured') throw errorOf(merchant, outcome.refusal);
  return whetherFailed(api, accounts, refund, outcome.refusal);
}

/**
 * A refusal is final only while there is no refund under this number. A repeat is also refused because it differs from
 * the try that was accepted (in its callback address, for instance), and to call that failed would pay twice.
 */
async function whetherFailed(
  api: WechatPayApi,
  accounts: PayAccounts,
  refund: RefundOrder,
  { code, detail }: Refusal,
): Promise<RefundState> {
  const state = await queryRefund(api, accounts, refund);
  return state.kind === 'absent' ? { kind: 'failed', platformCode: code, detail } : state;
}

function refundBody({ number, amount, reason, notifyUrl, payment }: RefundOrder): object {
  return {
    // Exactly one of the two; ours is always known.
    out_trade_no: payment.number,
    out_refund_no: number,
    ...(reason === null || reason === '' ? {} : { reason: cut(reason) }),
    notify_url: notifyUrl,
    amount: { refund: amount, total: payment.amount, currency: payment.currency },
  };
}

/** The beginning that fits, without a torn character and without those (emoji) that WeChat Pay does not accept. */
export function cut(reason: string): string {
  let text = '';
  let bytes = 0;
  for (const character of reason) {
    const size = Buffer.byteLength(character);
    if (size > 3) continue;
    bytes += size;
    if (bytes > LONGEST_REASON) break;
    text += character;
  }
  return text;
}

export async function queryRefund(
  api: WechatPayApi,
  { merchant }: PayAccounts,
  { number }: RefundOrder,
): Promise<RefundState> {
  const request = { method: 'GET', path: `${REFUNDS}/${number}`, operation: 'refunds' } as const;
  const outcome = await api.ask(merchant, request, Refund);
  if (outcome.kind === 'refusal') {
    if (outcome.refusal.means === 'absent') return { kind: 'absent' };
    throw errorOf(merchant, outcome.refusal);
  }
  const state = outcome.answer.out_refund_no === number ? stateOf(outcome.answer) : undefined;
  if (state) return state;
  throw new PlatformError('platform_answer_invalid', merchant);
}

const stateOf = ({ status, ...refund }: Refund): RefundState | undefined => refundState(status, refund);

/** What WeChat Pay says of a refund; undefined when the status is no known one. */
export function refundState(
  status: string,
  { refund_id, success_time, amount }: Pick<Refund, 'refund_id' | 'success_time' | 'amount'>,
): RefundState | undefined {
  const succeededAt = new Date(success_time ?? '');
  const facts: RefundFacts = {
    platformRefundId: refund_id,
    amount: toFen(amount.refund),
    ...(Number.isNaN(succeededAt.getTime()) ? {} : { succeededAt }),
  };
  switch (status) {
    case 'PROCESSING':
      return { kind: 'pending', facts };
    case 'SUCCESS':
      return { kind: 'succeeded', facts };
    case 'CLOSED':
      return { kind: 'failed', platformCode: status, detail: 'WeChat Pay has closed the refund.' };
    case 'ABNORMAL':
      return { kind: 'action_required', facts, detail: ABNORMAL };
    default:
      return undefined;
  }
}

const ABNORMAL =
  "The money could not reach the payer's account: decide in the merchant console where it goes (退款异常处理).";
