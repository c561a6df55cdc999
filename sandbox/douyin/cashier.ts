import { SandboxError } from '../core/errors.js';
import { type Action, action, cashierSchema, type World } from '../core/platform.js';
import { signerOf } from './byte-authorization.js';
import { ClientFailure, newLogId } from './client-failure.js';
import type { DouyinCredentials } from './credentials.js';
import { readOrderData } from './order-data.js';
import type { Order } from './order.js';
import type { TradeOrders } from './trade-orders.js';

type Input = ReturnType<typeof cashierSchema.parse>;

/** `POST /_/cashier`: runs tt.requestOrder and tt.getOrderPayment as the client would, with the person in front of it. */
export function cashierAction(world: World, orders: TradeOrders): Action {
  const accounts = world.accounts<DouyinCredentials>('douyin');

  return action(cashierSchema, (input) => {
    const { data, byteAuthorization } = requestOf(input);
    let order: Order | undefined;
    try {
      const account = signerOf(accounts, '/requestOrder', data, byteAuthorization, world.now());
      order = orders.request(account, readOrderData(data));
      const { orderId } = paymentOf(input, order);
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
  });
}

function requestOf({ clientAction: { method, params } }: Input): { data: string; byteAuthorization: string } {
  if (method !== 'requestOrder') throw unplayable(`"method" must be "requestOrder", not "${method}"`);
  const { data, byteAuthorization } = params;
  if (typeof data !== 'string' || typeof byteAuthorization !== 'string')
    throw unplayable('"params" must have "data" and "byteAuthorization", both text');
  return { data, byteAuthorization };
}

/** The parameters of the second call: its own, and what `take` copies from the answer of the first. */
function paymentOf({ clientAction: { next } }: Input, order: Order): Record<string, unknown> {
  if (next?.method !== 'getOrderPayment')
    throw unplayable('"next" must call "getOrderPayment": without it nobody pays');
  const given: Record<string, unknown> = requested(order);
  const call = { ...next.params };
  for (const [parameter, field] of Object.entries(next.take)) call[parameter] = given[field];
  return call;
}

const requested = ({ orderId, item, totalAmount }: Order) => ({
  orderId,
  itemOrderList: [{ itemOrderId: item.itemOrderId, skuId: item.skuId, itemOrderAmount: totalAmount }],
  logId: newLogId(),
});

const unplayable = (message: string): SandboxError =>
  new SandboxError(422, 'client_action_refused', `clientAction: ${message}`);
