import { toFen } from '../../../common/money.js';
import { PlatformError } from '../../errors.js';
import type { PayAccounts, RefundOrder, RefundState } from '../../payment-platform.js';
import type { PlatformAccount } from '../../platform.js';
import { orAbsent, type Orders } from './orders.js';
import { EXISTS, REFUND_CODES } from './pay.errors.js';
import type { RefundItem } from './pay.wire.js';
import { refundEntry, settingsOf } from './settings.js';
import { codeOf, REFUND_CREATE, REFUND_QUERY, type TradeApi, unknown } from './trade-api.js';

/** Douyin wants less than 50 characters. */
const REASON_CHARACTERS = 49;

/** Gives money back. A refund that we start needs nobody's consent. */
export class Refunds {
  constructor(
    private readonly trade: TradeApi,
    private readonly orders: Orders,
  ) {}

  async create({ program }: PayAccounts, refund: RefundOrder): Promise<RefundState> {
    const body = { ...(await this.#what(program, refund)), ...describe(refund) };
    try {
      const { refund_id } = await this.trade.act(program, REFUND_CREATE, body);
      return { kind: 'pending', facts: { platformRefundId: refund_id } };
    } catch (error) {
      if (!(error instanceof PlatformError)) throw error;
      return this.#judge(program, refund, error);
    }
  }

  async state(program: PlatformAccount, refund: RefundOrder): Promise<RefundState> {
    const found = await this.find(program, refund);
    return found ? stateOf(found) : { kind: 'absent' };
  }

  /** Undefined when Douyin knows no such refund. */
  async find(program: PlatformAccount, { platformRefundId, number }: RefundOrder): Promise<RefundItem | undefined> {
    // Its own id first: a refund that a person started there may have got a number of the platform's making.
    const by = platformRefundId === null ? { out_refund_no: number } : { refund_id: platformRefundId };
    const answer = await orAbsent(this.trade.ask(program, REFUND_QUERY, by));
    return answer?.refund_list.find((item) =>
      platformRefundId === null ? item.out_refund_no === number : item.refund_id === platformRefundId,
    );
  }

  /** The order and the part of it: all at once while nothing was given back, else of its only item. */
  async #what(program: PlatformAccount, { payment, amount, refundedBefore }: RefundOrder): Promise<object> {
    if (refundedBefore === 0 && amount === payment.amount && payment.transactionId !== null) {
      return { order_id: payment.transactionId, refund_total_amount: amount, refund_all: true };
    }
    const { orderId, itemIds } = await this.orders.itemsOf(program, payment);
    return {
      order_id: orderId,
      refund_total_amount: amount,
      item_order_detail: [{ item_order_id: itemIds[0], refund_amount: amount }],
    };
  }

  async #judge(program: PlatformAccount, refund: RefundOrder, error: PlatformError): Promise<RefundState> {
    const platformCode = codeOf(error) ?? '';
    const outcome = REFUND_CODES[platformCode];
    const failed = { kind: 'failed', platformCode, detail: error.message } as const;
    // What is the account's fault, or certainly did not arrive, stays as it is; a code of no table tells nothing.
    if (outcome === undefined) throw error.problem === 'platform_refused' ? unknown(program, error) : error;
    if (outcome === 'failed') return failed;
    if (outcome !== 'ask') return { kind: 'later', platformCode, detail: error.message, retryAfter: outcome.later };
    const state = await this.state(program, refund);
    if (state.kind !== 'absent') return state;
    // It says that it has our number and does not find it: its query lags.
    return platformCode === EXISTS ? { kind: 'pending', facts: {} } : failed;
  }
}

/** The same refund always has the same words, or its repetition could pass for another one. */
function describe({ number, reason, notifyUrl, payment }: RefundOrder): object {
  const why = reason === null ? { code: 102, text: '商家退款' } : { code: 999, text: charactersOf(reason) };
  return {
    out_refund_no: number,
    // Comes back with the callback.
    cp_extra: payment.number,
    refund_reason: [why],
    order_entry_schema: refundEntry(settingsOf(payment.settings), number),
    notify_url: notifyUrl,
  };
}

const charactersOf = (reason: string): string => Array.from(reason).slice(0, REASON_CHARACTERS).join('');

function stateOf(item: RefundItem): RefundState {
  const { refund_id, refund_total_amount, refund_status, refund_at, message, merchant_audit_detail: audit } = item;
  const facts = { platformRefundId: refund_id, amount: toFen(refund_total_amount) };
  if (refund_status === 'SUCCESS') {
    return { kind: 'succeeded', facts: { ...facts, ...(refund_at ? { succeededAt: refund_at } : {}) } };
  }
  if (audit?.audit_status === 'DENY') {
    const detail = audit.deny_message ?? 'The merchant refused the refund.';
    return { kind: 'failed', platformCode: 'DENY', detail, isRejected: true };
  }
  if (refund_status === 'FAIL') {
    return { kind: 'failed', platformCode: 'FAIL', detail: message ?? 'Douyin could not carry out the refund.' };
  }
  // PROCESSING, whatever the audit is at: INIT, TOAUDIT, AGREE or OVERTIME, which counts as consent.
  return { kind: 'pending', facts };
}
