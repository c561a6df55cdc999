import { SandboxError } from '../core/errors.js';
import { type Action, action, cashierSchema, type World } from '../core/platform.js';
import type { Notifications } from './notifications.js';
import { REFUND_WINDOW, statusOf, type Trade } from './trade.js';
import { expiryKey } from './trade-create.js';
import type { Trades } from './trades.js';

/** What the callback of `my.tradePay` gets. */
interface TradePayResult {
  readonly resultCode: '9000' | '6001' | '4000';
  readonly memo?: string;
}

/** `my.tradePay({tradeNO})` on the phone of a person. */
export class Cashier {
  constructor(
    private readonly world: World,
    private readonly trades: Trades,
    private readonly notifications: Notifications,
  ) {}

  readonly act: Action = action(
    cashierSchema,
    ({ clientAction: { method, params }, user, outcome }): TradePayResult => {
      if (method !== 'tradePay')
        throw new SandboxError(422, 'client_method_unknown', `Alipay's cashier opens with "tradePay", not "${method}"`);
      const { tradeNO: tradeNo } = params;
      // The client takes an order string too; nothing here makes one.
      if (typeof tradeNo !== 'string') return refused('tradeNO缺失，注意大小写');
      const trade = this.trades.get(tradeNo);
      if (!trade) return refused('ALI38110：交易不存在');
      if (trade.user !== user) return refused('ALI38110：交易买家不匹配');
      const status = statusOf(trade, this.trades.now(trade));
      if (status === 'TRADE_CLOSED') return refused('ALI38110：交易已经关闭');
      if (status !== 'WAIT_BUYER_PAY') return refused('ALI38110：交易已被支付');
      if (outcome === 'cancel') return { resultCode: '6001' };
      if (outcome === 'fail') return refused('支付失败');
      this.#pay(trade);
      return { resultCode: '9000' };
    },
  );

  /** The timer of the end of the time in which a trade can be refunded. */
  readonly finished = ({ tradeNo }: { tradeNo: string }): void => {
    const trade = this.trades.get(tradeNo);
    if (trade && statusOf(trade, this.trades.now(trade)) === 'TRADE_FINISHED')
      this.notifications.tell(trade, this.trades.now(trade));
  };

  #pay(trade: Trade): void {
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
  }
}

const refused = (memo: string): TradePayResult => ({ resultCode: '4000', memo });
