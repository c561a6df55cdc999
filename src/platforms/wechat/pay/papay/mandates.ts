import type { Fen } from '../../../../common/money.js';
import type { MandateState, MandateTerms, PlatformMandates } from '../../../mandate-platform.js';
import type { ClientAction, PayAccounts } from '../../../payment-platform.js';
import { contractPage, endContract, queryContract } from './contracts.js';
import { noticeDebit } from './debits.js';
import { POLICY } from './policy.js';
import type { PapayApi } from './v2.api.js';

/** 委托代扣 (papay) of WeChat Pay for direct merchants: contracts made by a template, debits that people are told of. */
export class WechatMandates implements PlatformMandates {
  readonly policy = POLICY;
  readonly requiredSettings = ['planId'];
  /** The sandbox's template with notices; 100002 is the one with a delay. */
  readonly testSettings = { planId: '100001' };

  constructor(private readonly api: PapayApi) {}

  /** Throws PlatformError `platform_account_misconfigured` for a merchant without an APIv2 key. */
  signAction(accounts: PayAccounts, terms: MandateTerms): ClientAction {
    return contractPage(this.api, accounts, terms);
  }

  query(accounts: PayAccounts, terms: MandateTerms): Promise<MandateState> {
    return queryContract(this.api, accounts, terms);
  }

  terminate(accounts: PayAccounts, terms: MandateTerms, reason: string): Promise<void> {
    return endContract(this.api, accounts, terms, reason);
  }

  notice(accounts: PayAccounts, terms: MandateTerms, { amount }: { readonly amount: Fen }): Promise<void> {
    return noticeDebit(this.api, accounts, terms, amount);
  }
}
