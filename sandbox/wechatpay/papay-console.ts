import type { z } from 'zod';
import type { AccountBook } from '../core/accounts.js';
import { SandboxError } from '../core/errors.js';
import type { contractSchema, World } from '../core/platform.js';
import type { Merchant } from './authorization.js';
import type { PayCredentials } from './merchant-console.js';
import { type Contract, endOf, type TerminatedBy } from './papay-contract.js';
import type { ContractBook } from './papay-contract-book.js';
import type { Signing } from './papay-signing.js';

type Input = z.output<typeof contractSchema>;

/** `merchant`: in its console. `platform`: it ended the person's account. */
const ENDED_BY: Readonly<Record<Input['by'], TerminatedBy>> = {
  user: 'user',
  merchant: 'console',
  platform: 'account',
};
const SHOWN_BY: Readonly<Record<TerminatedBy, Input['by']>> = {
  user: 'user',
  api: 'merchant',
  console: 'merchant',
  account: 'platform',
  expiry: 'platform',
};

/** `POST /_/contract`: what a person or the merchant does with a contract outside the mini-program. */
export class ContractConsole {
  readonly #merchants: AccountBook<PayCredentials, Merchant>;

  constructor(
    private readonly world: World,
    private readonly book: ContractBook,
    private readonly signing: Signing,
  ) {
    this.#merchants = world.merchants('wechat');
  }

  readonly act = ({ number, does, by }: Input): object => {
    const contract = this.#contractOf(number);
    const merchant = this.#merchants.require(contract.mchid);
    const now = this.world.businessNow(merchant);
    if (does === 'read') return shown(contract, now);
    if (endOf(contract, now)) throw new SandboxError(409, 'contract_ended', `the contract ${number} has ended already`);
    return shown(this.signing.end(contract, does === 'expire' ? 'expiry' : ENDED_BY[by], merchant), now);
  };

  #contractOf(number: string): Contract {
    const [contract, another] = this.book.withNumber(number);
    if (!contract) throw new SandboxError(404, 'contract_unknown', `there is no WeChat contract ${number}`);
    if (another) throw new SandboxError(409, 'contract_ambiguous', `several merchants have a contract ${number}`);
    return contract;
  }
}

function shown(contract: Contract, now: number): object {
  const { number, contractId, planId, openid, signedAt, expiresAt, notices, debits, pending } = contract;
  const end = endOf(contract, now);
  return {
    ...{ number, contractId, planId, openid },
    state: end ? (end.by === 'expiry' ? 'expired' : 'terminated') : 'signed',
    signedAt: iso(signedAt),
    expiresAt: iso(expiresAt),
    ...(end && { endedAt: iso(end.at), endedBy: SHOWN_BY[end.by] }),
    ...(pending && { pending }),
    notices: notices.map((notice) => ({ ...notice, at: iso(notice.at) })),
    debits: debits.map((debit) => ({ ...debit, at: iso(debit.at) })),
  };
}

const iso = (at: number): string => new Date(at).toISOString();
