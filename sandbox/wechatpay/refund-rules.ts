import { PayError } from './errors.js';
import type { Order, PaidOrder } from './order-book.js';
import type { RefundDraft } from './refund-draft.js';

const YEAR = 365 * 86_400_000;
const MOST_REFUNDS = 50;
const APART = 60_000;

/** What a refund takes from an order; throws PayError when the order's rules forbid it. `now`: business time in ms. */
export function requireRefundable(order: PaidOrder, { refund, total }: RefundDraft['amount'], now: number): void {
  if (total !== order.total) throw refused('订单金额不一致，请检查后再试');
  if (now > order.payment.at + YEAR) throw refused('订单已超过可退款的最大期限');
  if (order.refunds >= MOST_REFUNDS) throw refused('订单部分退款次数已超过50次');
  if (refund > order.total - order.refunded) throw refused('退款金额大于订单剩余可退金额');
  if (order.lastRefundAt !== undefined && now < order.lastRefundAt + APART)
    throw new PayError('FREQUENCY_LIMITED', { message: '同一订单的多笔退款需间隔1分钟，请稍后用原参数重试' });
}

/** The order with this much more reserved for a refund. */
export const reserved = <O extends Order>(order: O, refund: number, now: number): O => ({
  ...order,
  state: 'REFUND',
  refunded: order.refunded + refund,
  refunds: order.refunds + 1,
  lastRefundAt: now,
});

const refused = (message: string): PayError => new PayError('INVALID_REQUEST', { message });
