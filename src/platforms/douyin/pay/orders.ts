import type { Clock } from '../../../common/clock.js';
import { toFen } from '../../../common/money.js';
import { PlatformError } from '../../errors.js';
import type { PaidFacts, PayOrder, PayState } from '../../payment-platform.js';
import type { PlatformAccount } from '../../platform.js';
import { NOT_FOUND } from './pay.errors.js';
import type { OrderQuery } from './pay.wire.js';
import { codeOf, FULFILL_PUSH, ORDER_QUERY, type TradeApi } from './trade-api.js';

/**
 * The status of an order whose goods were handed over. The tag rules call the states FULFILL_WAIT, FULFILLING and
 * FULFILL_DONE, and samples of this call write `fulfilling`; which words it takes is documented nowhere in public.
 */
const FULFILLED = 'fulfill_done';

/** Asks about orders, which the client places, and tells that their goods were handed over. */
export class Orders {
  constructor(
    private readonly trade: TradeApi,
    private readonly clock: Clock,
  ) {}

  async state(program: PlatformAccount, order: PayOrder): Promise<PayState> {
    const found = await this.find(program, order);
    if (!found) return { kind: 'absent' };
    switch (found.pay_status) {
      case 'PROCESS':
        return { kind: 'pending' };
      case 'SUCCESS':
        return { kind: 'succeeded', paid: this.#paid(found) };
      // Reserved by the documentation, and a person without success cannot try again under this number.
      case 'FAIL':
      case 'TIMEOUT':
        return { kind: 'closed' };
    }
  }

  /** Undefined when Douyin knows no order of that number (yet). */
  async find(program: PlatformAccount, { number }: PayOrder): Promise<OrderQuery | undefined> {
    const found = await orAbsent(this.trade.ask(program, ORDER_QUERY, { out_order_no: number }));
    if (found === undefined || found.out_order_no === number) return found;
    throw new PlatformError('platform_answer_invalid', program, {
      detail: 'Douyin has answered with another order than the one it was asked about.',
    });
  }

  /** Throws `platform_busy` for an order without items: Douyin makes them with the order, but its query may lag. */
  async itemsOf(program: PlatformAccount, order: PayOrder): Promise<{ orderId: string; itemIds: string[] }> {
    const found = await this.find(program, order);
    const itemIds = found?.item_order_list.map((item) => item.item_order_id) ?? [];
    if (!found || itemIds.length === 0) {
      throw new PlatformError('platform_busy', program, {
        detail: 'Douyin does not show the items of this order yet.',
      });
    }
    return { orderId: found.order_id, itemIds };
  }

  /** Douyin settles with the merchant so many days after this. */
  async fulfil(program: PlatformAccount, order: PayOrder): Promise<void> {
    const { orderId, itemIds } = await this.itemsOf(program, order);
    const body = { order_id: orderId, item_order_id_list: itemIds, to_status: FULFILLED };
    await this.trade.act(program, FULFILL_PUSH, body);
  }

  #paid({ order_id, pay_time, total_amount, currency, merchant_uid, app_id }: OrderQuery): PaidFacts {
    return {
      transactionId: order_id,
      // Money is there; a missing time must not hide it.
      paidAt: pay_time ?? this.clock.now(),
      amount: toFen(total_amount),
      currency: currency ?? 'CNY',
      ...(merchant_uid === undefined ? {} : { merchantId: merchant_uid }),
      ...(app_id === undefined ? {} : { platformAppId: app_id }),
    };
  }
}

/** Undefined instead of the error that says "not found". */
export async function orAbsent<T>(asking: Promise<T>): Promise<T | undefined> {
  try {
    return await asking;
  } catch (error) {
    if (codeOf(error) === NOT_FOUND) return undefined;
    throw error;
  }
}
