import type { CallbackSender, Platform, World } from '../core/platform.js';
import { agreementDesk } from './agreement-desk.js';
import { Cashier } from './cashier.js';
import { Debits } from './debits.js';
import { consoleRefund } from './merchant-console.js';
import { Merchants } from './merchants.js';
import type { Method, Operation } from './methods.js';
import { Notifications } from './notifications.js';
import type { People } from './people.js';
import { refundQuery, Refunds } from './refunds.js';
import { SignCenter } from './sign-center.js';
import { SignStrings } from './sign-string.js';
import type { SigningKeys } from './signing-keys.js';
import { TradeCreation } from './trade-create.js';
import { TradeEnding } from './trade-ending.js';
import { TradePayment } from './trade-payment.js';
import { tradeQuery } from './trade-query.js';
import { Trades } from './trades.js';
import type { Verification } from './verification.js';
import { Wallets } from './wallets.js';

/** Everything about trades, and the agreements under which they are debited, that the platform has to offer. */
export interface TradeDesk {
  readonly methods: Readonly<Record<string, Operation>>;
  readonly agreementMethods: Readonly<Record<string, Method>>;
  readonly callbacks: CallbackSender;
  readonly timers: NonNullable<Platform['timers']>;
  readonly actions: Platform['actions'];
}

export function tradeDesk(world: World, people: People, keys: SigningKeys, verification: Verification): TradeDesk {
  const merchants = new Merchants(world);
  const trades = new Trades(world, merchants);
  const notifications = new Notifications(world, trades, keys);
  const creation = new TradeCreation(world, trades, people, merchants, notifications);
  const payment = new TradePayment(world, trades, notifications);
  const refunds = new Refunds(world, trades, notifications);
  const ending = new TradeEnding(world, trades, refunds, notifications);
  const wallets = new Wallets(world);
  const { agreements, signing, ...agreementSide } = agreementDesk(world, people, merchants);
  const debits = new Debits(world, trades, agreements, merchants, wallets, payment);
  const signCenter = new SignCenter(world, keys, new SignStrings(world, verification), signing);
  const cashier = new Cashier(trades, payment, signCenter, signing);
  return {
    methods: {
      'alipay.trade.create': creation.run,
      'alipay.trade.pay': debits.run,
      'alipay.trade.query': tradeQuery(trades),
      'alipay.trade.close': ending.close,
      'alipay.trade.cancel': ending.cancel,
      'alipay.trade.refund': refunds.run,
      'alipay.trade.fastpay.refund.query': refundQuery(trades),
    },
    agreementMethods: agreementSide.methods,
    callbacks: notifications,
    timers: {
      tradeExpired: ending.expired,
      refundDone: refunds.done,
      tradeFinished: payment.finished,
      debitDone: debits.done,
    },
    actions: {
      cashier: cashier.act,
      refund: consoleRefund(trades, refunds),
      wallet: wallets.act,
      ...agreementSide.actions,
    },
  };
}
