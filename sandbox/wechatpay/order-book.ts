import type { World } from '../core/platform.js';
import type { Row, Table } from '../core/store.js';
import { newPrepayId } from './numbers.js';
import type { ContractDraft } from './papay-contract.js';
import type { V2SignType } from './v2-signature.js';

const DAY = 86_400_000;
/** Whatever `time_expire` says. */
const PREPAY_LIFETIME = 2 * 3_600_000;
const UNPAID_FOR = 7 * DAY;

/** The last two are of debits only. */
export type TradeState = 'NOTPAY' | 'SUCCESS' | 'REFUND' | 'CLOSED' | 'ACCEPT' | 'PAY_FAIL';

/** Of an order that was placed through the older API. */
export interface OlderOrder {
  /** How the order was signed: so are its payment sheet and its notification. */
  readonly signType: V2SignType;
  /** What the payer signs along with the payment. */
  readonly contract?: ContractDraft;
}

/** All times in ms of business time, all amounts in fen. */
export interface Order extends Row {
  readonly mchid: string;
  readonly appid: string;
  /** `out_trade_no`. */
  readonly number: string;
  readonly openid: string;
  readonly total: number;
  readonly notifyUrl: string;
  readonly attach?: string;
  readonly deviceId?: string;
  readonly fingerprint: string;
  readonly createdAt: number;
  /** The last moment at which the payer can pay. The order stays open after it. */
  readonly payUntil: number;
  readonly state: TradeState;
  /** With both the payer can open the payment sheet; a debit has none. */
  readonly prepayId?: string;
  readonly prepaidAt?: number;
  readonly v2?: OlderOrder;
  /** Of the contract that a debit is made under, or that was signed with the payment. */
  readonly contractId?: string;
  /** A debit under a contract: there is no payer. */
  readonly isDebit?: true;
  /** Why a debit failed. */
  readonly failure?: { readonly code: string; readonly message: string };
  readonly payment?: { readonly transactionId: string; readonly at: number };
  /** What refunds have taken or reserved. */
  readonly refunded: number;
  readonly refunds: number;
  readonly lastRefundAt?: number;
}

export interface PaidOrder extends Order {
  readonly payment: { readonly transactionId: string; readonly at: number };
}

export interface PrepaidOrder extends Order {
  readonly prepayId: string;
}

interface Pointer extends Row {
  /** Key of an order. */
  readonly order: string;
}

/** A `prepay_id`, and until when the cashier takes it (business time). */
interface Prepay extends Pointer {
  readonly until: number;
  readonly keepUntil: number;
}

/** The orders of all merchants. */
export class OrderBook {
  readonly #orders: Table<Order>;
  readonly #prepays: Table<Prepay>;
  readonly #transactions: Table<Pointer>;
  readonly #deadNumbers: Table<Row>;

  constructor(private readonly world: World) {
    this.#orders = world.table('wechatpay.orders');
    this.#prepays = world.table('wechatpay.prepays');
    this.#transactions = world.table('wechatpay.transactions');
    this.#deadNumbers = world.table('wechatpay.deadNumbers');
  }

  get(mchid: string, number: string): Order | undefined {
    return this.#orders.get(keyOf(mchid, number));
  }

  /** The orders of all merchants with that number. Looks at each order: not for what happens often. */
  withNumber(number: string): Order[] {
    const found: Order[] = [];
    for (const [, order] of this.#orders.entries()) if (order.number === number) found.push(order);
    return found;
  }

  /** Of any merchant. */
  byTransaction(transactionId: string): Order | undefined {
    return this.#orders.get(this.#transactions.get(transactionId)?.order ?? '');
  }

  /** The order that a `prepay_id` pays; undefined once it is no longer valid at `now`. */
  byPrepay(prepayId: string, now: (order: Order) => number): Order | undefined {
    const prepay = this.#prepays.get(prepayId);
    const order = prepay && this.#orders.get(prepay.order);
    return order && now(order) < prepay.until ? order : undefined;
  }

  set(order: Order): void {
    this.#orders.set(keyOf(order.mchid, order.number), order);
  }

  /** The order with a `prepay_id` that is good at `now`: its own, or a new one. */
  withPrepay(order: Order, now: number): PrepaidOrder {
    const { prepayId, prepaidAt = -Infinity } = order;
    if (prepayId !== undefined && now < prepaidAt + PREPAY_LIFETIME) return { ...order, prepayId };
    const renewed: PrepaidOrder = { ...order, prepayId: newPrepayId(now), prepaidAt: now };
    this.set(renewed);
    // Business time is never behind: whoever is past the second instant is past the first one too.
    this.#prepays.set(renewed.prepayId, {
      order: keyOf(order.mchid, order.number),
      until: now + PREPAY_LIFETIME,
      keepUntil: this.world.now() + PREPAY_LIFETIME,
    });
    return renewed;
  }

  pay(order: Order, payment: PaidOrder['payment']): PaidOrder {
    const paid: PaidOrder = { ...order, state: 'SUCCESS', payment };
    this.set(paid);
    this.#transactions.set(payment.transactionId, { order: keyOf(order.mchid, order.number) });
    return paid;
  }

  /** A number that was closed before it was ever ordered. */
  isDead(mchid: string, number: string): boolean {
    return this.#deadNumbers.get(keyOf(mchid, number)) !== undefined;
  }

  bury(mchid: string, number: string): void {
    this.#deadNumbers.set(keyOf(mchid, number), {});
  }
}

/** An order that is still unpaid after seven days is closed, though not before its payer's time is over. */
export const stateOf = ({ state, createdAt, payUntil }: Order, now: number): TradeState =>
  state === 'NOTPAY' && now >= Math.max(createdAt + UNPAID_FOR, payUntil) ? 'CLOSED' : state;

export const isPaid = (order: Order): order is PaidOrder => order.payment !== undefined;

const keyOf = (mchid: string, number: string): string => `${mchid}/${number}`;
