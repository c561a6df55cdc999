import type { Account, AccountBook } from '../core/accounts.js';
import type { Answer, Call, Route, World } from '../core/platform.js';
import { readContent } from './content.js';
import type { AlipayCredentials } from './developer-console.js';
import { type Addressee, Envelopes } from './envelope.js';
import { AlipayError } from './errors.js';
import { checkForm, checkIdentity } from './gateway-checks.js';
import type { Method } from './methods.js';
import { allParametersOf, type CallParameters, parametersOf } from './parameters.js';
import type { SigningKeys } from './signing-keys.js';
import type { Verification } from './verification.js';

/** Protocol v2: every method at one address. */
export class Gateway {
  readonly #accounts: AccountBook<AlipayCredentials>;
  readonly #envelopes: Envelopes;

  constructor(
    world: World,
    private readonly keys: SigningKeys,
    private readonly verification: Verification,
    private readonly methods: ReadonlyMap<string, Method>,
  ) {
    this.#accounts = world.accounts('alipay');
    this.#envelopes = new Envelopes(keys);
  }

  readonly route: Route = {
    methods: ['GET', 'POST'],
    path: '/gateway.do',
    handle: async (call) => {
      const parameters = await allParametersOf(call);
      const account = this.#accounts.get(parameters.app_id ?? '');
      if (account && call.fault === 'rotate_key') await this.keys.rotate(account.credentials.ring);
      return this.#answer(call, parameters, account);
    },
  };

  /** Alipay's answer to a call that it does not look at any closer. */
  refuse(call: Call, error: AlipayError): Answer {
    const { app_id: appId = '', method } = parametersOf(call);
    return this.#envelopes.failure(error, {
      account: this.#accounts.get(appId),
      method,
      encrypted: false,
      fault: call.fault,
    });
  }

  #answer(call: Call, parameters: CallParameters, account: Account<AlipayCredentials> | undefined): Answer {
    const plain: Addressee = { account, method: parameters.method, encrypted: false, fault: call.fault };
    let to = plain;
    try {
      if (!account) throw new AlipayError(parameters.app_id ? 'isv.invalid-app-id' : 'isv.missing-app-id');
      checkForm(parameters, account.credentials);
      const method = this.methods.get(parameters.method ?? '');
      if (!method) throw new AlipayError('isv.invalid-method');
      checkIdentity(parameters, account.credentials, this.verification);
      const { biz_content: bizContent = '', encrypt_type: encryptType } = parameters;
      const content = readContent(bizContent, encryptType, account.credentials.aesKey);
      to = { ...plain, encrypted: Boolean(encryptType) };
      const fields = method.run({ account, parameters, content, at: call.at });
      return this.#envelopes.success(method.isBare ? fields : { code: '10000', msg: 'Success', ...fields }, to);
    } catch (error) {
      if (error instanceof AlipayError) return this.#envelopes.failure(error, to);
      throw error;
    }
  }
}
