import { account } from './payment-contract/account.js';
import { callbacks } from './payment-contract/callbacks.js';
import type { PaymentBench, PlatformCall } from './payment-contract/needs.js';
import { orders } from './payment-contract/orders.js';
import { refunds } from './payment-contract/refunds.js';
import { aTill } from './payment-contract/till.js';
import { trouble } from './payment-contract/trouble.js';

/** What every PlatformPayments does, whatever its wire looks like. `calls`: those that the platform needs. */
export function behavesLikeAPaymentPlatform(
  name: string,
  calls: readonly PlatformCall[],
  open: () => Promise<PaymentBench>,
): void {
  describe(`${name} as a payment platform`, () => {
    const till = aTill(open);
    orders(till);
    refunds(till);
    callbacks(till);
    trouble(till, calls);
    account(till);
  });
}
