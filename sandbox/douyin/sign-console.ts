import type { Account } from '../core/accounts.js';
import { SandboxError } from '../core/errors.js';
import { type Action, action, contractSchema, type World } from '../core/platform.js';
import type { DouyinCredentials } from './credentials.js';
import type { Attempt, Contract } from './sign-contract.js';
import type { SignContracts } from './sign-contracts.js';
import type { SignPay } from './sign-pay.js';
import type { SignPays } from './sign-pays.js';

const OUTCOMES = { PROCESS: 'pending', SUCCESS: 'paid', FAIL: 'failed', TIMEOUT: 'failed' } as const;

/** `POST /_/contract`: what happens to contracts outside the mini-program, and what was debited under them. */
export class SignConsole {
  constructor(
    private readonly world: World,
    private readonly contracts: SignContracts,
    private readonly pays: SignPays,
  ) {}

  readonly act: Action = action(contractSchema, ({ number, does, by }) => {
    const contract = this.#contractOf(number);
    const account = this.world.accounts<DouyinCredentials>('douyin').require(contract.platformAppId);
    if (does !== 'read') this.#end(account, contract, does, by);
    return this.#shown(this.contracts.get(contract.authOrderId) ?? contract);
  });

  #contractOf(number: string): Contract {
    const [contract, ...others] = this.contracts.numbered(number);
    if (!contract) throw refused(404, 'contract_unknown', `no contract was made under outAuthOrderNo ${number}`);
    if (others.length > 0)
      throw refused(
        422,
        'contract_ambiguous',
        `several mini-programs have a contract ${number}: use numbers that differ`,
      );
    return contract;
  }

  #end(account: Account, contract: Contract, does: 'terminate' | 'expire', by: Required<Contract>['endedBy']): void {
    if (contract.status !== 'SERVING')
      throw refused(422, 'contract_not_serving', `the contract is ${contract.status}, only one in SERVING can end`);
    this.contracts.end(account, contract, does === 'expire' ? 'DONE' : 'CANCEL', by);
  }

  #shown(contract: Contract): object {
    const { outAuthOrderNo, authOrderId, status, signedAt, endedAt, endedBy, firstPayOrderId, attempts } = contract;
    const firstPay = firstPayOrderId === undefined ? undefined : this.pays.get(firstPayOrderId);
    return {
      number: outAuthOrderNo,
      contractId: authOrderId,
      state: status,
      ...(signedAt !== undefined && { signedAt: iso(signedAt) }),
      ...(endedAt !== undefined && { endedAt: iso(endedAt) }),
      ...(endedBy && { endedBy }),
      // Paid by the person with the signature: not a debit of the merchant.
      ...(firstPay && { firstPayment: shownPay(firstPay) }),
      debits: attempts.map((attempt) => this.#shownDebit(attempt)),
      // The platform's notice before a debit has no published call.
      notices: [],
    };
  }

  #shownDebit(attempt: Attempt): object {
    if ('payOrderId' in attempt) {
      const pay = this.pays.get(attempt.payOrderId);
      return pay ? shownPay(pay) : attempt;
    }
    const { at, code, ...rest } = attempt;
    return { ...rest, at: iso(at), outcome: 'refused', code: String(code) };
  }
}

const shownPay = ({ outPayOrderNo, amount, createdAt, endedAt, status }: SignPay): object => ({
  number: outPayOrderNo,
  amount,
  at: iso(endedAt ?? createdAt),
  outcome: OUTCOMES[status],
});

const iso = (at: number): string => new Date(at).toISOString();

const refused = (status: number, error: string, message: string): SandboxError =>
  new SandboxError(status, error, message);
