import type { Account } from '../core/accounts.js';
import type { World } from '../core/platform.js';
import type { Row, Table } from '../core/store.js';
import { ClientFailure } from './client-failure.js';
import { payeeOf } from './merchants.js';
import { randomDigits } from './numbers.js';
import type { OrderData } from './order-data.js';
import { channelFor, type Order, type Payment, paymentMessage } from './order.js';
import { openidOf } from './people.js';
import { callBack } from './trade-callbacks.js';

interface Numbered extends Row {
  readonly orderIds: readonly string[];
}

/** The orders of the general trade system, from tt.requestOrder to the payment or its absence. */
export class TradeOrders {
  readonly #orders: Table<Order>;
  /** By the developer's number: one order for each mini-program that used it. */
  readonly #numbers: Table<Numbered>;

  constructor(private readonly world: World) {
    this.#orders = world.table('douyin.orders');
    this.#numbers = world.table('douyin.orderNumbers');
  }

  readonly timers = {
    orderTimeout: ({ orderId }: { orderId: string }, account: Account): void => this.#timeOut(account, orderId),
  };

  get(orderId: string): Order | undefined {
    return this.#orders.get(orderId);
  }

  /** All orders under the developer's number, whatever the mini-program. */
  numbered(outOrderNo: string): Order[] {
    const { orderIds } = this.#numbers.get(outOrderNo) ?? { orderIds: [] };
    return orderIds.flatMap((id) => this.get(id) ?? []);
  }

  save(order: Order): void {
    this.#orders.set(order.orderId, order);
  }

  /** tt.requestOrder: the order of that number, made now or there already. Throws ClientFailure. */
  request(account: Account, data: OrderData): Order {
    const { platformAppId } = account;
    const previous = this.numbered(data.outOrderNo).find((order) => order.platformAppId === platformAppId);
    const content = contentOf(data);
    if (previous && previous.content !== content)
      throw new ClientFailure(10000, `parameter: outOrderNo ${data.outOrderNo} is an order with other content`);
    return previous ?? this.#create(account, data, content);
  }

  /** The person pays. Throws ClientFailure when the order cannot be paid (any more). */
  pay(account: Account, { orderId }: Order, user: string): void {
    const order = this.#payable(account, orderId);
    const payment: Payment = {
      paidAt: this.world.businessNow(account),
      channel: channelFor(order),
      channelPayId: randomDigits(28),
      userBillPayId: `TP${randomDigits(25)}`,
      openId: openidOf(order.platformAppId, user),
    };
    const paid: Order = { ...order, status: 'SUCCESS', payment };
    this.save(paid);
    this.world.cancel(account, timerKey(orderId));
    this.#tell(account, paid, payment.paidAt);
  }

  /** The person gives the order up for good in Douyin's list of orders. Throws ClientFailure. */
  cancel(account: Account, { orderId }: Order): void {
    const order = this.#payable(account, orderId);
    this.world.cancel(account, timerKey(orderId));
    this.#end(account, order, 'USER_CANCEL');
  }

  /** Throws ClientFailure unless the cashier opens for the order. */
  requirePayable(account: Account, { orderId }: Order): void {
    this.#payable(account, orderId);
  }

  #create(account: Account, data: OrderData, content: string): Order {
    const merchantUid = payeeOf(this.world, account, data.merchantUid);
    if (!merchantUid)
      throw new ClientFailure(
        10000,
        `parameter: merchantUid ${data.merchantUid ?? ''} is not bound to the mini-program`,
      );
    const { outOrderNo, totalAmount, currency, payNotifyUrl, payExpireSeconds } = data;
    const now = this.world.businessNow(account);
    const order: Order = {
      orderId: newOrderId(),
      platformAppId: account.platformAppId,
      outOrderNo,
      content,
      currency,
      totalAmount,
      merchantUid,
      item: { itemOrderId: newOrderId(), skuId: data.skuList[0].skuId },
      hiddenPayWays: data.limitPayWayList ?? [],
      ...(payNotifyUrl && { notifyUrl: payNotifyUrl }),
      createdAt: now,
      expiresAt: now + payExpireSeconds * 1_000,
      status: 'PROCESS',
      fulfilment: 'FULFILL_WAIT',
      refundIds: [],
    };
    this.save(order);
    this.#numbers.set(outOrderNo, {
      orderIds: [...(this.#numbers.get(outOrderNo)?.orderIds ?? []), order.orderId],
    });
    this.world.at(account, {
      key: timerKey(order.orderId),
      name: 'orderTimeout',
      at: order.expiresAt,
      data: { orderId: order.orderId },
    });
    return order;
  }

  #payable(account: Account, orderId: string): Order {
    const order = this.get(orderId);
    if (order?.status === 'SUCCESS') throw new ClientFailure(10000, 'the order is paid already');
    // The timer may be a moment late.
    if (order?.status !== 'PROCESS' || order.expiresAt <= this.world.businessNow(account))
      throw new ClientFailure(10000, 'the order is closed');
    return order;
  }

  #timeOut(account: Account, orderId: string): void {
    const order = this.get(orderId);
    if (order?.status === 'PROCESS') this.#end(account, order, 'TIME_OUT');
  }

  #end(account: Account, order: Order, message: 'TIME_OUT' | 'USER_CANCEL'): void {
    // order_query has no CANCEL: a cancelled order reads TIMEOUT there (inferred from its enum).
    const ended: Order = { ...order, status: 'TIMEOUT' };
    this.save(ended);
    this.#tell(account, ended, this.world.businessNow(account), message);
  }

  #tell(account: Account, order: Order, at: number, message?: string): void {
    callBack(this.world, account, order.notifyUrl, 'payment', paymentMessage(order, at, message));
  }
}

/** A server that signs anew gives the time that is left: another `payExpireSeconds` is not another order. */
function contentOf(data: OrderData): string {
  const { payExpireSeconds: _left, ...content } = data;
  return JSON.stringify(content);
}

const newOrderId = (): string => `motb${randomDigits(19)}`;
const timerKey = (orderId: string): string => `order/${orderId}`;
