import type { World } from '../core/platform.js';
import type { Notifications } from './notifications.js';
import { REFUND_WINDOW, statusOf, type Trade } from './trade.js';
import { expiryKey } from './trade-create.js';
import type { Trades } from './trades.js';

/** The moment in which a trade is paid, or turns out not to be, whoever makes it so. */
export class TradePayment {
  constructor(
    private readonly world: World,
    private readonly trades: Trades,
    private readonly notifications: Notifications,
  ) {}

  /** The caller has checked that it may be paid. */
  pay(trade: Trade): Trade {
    const { tradeNo, platformAppId } = trade;
    const now = this.trades.now(trade);
    const program = this.trades.programOf(platformAppId);
    const paid = { ...trade, paidAt: now };
    this.trades.change(paid);
    this.world.cancel(program, expiryKey(trade));
    // The status follows from the time; the timer is only there to tell, so without listeners there is none.
    if (this.notifications.isWanted(program, 'TRADE_FINISHED'))
      this.world.at(program, {
        key: `finish/${tradeNo}`,
        name: 'tradeFinished',
        at: now + REFUND_WINDOW,
        data: { tradeNo },
      });
    this.notifications.tell(paid, now);
    return paid;
  }

  /** The person's money does not come: the trade is closed. */
  fail(trade: Trade): void {
    const closed = { ...trade, closedAt: this.trades.now(trade) };
    this.trades.change(closed);
    this.notifications.tell(closed, closed.closedAt);
  }

  /** The timer of the end of the time in which a trade can be refunded. */
  readonly finished = ({ tradeNo }: { tradeNo: string }): void => {
    const trade = this.trades.get(tradeNo);
    if (trade && statusOf(trade, this.trades.now(trade)) === 'TRADE_FINISHED')
      this.notifications.tell(trade, this.trades.now(trade));
  };
}
