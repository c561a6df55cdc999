import type { Account } from '../core/accounts.js';
import type { World } from '../core/platform.js';
import type { Row, Table } from '../core/store.js';
import { DouyinError } from './answers.js';
import { randomDigits } from './numbers.js';
import type { Order, PayChannel } from './order.js';
import type { RefundCreate } from './refund-data.js';
import { NO_AUDIT, type Refund, refundMessage } from './refund.js';
import { callBack } from './trade-callbacks.js';
import type { TradeOrders } from './trade-orders.js';

const SECOND = 1_000;
const DAY = 24 * 3_600 * SECOND;
/** Real ones take minutes to days; long enough to be seen as PROCESSING. */
const REFUND_TAKES = 10 * SECOND;
const REFUNDABLE_FOR = 365 * DAY;
/** Parts in which a channel gives back one payment. */
const MOST_PARTS: Readonly<Record<PayChannel, number>> = { 1: 50, 2: 300, 10: 300, 20: 300 };

interface Numbered extends Row {
  readonly refundId: string;
}

/** What is given back, whoever asked for it: the sums, the numbers, and the money's way. */
export class Refunds {
  readonly #refunds: Table<Refund>;
  readonly #numbers: Table<Numbered>;

  constructor(
    private readonly world: World,
    private readonly orders: TradeOrders,
  ) {
    this.#refunds = world.table('douyin.refunds');
    this.#numbers = world.table('douyin.refundNumbers');
  }

  readonly timers = {
    refundArrives: ({ refundId }: { refundId: string }, account: Account): void => this.#arrive(account, refundId),
  };

  get(refundId: string): Refund | undefined {
    return this.#refunds.get(refundId);
  }

  numbered(platformAppId: string, outRefundNo: string): Refund | undefined {
    const { refundId } = this.#numbers.get(numberKey(platformAppId, outRefundNo)) ?? {};
    return refundId === undefined ? undefined : this.get(refundId);
  }

  of({ refundIds }: Order): Refund[] {
    return refundIds.flatMap((id) => this.get(id) ?? []);
  }

  /** What is neither given back nor being given back. */
  left(order: Order): number {
    return this.of(order).reduce(
      (rest, { status, amount }) => (status === 'FAIL' ? rest : rest - amount),
      order.totalAmount,
    );
  }

  save(refund: Refund): void {
    this.#refunds.set(refund.refundId, refund);
    if (refund.outRefundNo) {
      this.#numbers.set(numberKey(refund.platformAppId, refund.outRefundNo), { refundId: refund.refundId });
    }
  }

  /** Throws DouyinError unless `amount` of the order can be given back now. */
  requireRefundable(account: Account, order: Order, amount: number): void {
    const { payment } = order;
    if (!payment) throw new DouyinError(22000, 'the order is not paid');
    if (this.world.businessNow(account) - payment.paidAt > REFUNDABLE_FOR)
      throw new DouyinError(22000, 'the payment is older than a year');
    const left = this.left(order);
    if (amount > left) throw new DouyinError(22002, `${left} of the order can still be refunded`);
    if (this.of(order).filter(({ status }) => status !== 'FAIL').length >= MOST_PARTS[payment.channel])
      throw new DouyinError(22001, 'the pay channel allows no more parts');
  }

  /** refund_create. Throws DouyinError. */
  create(account: Account, request: RefundCreate): Refund {
    const { platformAppId } = account;
    const order = this.orders.get(request.order_id);
    if (order?.platformAppId !== platformAppId) throw new DouyinError(20000);
    if (this.numbered(platformAppId, request.out_refund_no)) throw new DouyinError(22004);
    if (order.currency === 'DIAMOND' && request.currency !== 'DIAMOND')
      throw new DouyinError(10000, 'currency: DIAMOND, as the order says');
    if (request.item_order_detail?.some(({ item_order_id: id }) => id !== order.item.itemOrderId))
      throw new DouyinError(21047);
    if (request.refund_all) this.#requireWhole(order, request.refund_total_amount);
    this.requireRefundable(account, order, request.refund_total_amount);
    return this.open(account, order, {
      outRefundNo: request.out_refund_no,
      amount: request.refund_total_amount,
      source: 2,
      cpExtra: request.cp_extra,
      notifyUrl: request.notify_url,
      audit: NO_AUDIT,
    });
  }

  /** A new refund of the order; one that has its number and needs nobody's word is on its way at once. */
  open(
    account: Account,
    order: Order,
    given: Pick<Refund, 'outRefundNo' | 'amount' | 'source' | 'cpExtra' | 'audit'> & { notifyUrl?: string | undefined },
  ): Refund {
    const { notifyUrl, ...rest } = given;
    const refund: Refund = {
      ...rest,
      ...(notifyUrl !== undefined && { notifyUrl }),
      refundId: `motr${randomDigits(19)}`,
      orderId: order.orderId,
      platformAppId: order.platformAppId,
      status: 'PROCESSING',
      createdAt: this.world.businessNow(account),
      message: '',
    };
    this.save(refund);
    this.orders.save({ ...order, refundIds: [...order.refundIds, refund.refundId] });
    if (refund.outRefundNo && !refund.audit.needed) this.release(account, refund);
    return refund;
  }

  /** The money leaves. */
  release(account: Account, { refundId }: Refund): void {
    this.world.at(account, {
      key: `refund/${refundId}`,
      name: 'refundArrives',
      at: this.world.businessNow(account) + REFUND_TAKES,
      data: { refundId },
    });
  }

  #requireWhole(order: Order, amount: number): void {
    if (this.left(order) < order.totalAmount) throw new DouyinError(22002, 'refund_all: something is refunded already');
    if (amount !== order.totalAmount)
      throw new DouyinError(10000, `refund_total_amount: with refund_all the whole ${order.totalAmount}`);
  }

  #arrive(account: Account, refundId: string): void {
    const refund = this.get(refundId);
    const order = refund && this.orders.get(refund.orderId);
    if (!order || refund.status !== 'PROCESSING') return;
    const refundedAt = this.world.businessNow(account);
    const done: Refund = { ...refund, status: 'SUCCESS', refundedAt };
    this.save(done);
    callBack(this.world, account, done.notifyUrl ?? order.notifyUrl, 'refund', refundMessage(done, order, refundedAt));
  }
}

const numberKey = (platformAppId: string, outRefundNo: string): string => `${platformAppId}/${outRefundNo}`;
