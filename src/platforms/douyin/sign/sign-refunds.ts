import { toFen } from '../../../common/money.js';
import { PlatformError } from '../../errors.js';
import type { PayAccounts, RefundOrder, RefundState } from '../../payment-platform.js';
import type { PlatformAccount } from '../../platform.js';
import { orAbsent } from '../pay/orders.js';
import { EXISTS, REFUND_CODES } from '../pay/pay.errors.js';
import { codeOf, type TradeApi, unknown } from '../pay/trade-api.js';
import { SIGN_REFUND_CREATE, SIGN_REFUND_QUERY } from './sign-api.js';
import type { SignRefundItem } from './sign.wire.js';

/** As for general trade; periodic deduction names no limit of its own. */
const REASON_CHARACTERS = 49;

/** Gives back what was paid under a contract. */
export class SignRefunds {
  constructor(private readonly trade: TradeApi) {}

  /** `create_sign_refund`. The same number gives back once, however often it is sent. */
  async create({ program }: PayAccounts, refund: RefundOrder): Promise<RefundState> {
    const { number, amount, reason, notifyUrl, payment } = refund;
    if (payment.transactionId === null) throw new Error(`refund ${number} is of a payment that Douyin has not named`);
    const body = {
      pay_order_id: payment.transactionId,
      out_pay_refund_no: number,
      refund_total_amount: amount,
      refund_reason: Array.from(reason ?? '商家退款')
        .slice(0, REASON_CHARACTERS)
        .join(''),
      notify_url: notifyUrl,
    };
    try {
      const { pay_refund_id } = await this.trade.act(program, SIGN_REFUND_CREATE, body);
      return { kind: 'pending', facts: { platformRefundId: pay_refund_id } };
    } catch (error) {
      if (!(error instanceof PlatformError)) throw error;
      return this.#judge(program, refund, error);
    }
  }

  /** `query_sign_refund` */
  async state(program: PlatformAccount, { platformRefundId, number }: RefundOrder): Promise<RefundState> {
    const by = platformRefundId === null ? { out_pay_refund_no: number } : { pay_refund_id: platformRefundId };
    const answer = await orAbsent(this.trade.ask(program, SIGN_REFUND_QUERY, by));
    const found = answer?.refund_list.find((item) =>
      platformRefundId === null ? item.out_pay_refund_no === number : item.pay_refund_id === platformRefundId,
    );
    return found ? stateOf(found) : { kind: 'absent' };
  }

  /** As for refunds of general trade: what is not certain is asked about, or sent again under its number. */
  async #judge(program: PlatformAccount, refund: RefundOrder, error: PlatformError): Promise<RefundState> {
    const platformCode = codeOf(error) ?? '';
    const outcome = REFUND_CODES[platformCode];
    const failed = { kind: 'failed', platformCode, detail: error.message } as const;
    if (outcome === undefined) throw error.problem === 'platform_refused' ? unknown(program, error) : error;
    if (typeof outcome === 'object') {
      return { kind: 'later', platformCode, detail: error.message, retryAfter: outcome.later };
    }
    // The first answer may have been lost, and the repeat refused for what the first has done.
    const state = await this.state(program, refund);
    if (state.kind !== 'absent') return state;
    return platformCode === EXISTS ? { kind: 'pending', facts: {} } : failed;
  }
}

function stateOf({ pay_refund_id, refund_total_amount, status, refund_at, message }: SignRefundItem): RefundState {
  const facts = { platformRefundId: pay_refund_id, amount: toFen(refund_total_amount) };
  switch (status) {
    case 'SUCCESS':
      return { kind: 'succeeded', facts: { ...facts, ...(refund_at ? { succeededAt: refund_at } : {}) } };
    case 'FAIL':
      return { kind: 'failed', platformCode: 'FAIL', detail: message ?? 'Douyin could not carry out the refund.' };
    case 'PROCESS':
    case 'PROCESSING':
      return { kind: 'pending', facts };
  }
}
