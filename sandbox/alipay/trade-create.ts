import type { Account } from '../core/accounts.js';
import type { World } from '../core/platform.js';
import type { AlipayCredentials } from './developer-console.js';
import { AlipayError } from './errors.js';
import type { Merchants } from './merchants.js';
import type { Operation } from './methods.js';
import type { Notifications } from './notifications.js';
import type { People } from './people.js';
import { readTradeDraft, type TradeDraft } from './trade-draft.js';
import { statusOf, type Trade } from './trade.js';
import type { Trades } from './trades.js';

/** `alipay.trade.create`. */
export class TradeCreation {
  constructor(
    private readonly world: World,
    private readonly trades: Trades,
    private readonly people: People,
    private readonly merchants: Merchants,
    private readonly notifications: Notifications,
  ) {}

  readonly run: Operation = (input) => {
    const draft = readTradeDraft(input);
    const sellerId = this.merchants.sellerOf(input.account, draft.sellerId);
    const existing = this.trades.byNumber(sellerId, draft.fields.outTradeNo);
    if (existing) checkRepeat(existing, draft.fields.asked, this.trades.now(existing));
    const trade = existing ?? this.#create(input.account, draft, sellerId);
    return { out_trade_no: trade.outTradeNo, trade_no: trade.tradeNo };
  };

  #create(account: Account<AlipayCredentials>, draft: TradeDraft, sellerId: string): Trade {
    const user = this.#buyerOf(account, draft);
    const now = this.world.businessNow(account);
    const expiresAt = draft.expiresAt(now);
    if (expiresAt <= now) throw new AlipayError('ACQ.NOW_TIME_AFTER_EXPIRE_TIME_ERROR');
    const agreement = draft.agreement(now);
    const trade: Trade = {
      ...draft.fields,
      ...(agreement && { agreement }),
      tradeNo: this.trades.newTradeNo(now),
      platformAppId: account.platformAppId,
      sellerId,
      user,
      createdAt: now,
      expiresAt,
      refunds: [],
    };
    this.trades.add(trade);
    this.world.at(account, {
      key: expiryKey(trade),
      name: 'tradeExpired',
      at: expiresAt,
      data: { tradeNo: trade.tradeNo },
    });
    this.notifications.tell(trade, now);
    return trade;
  }

  #buyerOf(account: Account, { opAppId, buyer }: TradeDraft): string {
    const { platformAppId, entity } = account;
    const cashierAppId = opAppId ?? platformAppId;
    const cashier = this.world.accounts('alipay').get(cashierAppId);
    if (!cashier) throw new AlipayError('ACQ.OPEN_ID_NOT_TINY_APP');
    if (cashier.entity !== entity) throw new AlipayError('ACQ.UNBOUND_APPLICATION');
    const user =
      this.people.byOpenId(platformAppId, buyer.openId) ??
      this.people.byOpenId(cashierAppId, buyer.opOpenId) ??
      this.people.byUserId(buyer.userId);
    if (user === undefined) throw new AlipayError('ACQ.BUYER_NOT_EXIST');
    return user;
  }
}

/** Throws AlipayError unless the trade of that number is still to be paid, and was asked for in the same words. */
export function checkRepeat(trade: Trade, asked: string, now: number): void {
  const status = statusOf(trade, now);
  if (status === 'TRADE_CLOSED') throw new AlipayError('ACQ.TRADE_HAS_CLOSE');
  if (status !== 'WAIT_BUYER_PAY') throw new AlipayError('ACQ.TRADE_HAS_SUCCESS');
  if (trade.asked !== asked) throw new AlipayError('ACQ.CONTEXT_INCONSISTENT');
}

/** The timer that closes a trade nobody paid. */
export const expiryKey = ({ tradeNo }: Pick<Trade, 'tradeNo'>): string => `expiry/${tradeNo}`;
