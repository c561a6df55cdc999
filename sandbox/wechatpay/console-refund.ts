import type { z } from 'zod';
import type { AccountBook } from '../core/accounts.js';
import { SandboxError } from '../core/errors.js';
import type { refundSchema, World } from '../core/platform.js';
import type { Merchant } from './authorization.js';
import type { PayCredentials } from './merchant-console.js';
import { isPaid, type OrderBook, type PaidOrder } from './order-book.js';
import type { Refunds } from './refunds.js';

type Input = z.output<typeof refundSchema>;

/** A refund that nobody asked for through the API: somebody clicked it in the merchant's console. */
export class ConsoleRefund {
  readonly #merchants: AccountBook<PayCredentials, Merchant>;

  constructor(
    world: World,
    private readonly orders: OrderBook,
    private readonly refunds: Refunds,
  ) {
    this.#merchants = world.merchants('wechat');
  }

  readonly start = ({ number, amount, by }: Input): { refundId: string; number: string; amount: number } => {
    if (by === 'user') throw new SandboxError(422, 'refund_refused', 'at WeChat a person cannot start a refund');
    const order = this.#orderOf(number);
    const left = order.total - order.refunded;
    if (left === 0 || (amount ?? left) > left)
      throw new SandboxError(409, 'refund_refused', `of order ${number} only ${left} fen are left to refund`);
    const refund = this.refunds.fromConsole(order, this.#merchants.require(order.mchid), amount ?? left);
    return { refundId: refund.refundId, number: refund.number, amount: refund.refund };
  };

  #orderOf(number: string): PaidOrder {
    const orders = this.orders.withNumber(number).filter(isPaid);
    const [order] = orders;
    if (!order) throw new SandboxError(404, 'order_unknown', `there is no paid WeChat order ${number}`);
    if (orders.length > 1)
      throw new SandboxError(409, 'order_ambiguous', `several merchants have a paid order ${number}`);
    return order;
  }
}
