import type { Account } from '../core/accounts.js';
import type { Agreement } from './agreement.js';
import type { Agreements } from './agreements.js';
import type { AlipayCredentials } from './developer-console.js';
import { AlipayError } from './errors.js';
import type { Fields } from './fields.js';
import type { Merchants } from './merchants.js';
import type { People } from './people.js';
import { invalidField, required, textField } from './trade-fields.js';

/** Which agreement a call means. */
export class AgreementLookup {
  constructor(
    private readonly agreements: Agreements,
    private readonly people: People,
    private readonly merchants: Merchants,
  ) {}

  /** By Alipay's number; undefined when there is none, or it was signed for another mini-program. Throws AlipayError. */
  byNo({ platformAppId }: Account, content: Fields): Agreement | undefined {
    const agreement = this.agreements.get(required(textField(content, 'agreement_no', 64), 'agreement_no'));
    return agreement?.platformAppId === platformAppId ? agreement : undefined;
  }

  /**
   * By Alipay's number, or by product, scene and the merchant's own number with or without the person, or by the person
   * where it was signed without such a number. Throws AlipayError.
   */
  named(account: Account<AlipayCredentials>, content: Fields): Agreement | undefined {
    if (textField(content, 'agreement_no', 64) !== undefined) return this.byNo(account, content);
    const product = required(textField(content, 'personal_product_code', 64), 'personal_product_code');
    if ((textField(content, 'third_party_type', 32) ?? 'PARTNER') !== 'PARTNER')
      throw invalidField('third_party_type', '不支持');
    const number = textField(content, 'external_agreement_no', 32);
    const scene = textField(content, 'sign_scene', 64);
    if (number !== undefined) required(scene, 'sign_scene');
    const user = this.#userOf(account, content);
    if (number === undefined && user === undefined) throw invalidField('agreement_no', '与用户标识不能同时为空');
    return this.#candidates(account, number, user)
      .filter((one) => one.personalProductCode === product && one.signScene === (scene ?? 'DEFAULT|DEFAULT'))
      .find((one) => user === undefined || one.user === user);
  }

  #candidates(account: Account, number: string | undefined, user = ''): readonly Agreement[] {
    if (number !== undefined) return [this.agreements.byNumber(account, number) ?? []].flat();
    return this.agreements
      .ofPerson(this.merchants.sellersOf(account)[0], user)
      .filter((one) => one.platformAppId === account.platformAppId && one.externalAgreementNo === undefined)
      .toReversed();
  }

  /** Undefined: the call names nobody. Throws AlipayError for somebody who is unknown. */
  #userOf({ platformAppId }: Account, content: Fields): string | undefined {
    const userId = textField(content, 'alipay_user_id', 32);
    const openId = textField(content, 'alipay_open_id', 128);
    // Of a name with which somebody logs in only the masked form is ever shown here.
    const logonId = textField(content, 'alipay_logon_id', 100);
    if ((userId ?? openId ?? logonId) === undefined) return undefined;
    const user = this.people.byUserId(userId) ?? this.people.byOpenId(platformAppId, openId);
    if (user === undefined) throw new AlipayError('USER_NOT_EXSIT_ERROR');
    return user;
  }
}
