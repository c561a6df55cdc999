import { fenToYuan } from '../../common/money.js';
import { shaped } from '../answers.js';
import { PlatformError } from '../errors.js';
import type { RefundFacts, RefundOrder, RefundState } from '../payment-platform.js';
import type { PlatformAccount } from '../platform.js';
import type { AlipayGateway } from './alipay.gateway.js';
import { codeOf, meaningOf, REFUND_ERRORS } from './alipay.trade.errors.js';
import { QueriedRefund, RefundedTrade } from './alipay.trade.wire.js';

const ACCEPTED: RefundState = { kind: 'pending', facts: {} };
/** Alipay shows the reason to the payer, up to here. */
const LONGEST_REASON = 256;

/** `alipay.trade.refund`. The same number gives back once, however often it is sent. */
export async function sendRefund(
  gateway: AlipayGateway,
  program: PlatformAccount,
  refund: RefundOrder,
): Promise<RefundState> {
  const { number, amount, reason } = refund;
  // It was made in Alipay's console: sending it would give the money back a second time.
  if (readForeignRefundId(refund.platformRefundId)) return unlessDone(gateway, program, refund, ACCEPTED);
  const bizContent = {
    ...tradeOf(refund),
    refund_amount: fenToYuan(amount),
    out_request_no: number,
    ...(reason === null || reason === '' ? {} : { refund_reason: reason.slice(0, LONGEST_REASON) }),
  };
  const { node, refusal } = await gateway.act(program, { method: 'alipay.trade.refund', bizContent });
  if (refusal) {
    const meaning = meaningOf(program, refusal, REFUND_ERRORS);
    const platformCode = codeOf(refusal);
    if (meaning.kind === 'later') return { ...meaning, platformCode };
    return unlessDone(gateway, program, refund, { kind: 'failed', platformCode, detail: meaning.detail });
  }
  const answer = RefundedTrade.safeParse(node);
  if (answer.success && answer.data.fund_change === 'Y')
    return { kind: 'succeeded', facts: succeededAt(answer.data.gmt_refund_pay) };
  // `N`, or nothing: accepted, but this call moved no money. So does a repeat of a refund that was done before.
  return unlessDone(gateway, program, refund, ACCEPTED);
}

/**
 * `state`, unless Alipay knows of the refund. A refund that was done may be refused when it is sent again (its payment
 * is closed, nothing is left of it), and whoever believes that gives the money back twice.
 */
async function unlessDone(
  gateway: AlipayGateway,
  program: PlatformAccount,
  refund: RefundOrder,
  state: RefundState,
): Promise<RefundState> {
  const known = await queryRefund(gateway, program, refund);
  return known.kind === 'absent' ? state : known;
}

/** `alipay.trade.fastpay.refund.query`: `absent` when Alipay has no such refund. */
export async function queryRefund(
  gateway: AlipayGateway,
  program: PlatformAccount,
  refund: RefundOrder,
): Promise<RefundState> {
  const foreign = readForeignRefundId(refund.platformRefundId);
  return askForRefund(gateway, program, tradeOf(refund), foreign?.requestNumber ?? refund.number);
}

/** Like `queryRefund`, of any refund of a trade, ours or not. */
export async function askForRefund(
  gateway: AlipayGateway,
  program: PlatformAccount,
  trade: { readonly trade_no: string } | { readonly out_trade_no: string },
  requestNumber: string,
): Promise<RefundState> {
  const method = 'alipay.trade.fastpay.refund.query';
  const bizContent = { ...trade, out_request_no: requestNumber, query_options: ['gmt_refund_pay'] };
  const { node, refusal } = await gateway.ask(program, { method, bizContent });
  if (refusal) {
    const meaning = meaningOf(program, refusal, REFUND_ERRORS);
    if (meaning.kind === 'absent') return { kind: 'absent' };
    // A question that Alipay does not answer says nothing about the refund.
    throw new PlatformError('platform_refused', program, { platformCode: codeOf(refusal), detail: meaning.detail });
  }
  const { refund_status: status, refund_amount: amount, ...answer } = shaped(program, node, QueriedRefund);
  const facts: RefundFacts = { ...(amount === undefined ? {} : { amount }), ...succeededAt(answer.gmt_refund_pay) };
  if (status === 'REFUND_SUCCESS') return { kind: 'succeeded', facts };
  // Without a status Alipay has not received it, or not carried it out. Of one that it has not received it tells nothing.
  const isKnown = status !== undefined || amount !== undefined || answer.out_request_no !== undefined;
  return isKnown ? { kind: 'pending', facts: amount === undefined ? {} : { amount } } : { kind: 'absent' };
}

/** Alipay has no number of its own for a refund; of one that was made elsewhere, its trade and request number are one. */
export const foreignRefundId = (tradeNo: string, requestNumber: string): string => `${tradeNo}/${requestNumber}`;

function readForeignRefundId(id: string | null): { requestNumber: string } | undefined {
  const at = id?.indexOf('/') ?? -1;
  return id === null || at < 0 ? undefined : { requestNumber: id.slice(at + 1) };
}

/** Its trade_no; our number of the payment while we do not know that. */
function tradeOf({ payment }: RefundOrder): { trade_no: string } | { out_trade_no: string } {
  // That of a debit is not its handle, which is empty.
  const tradeNo = payment.transactionId ?? payment.handle;
  return tradeNo === null || tradeNo === '' ? { out_trade_no: payment.number } : { trade_no: tradeNo };
}

const succeededAt = (time: Date | undefined): RefundFacts => (time ? { succeededAt: time } : {});
