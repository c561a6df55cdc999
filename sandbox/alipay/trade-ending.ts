import type { World } from '../core/platform.js';
import { AlipayError } from './errors.js';
import type { Fields } from './fields.js';
import type { Operation } from './methods.js';
import type { Notifications } from './notifications.js';
import type { Refunds } from './refunds.js';
import { leftOf, statusOf, type Trade } from './trade.js';
import { expiryKey } from './trade-create.js';
import { numbersOf } from './trade-view.js';
import { textField } from './trade-fields.js';
import type { Trades } from './trades.js';

/** How long after its payment a trade can be cancelled (commonly said to be a day; not in the docs). */
const CANCEL_WINDOW = 24 * 3_600_000;

/** The ways in which a trade ends without being paid, or as if it had not been. */
export class TradeEnding {
  constructor(
    private readonly world: World,
    private readonly trades: Trades,
    private readonly refunds: Refunds,
    private readonly notifications: Notifications,
  ) {}

  /** `alipay.trade.close`: only what nobody has paid. */
  readonly close: Operation = ({ account, content }) => {
    const trade = this.trades.require(account, content);
    const status = statusOf(trade, this.trades.now(trade));
    // Three codes are documented for this, but not which is for what; all mean "query".
    if (status === 'TRADE_CLOSED') throw new AlipayError('ACQ.REASON_TRADE_STATUS_INVALID');
    if (status !== 'WAIT_BUYER_PAY') throw new AlipayError('ACQ.TRADE_STATUS_ERROR');
    this.#close(trade, this.trades.now(trade));
    return numbersOf(trade);
  };

  /** `alipay.trade.cancel`: unpaid it is closed, paid it is refunded, and unknown it is a success as well. */
  readonly cancel: Operation = ({ account, content }) => {
    const trade = this.trades.named(account, content);
    if (trade) return { ...numbersOf(trade), retry_flag: 'N', action: this.#cancel(trade) };
    const outTradeNo = textField(content, 'out_trade_no', 64);
    return { ...(outTradeNo !== undefined && { out_trade_no: outTradeNo }), retry_flag: 'N' };
  };

  /** The timer of a trade that nobody paid in time. */
  readonly expired = ({ tradeNo }: { tradeNo: string }): void => {
    const trade = this.trades.get(tradeNo);
    if (!trade || trade.paidAt !== undefined || trade.closedAt !== undefined) return;
    if (trade.expiresAt <= this.trades.now(trade)) this.#close(trade, trade.expiresAt);
  };

  #cancel(trade: Trade): 'close' | 'refund' {
    const now = this.trades.now(trade);
    const status = statusOf(trade, now);
    if (status === 'WAIT_BUYER_PAY') this.#close(trade, now);
    if (trade.paidAt === undefined) return 'close';
    if (status === 'TRADE_CLOSED') return 'refund';
    const flags: Fields = { ...numbersOf(trade), retry_flag: 'N' };
    if (status === 'TRADE_FINISHED') throw new AlipayError('ACQ.TRADE_HAS_FINISHED', undefined, flags);
    if (now - trade.paidAt > CANCEL_WINDOW) throw new AlipayError('ACQ.TRADE_CANCEL_TIME_OUT', undefined, flags);
    if (this.trades.programOf(trade.platformAppId).credentials.refunds === 'balance_short')
      throw new AlipayError('ACQ.SELLER_BALANCE_NOT_ENOUGH', undefined, { ...flags, retry_flag: 'Y' });
    const left = leftOf(trade);
    if (left > 0) this.refunds.sendBack(trade, { number: trade.tradeNo, amount: left });
    return 'refund';
  }

  #close(trade: Trade, at: number): void {
    const closed = { ...trade, closedAt: at };
    this.trades.change(closed);
    this.world.cancel(this.trades.programOf(trade.platformAppId), expiryKey(trade));
    this.notifications.tell(closed, at);
  }
}
