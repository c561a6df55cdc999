import type { World } from '../core/platform.js';
import { chinaTime } from './china-time.js';
import { AlipayError } from './errors.js';
import type { Fields } from './fields.js';
import type { Operation, OperationInput } from './methods.js';
import { yuanOf } from './money.js';
import type { Notifications } from './notifications.js';
import { leftOf, type Refund, refundedBy, statusOf, type Trade } from './trade.js';
import { amountField, invalidField, listField, required, textField, textsField } from './trade-fields.js';
import { buyerIdsOf, numbersOf } from './trade-view.js';
import type { Trades } from './trades.js';

const SECOND = 1_000;
/** Docs: refunds of one trade start at least that far apart. */
const SPACING = 3 * SECOND;
/** How long the manner `later` takes. */
const DELAY = 60 * SECOND;

/** What is asked for: fen, and the number under which it is asked for. */
type RefundDraft = Pick<Refund, 'number' | 'amount' | 'reason'>;

/** Money that goes back: `alipay.trade.refund` and whoever else sends some back. */
export class Refunds {
  constructor(
    private readonly world: World,
    private readonly trades: Trades,
    private readonly notifications: Notifications,
  ) {}

  /** `alipay.trade.refund`. */
  readonly run: Operation = (input) => {
    const { account, content } = input;
    const options = textsField(content, 'query_options');
    const trade = this.trades.require(account, content);
    const draft = draftOf(content, trade);
    const before = trade.refunds.find(({ number }) => number === draft.number);
    if (before && before.amount !== draft.amount) throw new AlipayError('ACQ.DISCORDANT_REPEAT_REQUEST');
    const refund = before ?? this.#accept(trade, draft);
    const after = this.trades.get(trade.tradeNo) ?? trade;
    const now = this.trades.now(after);
    const isDone = refund !== undefined && refund.doneAt <= now;
    return {
      ...numbersOf(after),
      ...buyerIdsOf(account, after, 'buyer_user_id'),
      // Only the call that moved the money says so: a repeat moves nothing, nor does a refund that is still to come.
      fund_change: isDone && !before ? 'Y' : 'N',
      refund_fee: yuanOf(refundedBy(after, now)),
      ...(isDone && { gmt_refund_pay: chinaTime(refund.doneAt) }),
      ...(isDone && options.includes('refund_detail_item_list') && fundsOf(refund)),
    };
  };

  /** Sends back `draft` at once, whatever the settings say of refunds. The caller has checked that it may. */
  sendBack(trade: Trade, draft: RefundDraft): Trade {
    const now = this.trades.now(trade);
    return this.#add(trade, { ...draft, askedAt: now, doneAt: now });
  }

  /** The timer of a refund that took its time. */
  readonly done = ({ tradeNo, number }: { tradeNo: string; number: string }): void => {
    const trade = this.trades.get(tradeNo);
    const refund = trade?.refunds.find((one) => one.number === number);
    if (trade && refund) this.notifications.tell(trade, refund.doneAt, refund);
  };

  /** Undefined: accepted, and then not executed. Throws AlipayError. */
  #accept(trade: Trade, draft: RefundDraft): Refund | undefined {
    const now = this.trades.now(trade);
    checkRefundable(trade, now);
    if (draft.amount > leftOf(trade)) throw new AlipayError('ACQ.REASON_TRADE_REFUND_FEE_ERR');
    const last = trade.refunds.at(-1);
    // The code for haste is not published; this one says "slow down" and leaves no doubt that nothing was done.
    if (last && now - last.askedAt < SPACING) throw new AlipayError('isv.method-call-limited');
    const { refunds: manner = 'at_once' } = this.trades.programOf(trade.platformAppId).credentials;
    if (manner === 'balance_short') throw new AlipayError('ACQ.SELLER_BALANCE_NOT_ENOUGH');
    if (manner === 'not_executed') return undefined;
    const refund = { ...draft, askedAt: now, doneAt: manner === 'later' ? now + DELAY : now };
    this.#add(trade, refund);
    return refund;
  }

  #add(trade: Trade, refund: Refund): Trade {
    const changed = { ...trade, refunds: [...trade.refunds, refund] };
    this.trades.change(changed);
    if (refund.doneAt === refund.askedAt) this.notifications.tell(changed, refund.doneAt, refund);
    else
      this.world.at(this.trades.programOf(trade.platformAppId), {
        key: `refund/${trade.tradeNo}/${refund.number}`,
        name: 'refundDone',
        at: refund.doneAt,
        data: { tradeNo: trade.tradeNo, number: refund.number },
      });
    return changed;
  }
}

/** `alipay.trade.fastpay.refund.query`. Of a number that it does not know it says nothing, not even that. */
export const refundQuery =
  (trades: Trades): Operation =>
  ({ account, content }: OperationInput) => {
    const options = textsField(content, 'query_options');
    const number = required(textField(content, 'out_request_no', 64), 'out_request_no');
    const trade = trades.require(account, content);
    const refund = trade.refunds.find((one) => one.number === number);
    if (!refund) return {};
    const isDone = refund.doneAt <= trades.now(trade);
    return {
      ...numbersOf(trade),
      out_request_no: number,
      total_amount: yuanOf(trade.totalAmount),
      refund_amount: yuanOf(refund.amount),
      ...(refund.reason !== undefined && { refund_reason: refund.reason }),
      ...(isDone && { refund_status: 'REFUND_SUCCESS' }),
      ...(isDone && options.includes('gmt_refund_pay') && { gmt_refund_pay: chinaTime(refund.doneAt) }),
      ...(isDone && options.includes('refund_detail_item_list') && fundsOf(refund)),
      // All is paid from balances, so nothing goes back to a bank.
      ...(options.includes('deposit_back_info') && { deposit_back_info: { has_deposit_back: 'false' } }),
    };
  };

/** Throws AlipayError unless the trade has been paid, and neither refunded in full nor too long ago. */
export function checkRefundable(trade: Trade, now: number): void {
  const status = statusOf(trade, now);
  if (status === 'WAIT_BUYER_PAY') throw new AlipayError('ACQ.TRADE_STATUS_ERROR');
  if (status === 'TRADE_CLOSED') throw new AlipayError('ACQ.TRADE_HAS_CLOSE');
  if (status === 'TRADE_FINISHED') throw new AlipayError('ACQ.TRADE_HAS_FINISHED');
}

function draftOf(content: Fields, trade: Trade): RefundDraft {
  const amount = required(amountField(content, 'refund_amount'), 'refund_amount');
  if (amount === 0) throw invalidField('refund_amount', '不能小于0.01');
  const number = textField(content, 'out_request_no', 64);
  const reason = textField(content, 'refund_reason', 256);
  listField(content, 'refund_royalty_parameters');
  listField(content, 'refund_goods_detail');
  // Docs: only a refund in full needs no number of its own; the refund query then takes out_trade_no for it.
  if (number === undefined && amount !== trade.totalAmount) throw new AlipayError('ACQ.REFUND_AMT_NOT_EQUAL_TOTAL');
  return { number: number ?? trade.outTradeNo, amount, ...(reason !== undefined && { reason }) };
}

const fundsOf = ({ amount }: Refund): Fields => ({
  send_back_fee: yuanOf(amount),
  refund_detail_item_list: [{ fund_channel: 'ALIPAYACCOUNT', amount: yuanOf(amount), real_amount: yuanOf(amount) }],
});
