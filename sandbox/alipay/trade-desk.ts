import type { CallbackSender, Platform, World } from '../core/platform.js';
import { Cashier } from './cashier.js';
import { consoleRefund } from './merchant-console.js';
import { Merchants } from './merchants.js';
import type { Operation } from './methods.js';
import { Notifications } from './notifications.js';
import type { People } from './people.js';
import { refundQuery, Refunds } from './refunds.js';
import type { SigningKeys } from './signing-keys.js';
import { TradeCreation } from './trade-create.js';
import { TradeEnding } from './trade-ending.js';
import { tradeQuery } from './trade-query.js';
import { Trades } from './trades.js';

/** Everything about trades that the platform has to offer. */
export interface TradeDesk {
  readonly methods: Readonly<Record<string, Operation>>;
  readonly callbacks: CallbackSender;
  readonly timers: NonNullable<Platform['timers']>;
  readonly actions: Platform['actions'];
}

export function tradeDesk(world: World, people: People, keys: SigningKeys): TradeDesk {
  const merchants = new Merchants(world);
  const trades = new Trades(world, merchants);
  const notifications = new Notifications(world, trades, keys);
  const creation = new TradeCreation(world, trades, people, merchants, notifications);
  const refunds = new Refunds(world, trades, notifications);
  const ending = new TradeEnding(world, trades, refunds, notifications);
  const cashier = new Cashier(world, trades, notifications);
  return {
    methods: {
      'alipay.trade.create': creation.run,
      'alipay.trade.query': tradeQuery(trades),
      'alipay.trade.close': ending.close,
      'alipay.trade.cancel': ending.cancel,
      'alipay.trade.refund': refunds.run,
      'alipay.trade.fastpay.refund.query': refundQuery(trades),
    },
    callbacks: notifications,
    timers: { tradeExpired: ending.expired, refundDone: refunds.done, tradeFinished: cashier.finished },
    actions: { cashier: cashier.act, refund: consoleRefund(trades, refunds) },
  };
}
