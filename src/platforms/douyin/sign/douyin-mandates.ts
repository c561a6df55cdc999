import type { Clock } from '../../../common/clock.js';
import type { AccessTokens, TokenSource } from '../../access-tokens.js';
import type { MandateState, MandateTerms, PlatformMandates } from '../../mandate-platform.js';
import type { ClientAction, PayAccounts } from '../../payment-platform.js';
import type { DouyinApi } from '../api.js';
import { ClientCalls, goodUntil } from '../pay/client-calls.js';
import { SIGN_SETTINGS, TEST_SIGN_SETTINGS } from '../pay/settings.js';
import { TradeApi } from '../pay/trade-api.js';
import { Contracts } from './contracts.js';
import { SIGN_POLICY } from './policy.js';
import { signAction } from './sign-action.js';
import { signData } from './sign-data.js';

/** Douyin's periodic deduction (周期代扣): the client makes the contract, our server debits. */
export class DouyinMandates implements PlatformMandates {
  readonly policy = SIGN_POLICY;
  readonly requiredSettings = SIGN_SETTINGS;
  readonly testSettings = TEST_SIGN_SETTINGS;
  readonly #contracts: Contracts;
  readonly #calls: ClientCalls;

  constructor(api: DouyinApi, tokens: AccessTokens, clientToken: TokenSource, clock: Clock) {
    this.#contracts = new Contracts(new TradeApi(api, tokens, clientToken), clock);
    this.#calls = new ClientCalls(clock);
  }

  signAction(accounts: PayAccounts, terms: MandateTerms, businessNow: Date): ClientAction {
    const signed = this.#calls.signed(accounts.program, '/createSignOrder', signData(accounts, terms, businessNow));
    return signAction(signed, { expiresAt: goodUntil(new Date(terms.expiresAt), businessNow), isPaid: false });
  }

  query({ program }: PayAccounts, terms: MandateTerms): Promise<MandateState> {
    return this.#contracts.state(program, terms);
  }

  terminate({ program }: PayAccounts, terms: MandateTerms): Promise<void> {
    return this.#contracts.end(program, terms);
  }
}
