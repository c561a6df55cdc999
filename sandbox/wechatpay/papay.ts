import { type Action, action, contractSchema, walletSchema, type World } from '../core/platform.js';
import type { Operation } from './gateway.js';
import type { OrderBook } from './order-book.js';
import { ContractApi } from './papay-contract-api.js';
import { ContractBook } from './papay-contract-book.js';
import { ContractOrders } from './papay-contract-orders.js';
import { ContractConsole } from './papay-console.js';
import { Debits } from './papay-debits.js';
import { DebitNotices } from './papay-notices.js';
import { ContractPage } from './papay-page.js';
import { Signing } from './papay-signing.js';
import { Wallets } from './papay-wallets.js';
import type { People } from './people.js';
import { V2Gateway } from './v2-gateway.js';
import { V2Notifications } from './v2-notifications.js';

/** Contracts and debits (委托代扣, "papay"): most of it through the older API. */
export interface Papay {
  readonly gateway: V2Gateway;
  /** Those that are in APIv3. */
  readonly operations: readonly Operation[];
  readonly notifications: V2Notifications;
  readonly page: ContractPage;
  readonly contractOrders: ContractOrders;
  readonly finish: Debits['finish'];
  readonly contract: Action;
  readonly wallet: Action;
}

/** Its debits are orders in `orders`, so that they are found and refunded like others. */
export function papay(world: World, orders: OrderBook, people: People): Papay {
  const contracts = new ContractBook(world);
  const notifications = new V2Notifications(world);
  const signing = new Signing(world, contracts, notifications);
  const contractOrders = new ContractOrders({ world, orders, signing, notifications, people });
  const wallets = new Wallets(world, people);
  const debits = new Debits({ world, orders, contracts, wallets, notifications });
  const notices = new DebitNotices(world, contracts);
  const api = new ContractApi(world, contracts, signing);

  const gateway = new V2Gateway(world, [
    { path: '/pay/contractorder', handle: (...asked) => contractOrders.place(...asked) },
    { path: '/pay/pappayapply', handle: (...asked) => debits.apply(...asked) },
    { path: '/pay/paporderquery', handle: (fields, merchant) => debits.query(fields, merchant) },
    { path: '/papay/querycontract', isNonceless: true, handle: (fields, merchant) => api.query(fields, merchant) },
    {
      path: '/papay/deletecontract',
      isNonceless: true,
      onlyMd5: true,
      handle: (fields, merchant) => api.end(fields, merchant),
    },
  ]);
  const operations: Operation[] = [
    {
      method: 'POST',
      path: '/v3/papay/contracts/{contract_id}/notify',
      handle: (...asked) => notices.announce(...asked),
    },
    {
      method: 'POST',
      path: '/v3/papay/contracts/{contract_id}/fail-notify',
      handle: (...asked) => notices.remind(...asked),
    },
  ];
  return {
    gateway,
    operations,
    notifications,
    page: new ContractPage({ world, signing, people }),
    contractOrders,
    finish: debits.finish,
    contract: action(contractSchema, new ContractConsole(world, contracts, signing).act),
    wallet: action(walletSchema, wallets.set),
  };
}
