import type { World } from '../core/platform.js';
import type { Agreement } from './agreement.js';
import { readAgreementDraft } from './agreement-draft.js';
import type { AgreementSigning } from './agreement-signing.js';
import { agreementNamesOf, agreementTimesOf, logonOf } from './agreement-view.js';
import { chinaTime } from './china-time.js';
import { AlipayError } from './errors.js';
import { notifyUrlField } from './notify-url.js';
import type { CallParameters } from './parameters.js';
import type { SignStrings } from './sign-string.js';
import type { SigningKeys } from './signing-keys.js';

/** What the callback of `my.paySignCenter` gets. */
interface PaySignResult {
  readonly resultStatus: '7000' | '7002' | '6001';
  /** JSON, or empty. */
  readonly result: string;
}

const LEFT: PaySignResult = { resultStatus: '6001', result: '' };

/** `my.paySignCenter({signStr})` on the phone of a person: the page on which they sign an agreement. */
export class SignCenter {
  constructor(
    private readonly world: World,
    private readonly keys: SigningKeys,
    private readonly strings: SignStrings,
    private readonly signing: AgreementSigning,
  ) {}

  /** A page that was left, or failed, has opened all the same: the agreement is `TEMP` from then on. */
  visit(signStr: unknown, user: string, outcome: 'pay' | 'cancel' | 'fail'): PaySignResult {
    const parameters = this.strings.parametersOf(typeof signStr === 'string' ? signStr : '');
    try {
      const { account, content } = this.strings.verify(parameters);
      const notifyUrl = notifyUrlField(parameters, 'notify_url');
      const draft = readAgreementDraft(content, this.world.businessNow(account));
      // Docs: for a mini-program it must not be set; the client then only says that the person left.
      if (parameters.return_url) return LEFT;
      const opened = this.signing.open(account, user, draft);
      if (outcome === 'cancel') return LEFT;
      if (outcome === 'fail') throw new AlipayError('SYSTEM_ERROR');
      const signed = this.signing.sign(opened, notifyUrl);
      return this.#result('7000', parameters, { code: '10000', msg: 'Success', ...this.#fieldsOf(signed) });
    } catch (error) {
      if (!(error instanceof AlipayError)) throw error;
      const { code, msg, subCode, message } = error;
      return this.#result('7002', parameters, { code, msg, sub_code: subCode, sub_msg: message });
    }
  }

  #fieldsOf(agreement: Agreement): Readonly<Record<string, string>> {
    const { platformAppId, signedAt = 0 } = agreement;
    return {
      app_id: platformAppId,
      auth_app_id: platformAppId,
      charset: 'utf-8',
      timestamp: chinaTime(signedAt),
      ...agreementNamesOf(agreement),
      ...logonOf(agreement),
      status: 'NORMAL',
      ...agreementTimesOf(agreement),
    };
  }

  /** Signed when it is known for whom. */
  #result(resultStatus: '7000' | '7002', parameters: CallParameters, response: object): PaySignResult {
    const account = this.strings.accountOf(parameters);
    const signature = account && {
      sign: this.keys.sign(account.credentials.ring, JSON.stringify(response)),
      sign_type: 'RSA2',
    };
    const result = JSON.stringify({ alipay_user_agreement_page_sign_response: response, ...signature });
    return { resultStatus, result };
  }
}
