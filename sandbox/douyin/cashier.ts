import { type Action, action, cashierSchema, type World } from '../core/platform.js';
import { signerOf } from './byte-authorization.js';
import { type CashierInput, nextParams, signedParams, unplayable } from './client-action.js';
import { ClientFailure, newLogId } from './client-failure.js';
import type { DouyinCredentials } from './credentials.js';
import { readOrderData } from './order-data.js';
import type { Order } from './order.js';
import { signPage } from './sign-page.js';
import type { SignContracts } from './sign-contracts.js';
import type { TradeOrders } from './trade-orders.js';

/** `POST /_/cashier`: the page that pays, or the one that signs a contract, with the person in front of it. */
export function cashierAction(world: World, orders: TradeOrders, contracts: SignContracts): Action {
  const pages: Readonly<Record<string, (input: CashierInput) => object>> = {
    requestOrder: paymentPage(world, orders),
    createSignOrder: signPage(world, contracts),
  };
  return action(cashierSchema, (input) => {
    const { method } = input.clientAction;
    const page = pages[method];
    if (!page) throw unplayable(`"method" must be "requestOrder" or "createSignOrder", not "${method}"`);
    return page(input);
  });
}

/** Runs tt.requestOrder and tt.getOrderPayment as the client would. */
function paymentPage(world: World, orders: TradeOrders): (input: CashierInput) => object {
  const accounts = world.accounts<DouyinCredentials>('douyin');

  return (input) => {
    const { data, byteAuthorization } = signedParams(input);
    let order: Order | undefined;
    try {
      const account = signerOf(accounts, '/requestOrder', data, byteAuthorization, world.now());
      order = orders.request(account, readOrderData(data));
      const { orderId } = nextParams(input, 'getOrderPayment', requested(order));
      if (orderId !== order.orderId) throw new ClientFailure(10000, `parameter: orderId must be ${order.orderId}`);
      switch (input.outcome) {
        case 'pay':
          orders.pay(account, order, input.user);
          return { ...requested(order), errMsg: 'getOrderPayment:ok' };
        case 'cancel':
          if (input.clientAction.cancelOrder === true) orders.cancel(account, order);
          else orders.requirePayable(account, order);
          throw new ClientFailure(9, 'cancel');
        case 'fail':
          orders.requirePayable(account, order);
          throw new ClientFailure(10401, 'the payment did not succeed');
      }
    } catch (error) {
      if (!(error instanceof ClientFailure)) throw error;
      return order ? { ...requested(order), ...error.answer('getOrderPayment') } : error.answer('requestOrder');
    }
  };
}

const requested = ({ orderId, item, totalAmount }: Order) => ({
  orderId,
  itemOrderList: [{ itemOrderId: item.itemOrderId, skuId: item.skuId, itemOrderAmount: totalAmount }],
  logId: newLogId(),
});
