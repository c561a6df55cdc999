import { z } from 'zod';
import type { Account } from '../core/accounts.js';
import type { Route } from '../core/platform.js';
import { DouyinError } from './answers.js';
import type { AppTokens } from './app-tokens.js';
import { FULFIL_STATUSES, TAG_GROUPS, tagDetail } from './goods.js';
import { type Order, orderView } from './order.js';
import { parsed, readRefundCreate } from './refund-data.js';
import type { RefundRequests } from './refund-requests.js';
import { refundView } from './refund.js';
import type { Refunds } from './refunds.js';
import { type Fields, serverCall } from './server-call.js';
import type { TradeOrders } from './trade-orders.js';

export const TRADE_PATH = '/api/trade_basic/v1/developer/';
const MOST_LISTED = 50;

const id = z.string().max(64).optional();
const orderSchema = z.object({ order_id: id, out_order_no: id });
const refundQuerySchema = z.object({ refund_id: id, out_refund_no: id, order_id: id });
const tagSchema = z.object({ goods_type: z.int().optional() });
const fulfilSchema = z.object({
  order_id: z.string().max(64),
  item_order_id_list: z.array(z.string()).min(1),
  // Only `fulfilling` was ever seen; the rules of tags know these three, in capitals.
  to_status: z
    .string()
    .transform((status) => status.toUpperCase())
    .pipe(z.enum(FULFIL_STATUSES)),
});

/** The server calls of the general trade system, each with a client_token and without a signature. */
export class TradeApi {
  constructor(
    private readonly tokens: AppTokens,
    private readonly orders: TradeOrders,
    private readonly refunds: Refunds,
    private readonly requests: RefundRequests,
  ) {}

  readonly routes: readonly Route[] = [
    this.#route('order_query', (account, fields) => orderView(this.#order(account, parsed(orderSchema, fields)))),
    this.#route('refund_create', (account, fields) => {
      const { refundId, audit } = this.refunds.create(account, readRefundCreate(fields));
      return { refund_id: refundId, refund_audit_deadline: audit.deadline };
    }),
    this.#route('refund_query', (account, fields) => ({ refund_list: this.#refundList(account, fields) })),
    this.#route('refund_audit_callback', (account, fields) => this.requests.decide(account, fields)),
    this.#route('fulfill_push_status', (account, fields) => this.#fulfil(account, fields)),
    this.#route('tag_query', (_account, fields) => {
      const { goods_type: type } = parsed(tagSchema, fields);
      const groups = TAG_GROUPS.filter(({ goodsTypes }) => type === undefined || goodsTypes.includes(type));
      return { tag_detail_list: groups.map(tagDetail) };
    }),
  ];

  #route(name: string, run: (account: Account, fields: Fields) => object | void): Route {
    return serverCall(`${TRADE_PATH}${name}/`, (call) => this.tokens.accountOf(call), run);
  }

  #order(account: Account, { order_id: orderId, out_order_no: number }: z.output<typeof orderSchema>): Order {
    if (!orderId && !number) throw new DouyinError(10000, 'order_id or out_order_no');
    const candidates = orderId ? [this.orders.get(orderId)] : this.orders.numbered(number ?? '');
    const order = candidates.find((one) => one?.platformAppId === account.platformAppId);
    if (!order) throw new DouyinError(20000);
    return order;
  }

  #refundList(account: Account, fields: Fields): object[] {
    const { refund_id: refundId, out_refund_no: number, order_id: orderId } = parsed(refundQuerySchema, fields);
    if (!refundId && !number) {
      if (!orderId) throw new DouyinError(10000, 'refund_id, out_refund_no or order_id');
      const order = this.#order(account, { order_id: orderId });
      const list = this.refunds.of(order).slice(-MOST_LISTED);
      return list.map((refund) => refundView(refund, order));
    }
    const refund = refundId ? this.refunds.get(refundId) : this.refunds.numbered(account.platformAppId, number ?? '');
    if (refund?.platformAppId !== account.platformAppId) throw new DouyinError(20000);
    return [refundView(refund, this.#order(account, { order_id: refund.orderId }))];
  }

  /** Forwards only; the same status again changes nothing. */
  #fulfil(account: Account, fields: Fields): void {
    const { order_id: orderId, item_order_id_list: items, to_status: status } = parsed(fulfilSchema, fields);
    const order = this.#order(account, { order_id: orderId });
    if (items.some((item) => item !== order.item.itemOrderId)) throw new DouyinError(21047);
    if (order.status !== 'SUCCESS') throw new DouyinError(22000, 'the order is not paid');
    if (FULFIL_STATUSES.indexOf(status) < FULFIL_STATUSES.indexOf(order.fulfilment))
      throw new DouyinError(22000, `the order is ${order.fulfilment} already`);
    this.orders.save({ ...order, fulfilment: status });
  }
}
