import { randomInt } from 'node:crypto';
import { SandboxError } from '../core/errors.js';
import { type Action, action, refundSchema } from '../core/platform.js';
import { chinaTime } from './china-time.js';
import type { Refunds } from './refunds.js';
import { leftOf, statusOf, type Trade } from './trade.js';
import type { Trades } from './trades.js';

/** A refund that the merchant makes by hand; `number` is the order's `out_trade_no`. */
export const consoleRefund = (trades: Trades, refunds: Refunds): Action =>
  action(refundSchema, ({ number, amount, by }) => {
    if (by !== 'merchant') throw refused('only the merchant sends money back on Alipay: leave "by" out');
    const trade = theOnly(trades.everywhere(number), number);
    const now = trades.now(trade);
    const status = statusOf(trade, now);
    if (status !== 'TRADE_SUCCESS') throw refused(`the trade is ${status}: only TRADE_SUCCESS can be refunded`);
    const left = leftOf(trade);
    if (left === 0 || (amount ?? 0) > left) throw refused(`only ${left} fen are left to be refunded`);
    // The console's own, of a form that no merchant would choose.
    const outRequestNo = `${chinaTime(now).replaceAll(/\D/g, '')}${String(randomInt(10 ** 12)).padStart(12, '0')}`;
    refunds.sendBack(trade, { number: outRequestNo, amount: amount ?? left });
    return { outRequestNo };
  });

function theOnly(found: readonly Trade[], number: string): Trade {
  const [trade, another] = found;
  if (!trade) throw new SandboxError(404, 'order_unknown', `no Alipay merchant has an order ${number}`);
  if (another) throw refused(`several Alipay merchants have an order ${number}: give numbers that are unique`);
  return trade;
}

const refused = (message: string): SandboxError => new SandboxError(422, 'refund_refused', message);
