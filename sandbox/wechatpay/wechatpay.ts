import {
  type Action,
  action,
  type Answer,
  type Call,
  type CallbackSender,
  cashierSchema,
  type OutgoingCallback,
  type Platform,
  refundSchema,
  type World,
} from '../core/platform.js';
import { failure } from './answers.js';
import { Authorization } from './authorization.js';
import { Cashier } from './cashier.js';
import { certificateList } from './certificate-list.js';
import { ConsoleRefund } from './console-refund.js';
import { PayError } from './errors.js';
import { Gateway, type Operation } from './gateway.js';
import { MerchantConsole } from './merchant-console.js';
import { Notifications } from './notifications.js';
import { OrderBook } from './order-book.js';
import { Orders } from './orders.js';
import { papay } from './papay.js';
import type { People } from './people.js';
import { PlatformKeys } from './platform-keys.js';
import { RefundBook, type RefundEnd } from './refund-book.js';
import { Refunds } from './refunds.js';
import { V2Notifications } from './v2-notifications.js';

/** What WeChat Pay adds to WeChat. */
export interface WechatPay extends Pick<Platform, 'routes' | 'describe' | 'busy' | 'refuse'> {
  readonly merchants: MerchantConsole;
  readonly callbacks: CallbackSender;
  readonly timers: NonNullable<Platform['timers']>;
  readonly cashier: Action;
  readonly refund: Action;
  readonly contract: Action;
  readonly wallet: Action;
  /** Whether a call is one to WeChat Pay. */
  isFor(call: Call): boolean;
}

/** As error codes of a fault they are no errors: they say how the refund that is being applied for will end. */
const REFUND_ENDS: Readonly<Record<string, RefundEnd>> = { REFUND_ABNORMAL: 'ABNORMAL', REFUND_CLOSED: 'CLOSED' };

/** api.mch.weixin.qq.com for direct merchants with mini-programs: APIv3, and of the older API contracts and debits. */
export function wechatPay(world: World, people: People): WechatPay {
  const keys = new PlatformKeys(world);
  const authorization = new Authorization(world);
  const notifications = new Notifications(world, keys);
  const book = new OrderBook(world);
  const orders = new Orders(world, book, people);
  const refunds = new Refunds({ world, orders: book, refunds: new RefundBook(world), notifications, keys });
  const recurring = papay(world, book, people);
  const { contractOrders, page } = recurring;
  const cashier = new Cashier({ world, orders: book, authorization, notifications, people, contractOrders, page });
  const consoleRefund = new ConsoleRefund(world, book, refunds);

  const apply: Operation = {
    method: 'POST',
    path: '/v3/refund/domestic/refunds',
    handle: (call, merchant) => refunds.apply(call, merchant),
  };
  const gateway = new Gateway(authorization, keys, [
    { method: 'POST', path: '/v3/pay/transactions/jsapi', handle: (call, merchant) => orders.place(call, merchant) },
    {
      method: 'GET',
      path: '/v3/pay/transactions/out-trade-no/{out_trade_no}',
      handle: (call, merchant, number) => orders.query(call, merchant, number),
    },
    {
      method: 'GET',
      path: '/v3/pay/transactions/id/{transaction_id}',
      handle: (call, merchant, id) => orders.queryByTransaction(call, merchant, id),
    },
    {
      method: 'POST',
      path: '/v3/pay/transactions/out-trade-no/{out_trade_no}/close',
      handle: (call, merchant, number) => orders.close(call, merchant, number),
    },
    apply,
    {
      method: 'GET',
      path: '/v3/refund/domestic/refunds/{out_refund_no}',
      handle: (_call, merchant, number) => refunds.query(merchant, number),
    },
    {
      method: 'POST',
      path: '/v3/refund/domestic/refunds/{refund_id}/apply-abnormal-refund',
      handle: (call, merchant, id) => refunds.applyAbnormal(call, merchant, id),
    },
    { method: 'GET', path: '/v3/certificates', handle: (call, merchant) => certificateList(keys, call, merchant) },
    ...recurring.operations,
  ]);
  const isOlder = (call: Call): boolean => recurring.gateway.isFor(call);

  const refuse = (call: Call, code: string): Answer => {
    if (isOlder(call)) return recurring.gateway.refuse(call, code);
    const end = REFUND_ENDS[code];
    if (end && call.method === apply.method && call.path === apply.path)
      return gateway.play(call, apply, (_call, merchant) => refunds.apply(call, merchant, end));
    return failure(new PayError(code));
  };

  return {
    routes: [...gateway.routes, ...recurring.gateway.routes],
    describe: (call) => (isOlder(call) ? recurring.gateway : gateway).describe(call),
    busy: (call) => refuse(call, 'FREQUENCY_LIMITED'),
    refuse,
    merchants: new MerchantConsole(world, keys),
    callbacks: senderOf(notifications, recurring.notifications),
    timers: { refund: refunds.finish, debit: recurring.finish },
    cashier: action(cashierSchema, cashier.visit),
    refund: action(refundSchema, consoleRefund.start),
    contract: recurring.contract,
    wallet: recurring.wallet,
    isFor: (call) => call.path.startsWith('/v3/') || isOlder(call),
  };
}

/** The older API has notifications of its own kind. */
function senderOf(current: Notifications, older: V2Notifications): CallbackSender {
  const one = (callback: OutgoingCallback): CallbackSender => (V2Notifications.wrote(callback) ? older : current);
  return {
    schedule: current.schedule,
    timeout: current.timeout,
    build: (account, callback, tamper) => one(callback).build(account, callback, tamper),
    accepts: (status, body, callback) => one(callback).accepts(status, body, callback),
  };
}
