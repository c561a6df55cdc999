import type { World } from '../core/platform.js';
import { signerOf } from './byte-authorization.js';
import { type CashierInput, nextParams, signedParams } from './client-action.js';
import { ClientFailure, newLogId } from './client-failure.js';
import type { DouyinCredentials } from './credentials.js';
import type { Contract } from './sign-contract.js';
import type { SignContracts } from './sign-contracts.js';
import { readSignData } from './sign-data.js';

/** Of contracts under which the merchant debits; 1 is credit deposit. */
const PERIODIC = 2;

/** Runs tt.createSignOrder and tt.sign as the client would. */
export function signPage(world: World, contracts: SignContracts): (input: CashierInput) => object {
  const accounts = world.accounts<DouyinCredentials>('douyin');

  return (input) => {
    const { data, byteAuthorization } = signedParams(input);
    let contract: Contract | undefined;
    try {
      requirePeriodic(input.clientAction.params);
      const account = signerOf(accounts, '/createSignOrder', data, byteAuthorization, world.now());
      contract = contracts.request(account, readSignData(data));
      requireSame(contract, nextParams(input, 'sign', requested(contract)));
      switch (input.outcome) {
        case 'pay':
          // The page has no tick to take off: who pays there signs.
          if (!input.sign) throw new ClientFailure(10000, 'the page has no way to pay without signing');
          contracts.sign(account, contract, input.user);
          return { ...requested(contract), errMsg: 'sign:ok' };
        case 'cancel':
          contracts.requireOpen(account, contract.authOrderId, input.user);
          throw new ClientFailure(9, 'cancel');
        case 'fail':
          contracts.requireOpen(account, contract.authOrderId, input.user);
          throw new ClientFailure(10401, 'the contract was not signed');
      }
    } catch (error) {
      if (!(error instanceof ClientFailure)) throw error;
      return contract ? { ...requested(contract), ...signFailure(error) } : error.answer('createSignOrder');
    }
  };
}

function requirePeriodic({ businessType }: Readonly<Record<string, unknown>>): void {
  if (businessType !== PERIODIC) throw new ClientFailure(10000, `parameter: businessType must be ${PERIODIC}`);
}

/** Some running code gives payOrderId too, some does not: where it is there, it must be right. */
function requireSame({ authOrderId, firstPayOrderId }: Contract, params: Readonly<Record<string, unknown>>): void {
  requirePeriodic(params);
  const { orderId, payOrderId = firstPayOrderId } = params;
  if (orderId !== authOrderId) throw new ClientFailure(20000, `orderId must be ${authOrderId}`);
  if (payOrderId !== firstPayOrderId)
    throw new ClientFailure(10000, `parameter: payOrderId must be ${firstPayOrderId ?? 'left out'}`);
}

const requested = ({ authOrderId, firstPayOrderId }: Contract) => ({
  authOrderId,
  ...(firstPayOrderId && { payOrderId: firstPayOrderId }),
  logId: newLogId(),
});

/** tt.sign says in `code` that the person left: 4. */
const signFailure = (error: ClientFailure): object => ({
  ...error.answer('sign'),
  ...(error.errNo === 9 && { code: 4 }),
});
