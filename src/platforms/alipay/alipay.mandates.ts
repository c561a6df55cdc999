import type { CollectionWindow, MandateState, MandateTerms, PlatformMandates } from '../mandate-platform.js';
import type { ClientAction, PayAccounts } from '../payment-platform.js';
import { endAgreement, movePlan, queryAgreement, signatureOf } from './alipay.agreements.js';
import { AGREEMENT_POLICY } from './alipay.agreements.policy.js';
import type { AlipayGateway } from './alipay.gateway.js';
import type { AlipayKeyring } from './alipay.keyring.js';
import { signedForm } from './alipay.request.js';
import { AGREEMENT_SETTINGS, TEST_AGREEMENT_SETTINGS } from './alipay.settings.js';

/** Alipay's cycle deduction (周期扣款): the user signs in Alipay's centre for agreements, our server debits. */
export class AlipayMandates implements PlatformMandates {
  readonly policy = AGREEMENT_POLICY;
  readonly requiredSettings = AGREEMENT_SETTINGS;
  readonly testSettings = TEST_AGREEMENT_SETTINGS;

  constructor(
    private readonly gateway: AlipayGateway,
    private readonly keyring: AlipayKeyring,
  ) {}

  signAction({ program }: PayAccounts, terms: MandateTerms): ClientAction {
    const form = signedForm(program, this.keyring.of(program), signatureOf(terms));
    return {
      platform: 'alipay',
      method: 'paySignCenter',
      // Its values are URL-encoded; as a whole it is encoded once more (docs: my.paySignCenter).
      params: { signStr: encodeURIComponent(form) },
      proof: 'callback',
      expiresAt: terms.expiresAt,
    };
  }

  query({ program }: PayAccounts, terms: MandateTerms): Promise<MandateState> {
    return queryAgreement(this.gateway, program, terms);
  }

  /** Alipay has no place for a reason. */
  terminate({ program }: PayAccounts, terms: MandateTerms): Promise<void> {
    return endAgreement(this.gateway, program, terms);
  }

  reschedule(
    { program }: PayAccounts,
    terms: MandateTerms,
    window: CollectionWindow,
  ): Promise<CollectionWindow | undefined> {
    return movePlan(this.gateway, program, terms, window);
  }
}
