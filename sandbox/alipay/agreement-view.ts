import type { Account } from '../core/accounts.js';
import type { Agreement } from './agreement.js';
import { chinaTime } from './china-time.js';
import type { AlipayCredentials } from './developer-console.js';
import { idsOf, maskedLogonIdOf } from './people.js';

/** What Alipay writes for "never". */
const FOREVER = '2115-02-01 00:00:00';

/** By which numbers and names an agreement is known, wherever Alipay speaks of it; no field is empty. */
export function agreementNamesOf(agreement: Agreement): Readonly<Record<string, string>> {
  const { agreementNo, externalAgreementNo, personalProductCode, signScene, user } = agreement;
  return {
    agreement_no: agreementNo,
    ...(externalAgreementNo !== undefined && { external_agreement_no: externalAgreementNo }),
    alipay_logon_id: maskedLogonIdOf(user),
    personal_product_code: personalProductCode,
    sign_scene: signScene,
  };
}

/** The name under which the person is logged in at the merchant's, where the merchant gave it. */
export const logonOf = ({ externalLogonId }: Agreement): Readonly<Record<string, string>> =>
  externalLogonId === undefined ? {} : { external_logon_id: externalLogonId };

/** When it was signed, and from when to when it is good. Empty while nobody has signed. */
export function agreementTimesOf({ signedAt, invalidAt }: Agreement): Readonly<Record<string, string>> {
  if (signedAt === undefined) return {};
  const signed = chinaTime(signedAt);
  const invalid = invalidAt === undefined ? FOREVER : chinaTime(invalidAt);
  return { sign_time: signed, valid_time: signed, invalid_time: invalid };
}

/** The ids by which the mini-program knows who signed; answers and notifications call them differently. */
export function signerIdsOf(
  account: Account<AlipayCredentials>,
  { user }: Agreement,
  prefix: 'alipay_user' | 'principal',
): Readonly<Record<string, string>> {
  const { open_id: openId, user_id: userId } = idsOf(account, user);
  const openIdName = prefix === 'principal' ? 'principal_open_id' : 'alipay_open_id';
  return { ...(userId && { [`${prefix}_id`]: userId }), ...(openId && { [openIdName]: openId }) };
}
