import type { Account } from '../core/accounts.js';
import type { World } from '../core/platform.js';
import { readContent } from './content.js';
import type { AlipayCredentials } from './developer-console.js';
import { AlipayError } from './errors.js';
import type { Fields } from './fields.js';
import { checkForm, checkIdentity } from './gateway-checks.js';
import type { CallParameters } from './parameters.js';
import type { Verification } from './verification.js';

export const PAGE_SIGN = 'alipay.user.agreement.page.sign';

/** A verified call that came as text, through the person's phone. */
export interface SignString {
  readonly account: Account<AlipayCredentials>;
  readonly parameters: CallParameters;
  readonly content: Fields;
}

/** Reads the `signStr` of `my.paySignCenter`: an order string, URL-encoded once more. */
export class SignStrings {
  constructor(
    private readonly world: World,
    private readonly verification: Verification,
  ) {}

  /** Which parameters it has, before anything about them is known to be true; none when it is no such text. */
  parametersOf(signStr: string): CallParameters {
    // What still has the signs between fields was encoded too few times.
    if (/[&=]/.test(signStr)) return {};
    try {
      return Object.fromEntries(new URLSearchParams(decodeURIComponent(signStr)));
    } catch {
      return {};
    }
  }

  /** The mini-program that `parameters` name. */
  accountOf({ app_id: appId = '' }: CallParameters): Account<AlipayCredentials> | undefined {
    return this.world.accounts<AlipayCredentials>('alipay').get(appId);
  }

  /** The same checks as at the gateway, in its order. Throws AlipayError. */
  verify(parameters: CallParameters): SignString {
    const account = this.accountOf(parameters);
    if (!account) throw new AlipayError(parameters.app_id ? 'isv.invalid-app-id' : 'isv.missing-app-id');
    checkForm(parameters, account.credentials);
    if (parameters.method !== PAGE_SIGN) throw new AlipayError('isv.invalid-method');
    checkIdentity(parameters, account.credentials, this.verification);
    const { biz_content: bizContent = '', encrypt_type: encryptType } = parameters;
    return { account, parameters, content: readContent(bizContent, encryptType, account.credentials.aesKey) };
  }
}
