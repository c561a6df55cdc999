import { randomInt } from 'node:crypto';
import type { Account } from '../core/accounts.js';
import type { World } from '../core/platform.js';
import type { Row, Table } from '../core/store.js';
import { chinaTime } from './china-time.js';
import type { AlipayCredentials } from './developer-console.js';
import { AlipayError } from './errors.js';
import type { Fields } from './fields.js';
import type { Merchants } from './merchants.js';
import type { Trade } from './trade.js';
import { invalidField, textField } from './trade-fields.js';

interface TradeNumber extends Row {
  readonly tradeNo: string;
}

/** All trades, by either of their numbers. */
export class Trades {
  readonly #trades: Table<Trade>;
  /** By seller and `out_trade_no`, which each merchant gives once. */
  readonly #numbers: Table<TradeNumber>;

  constructor(
    private readonly world: World,
    private readonly merchants: Merchants,
  ) {
    this.#trades = world.table('alipay.trades');
    this.#numbers = world.table('alipay.tradeNumbers');
  }

  get(tradeNo: string): Trade | undefined {
    return this.#trades.get(tradeNo);
  }

  byNumber(sellerId: string, outTradeNo: string): Trade | undefined {
    const number = this.#numbers.get(numberKey(sellerId, outTradeNo));
    return number && this.#trades.get(number.tradeNo);
  }

  /** The trades of all merchants that have that number. */
  everywhere(outTradeNo: string): Trade[] {
    return [...this.#numbers.entries()]
      .filter(([key]) => key.endsWith(numberKey('', outTradeNo)))
      .flatMap(([, { tradeNo }]) => this.#trades.get(tradeNo) ?? []);
  }

  /**
   * The trade that a call names by `trade_no`, or without it by `out_trade_no`; undefined when there is none, or it
   * belongs to a merchant that is not bound to the caller. Throws AlipayError.
   */
  named(account: Account, content: Fields): Trade | undefined {
    const tradeNo = textField(content, 'trade_no', 64);
    const outTradeNo = textField(content, 'out_trade_no', 64);
    const sellers = this.merchants.sellersOf(account);
    if (tradeNo !== undefined) {
      const trade = this.#trades.get(tradeNo);
      return trade && sellers.includes(trade.sellerId) ? trade : undefined;
    }
    if (outTradeNo === undefined) throw invalidField('trade_no', '与out_trade_no不能同时为空');
    for (const seller of sellers) {
      const trade = this.byNumber(seller, outTradeNo);
      if (trade) return trade;
    }
    return undefined;
  }

  /** The same, but one must be there. Throws AlipayError. */
  require(account: Account, content: Fields): Trade {
    const trade = this.named(account, content);
    if (!trade) throw new AlipayError('ACQ.TRADE_NOT_EXIST');
    return trade;
  }

  /** Business time of a trade: that of the mini-program which created it. */
  now({ platformAppId }: Trade): number {
    return this.world.businessNow(this.programOf(platformAppId));
  }

  programOf(platformAppId: string): Account<AlipayCredentials> {
    return this.world.accounts<AlipayCredentials>('alipay').require(platformAppId);
  }

  add(trade: Trade): void {
    this.#numbers.set(numberKey(trade.sellerId, trade.outTradeNo), { tradeNo: trade.tradeNo });
    this.change(trade);
  }

  change(trade: Trade): void {
    this.#trades.set(trade.tradeNo, trade);
  }

  /** 28 digits that begin with the day. */
  newTradeNo(now: number): string {
    const day = chinaTime(now).slice(0, 10).replaceAll('-', '');
    for (;;) {
      const digits = Array.from({ length: 3 }, () => String(randomInt(10 ** 6)).padStart(6, '0'));
      const tradeNo = `${day}22${digits.join('')}`;
      if (!this.#trades.get(tradeNo)) return tradeNo;
    }
  }
}

const numberKey = (sellerId: string, outTradeNo: string): string => `${sellerId}/${outTradeNo}`;
