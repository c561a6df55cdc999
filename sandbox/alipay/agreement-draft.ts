import type { AgreementDraft } from './agreement.js';
import { readPlan } from './agreement-plan.js';
import { addDays, addMonths, chinaDate } from './china-date.js';
import { chinaInstant, chinaTime } from './china-time.js';
import type { Fields } from './fields.js';
import { checkObjects, invalidField, objectField, required, textField } from './trade-fields.js';

/** Which products a merchant may debit by, for each that a person can sign; the first is the ordinary one. */
const PRODUCTS: ReadonlyMap<string, readonly string[]> = new Map([
  ['CYCLE_PAY_AUTH_P', ['CYCLE_PAY_AUTH', 'GENERAL_WITHHOLDING']],
  ['GENERAL_WITHHOLDING_P', ['GENERAL_WITHHOLDING']],
]);
const CYCLE_PRODUCT = 'CYCLE_PAY_AUTH_P';
const CHANNELS = ['ALIPAYAPP', 'QRCODE', 'QRCODEORSMS'];
const NO_SCENE = 'DEFAULT|DEFAULT';
const VALIDITY = /^([1-9]\d*)([dm])$/;
const DAY_SECONDS = 86_400;

/**
 * The biz_content of `alipay.user.agreement.page.sign`, or the `agreement_sign_params` of a trade; `now` is business
 * time. Throws AlipayError. The codes of this method are not published: what it says of a field is what trades say.
 */
export function readAgreementDraft(content: Fields, now: number): AgreementDraft {
  const personalProductCode = required(textField(content, 'personal_product_code', 64), 'personal_product_code');
  const productCode = textField(content, 'product_code', 64);
  checkProducts(personalProductCode, productCode);
  const channel = textField(required(objectField(content, 'access_params'), 'access_params'), 'channel', 20);
  if (!CHANNELS.includes(required(channel, 'channel'))) throw invalidField('channel', '取值错误');
  const externalLogonId = textField(content, 'external_logon_id', 100);
  const validity = textField(content, 'sign_validity_period', 8);
  if (validity !== undefined && !VALIDITY.test(validity)) throw invalidField('sign_validity_period', '格式如2m、30d');
  checkTheRest(content);
  const rules = objectField(content, 'period_rule_params');
  if (personalProductCode === CYCLE_PRODUCT) required(rules, 'period_rule_params');
  return {
    personalProductCode,
    ...(productCode !== undefined && { productCode }),
    ...namesOf(content),
    ...(externalLogonId !== undefined && { externalLogonId }),
    ...(validity !== undefined && { validity }),
    ...(rules && { plan: readPlan(rules, chinaDate(now)) }),
  };
}

/** Whether debits by `productCode` go under that agreement. */
export const isDebitable = (draft: AgreementDraft, productCode: string): boolean =>
  draft.productCode === undefined
    ? (PRODUCTS.get(draft.personalProductCode) ?? []).includes(productCode)
    : draft.productCode === productCode;

/** Throws AlipayError unless the person may sign the one, and the merchant debit by the other. */
function checkProducts(personalProductCode: string, productCode: string | undefined): void {
  const products = PRODUCTS.get(personalProductCode);
  if (!products) throw invalidField('personal_product_code', '不支持');
  if (productCode !== undefined && !products.includes(productCode)) throw invalidField('product_code', '不支持');
}

/** A number of the merchant's own is only unique within the scene of its contract, so that must be there too. */
function namesOf(content: Fields): Pick<AgreementDraft, 'signScene' | 'externalAgreementNo'> {
  const signScene = textField(content, 'sign_scene', 64);
  const externalAgreementNo = textField(content, 'external_agreement_no', 32);
  if (externalAgreementNo === undefined) return { signScene: signScene ?? NO_SCENE };
  if (!/^[A-Za-z0-9]+$/.test(externalAgreementNo)) throw invalidField('external_agreement_no', '仅支持字母、数字');
  if (required(signScene, 'sign_scene') === NO_SCENE)
    throw invalidField('sign_scene', '传入external_agreement_no时不能为DEFAULT|DEFAULT');
  return { signScene: required(signScene, 'sign_scene'), externalAgreementNo };
}

/** When an agreement that is signed at `now` is over. Undefined: never. */
export function invalidAtOf({ validity }: AgreementDraft, now: number): number | undefined {
  const [, count, unit] = VALIDITY.exec(validity ?? '') ?? [];
  if (count === undefined) return undefined;
  const [today, time] = [chinaDate(now), chinaTime(now).slice(11)];
  const date = unit === 'd' ? addDays(today, Number(count)) : addMonths(today, Number(count));
  return chinaInstant(`${date} ${time}`);
}

/** Fields that nothing here depends on still have a form. */
function checkTheRest(content: Fields): void {
  checkObjects(content, OBJECTS);
  if ((textField(content, 'third_party_type', 32) ?? 'PARTNER') !== 'PARTNER')
    throw invalidField('third_party_type', '不支持');
  if ((textField(content, 'agreement_effect_type', 32) ?? 'DIRECT') !== 'DIRECT')
    throw invalidField('agreement_effect_type', '不支持');
  const { effect_time: effectTime = 0 } = content;
  if (!(Number.isInteger(Number(effectTime)) && Number(effectTime) >= 0 && Number(effectTime) <= DAY_SECONDS))
    throw invalidField('effect_time', '取值范围为0～86400');
  textField(content, 'pass_params', 512);
  textField(content, 'promo_params', 512);
  textField(content, 'merchant_process_url', 512);
}

const OBJECTS = [
  'prod_params',
  'identity_params',
  'sub_merchant',
  'zm_auth_params',
  'device_params',
  'specified_asset',
] as const;
