import type { ErrorRow } from '../answers.js';
import { PlatformError } from '../errors.js';
import type { PlatformAccount } from '../platform.js';

const misconfigured = (detail: string): ErrorRow => ({ problem: 'platform_account_misconfigured', detail });
/** A call that we made wrongly; nothing that the developer could set. */
const OUR_FAULT: ErrorRow = { problem: 'platform_refused' };
const BUSY: ErrorRow = { problem: 'platform_busy', repeats: 1 };
const LOGIN_AGAIN: ErrorRow = { problem: 'login_again' };
const NO_AES_KEY = misconfigured(
  'The mini-program has no AES key: set "接口内容加密方式" in the console, and aesKey here.',
);
const AES_KEYS_DIFFER = misconfigured('aesKey is not the AES key of "接口内容加密方式" in the console.');
const CLOCK = misconfigured("Alipay refuses the time of this server: set the machine's clock.");
const OTHER_CERTIFICATE = misconfigured(
  'appCertificate is not the certificate that the console holds, or the console is in key mode.',
);
const CERTIFICATE_MODE = misconfigured(
  'The console of this mini-program is in certificate mode: give the certificates and mode "certificate".',
);

/**
 * What each of Alipay's answers means: by `sub_code`, else by its beginning (a name that ends in `*`), else by `code`
 * (docs: common error codes, alipay.system.oauth.token, my.getPhoneNumber).
 */
export const ALIPAY_ERRORS: Readonly<Record<string, ErrorRow>> = {
  // alipay.system.oauth.token
  'isv.code-invalid': { problem: 'login_code_invalid' },
  'isv.unmatched-app-id': { problem: 'login_code_invalid', detail: 'The login code is of another mini-program.' },
  'isv.refresh-token-invalid': LOGIN_AGAIN,
  'isv.refresh-token-time-out': LOGIN_AGAIN,
  'isv.refreshed-token-invalid': LOGIN_AGAIN,
  'isv.grant-type-invalid': OUR_FAULT,

  // 10003, 20000: the outcome is open. A login may be asked for once more; its code may be used up by then.
  '10003': { problem: 'platform_unknown', detail: 'Alipay is still working on it.' },
  '20000': BUSY,
  'isp.unknow-error': BUSY,
  'aop.unknow-error': BUSY,

  // 20001: a token of the user or of the app
  '20001': LOGIN_AGAIN,
  'aop.invalid-auth-token': LOGIN_AGAIN,
  'aop.auth-token-time-out': LOGIN_AGAIN,
  'aop.invalid-app-auth-token': misconfigured('The app_auth_token is not valid: let the merchant authorise again.'),
  'aop.invalid-app-auth-token-no-api': misconfigured('The app_auth_token does not cover this call.'),
  'aop.app-auth-token-time-out': misconfigured('The app_auth_token has ended: let the merchant authorise again.'),
  'aop.no-product-reg-by-partner': misconfigured('The merchant has not signed up for this product.'),

  // 40001: something is missing
  '40001': OUR_FAULT,
  'isv.missing-method': OUR_FAULT,
  'isv.missing-signature': OUR_FAULT,
  'isv.missing-signature-type': OUR_FAULT,
  'isv.missing-app-id': OUR_FAULT,
  'isv.missing-timestamp': OUR_FAULT,
  'isv.missing-version': OUR_FAULT,
  'isv.missing-signature-key': misconfigured('The console holds no public key of this mini-program: upload it.'),
  'isv.missing-app-cert-sn': CERTIFICATE_MODE,
  'isv.missing-alipay-root-cert-sn': CERTIFICATE_MODE,
  'isv.missing-encrypt-key': NO_AES_KEY,
  'isv.missing-default-signature-type': misconfigured(
    'The mini-program has no default signature type: set "接口加签方式" in the console.',
  ),

  // 40002: something is wrong
  '40002': OUR_FAULT,
  'isv.invalid-app-id': misconfigured('Alipay does not know this app id (platformAppId).'),
  'isv.invalid-signature': misconfigured(
    'Alipay cannot verify our signature: the public key or certificate in the console is not the one of appPrivateKey.',
  ),
  'isv.invalid-timestamp': CLOCK,
  'isv.invalid-encrypt': AES_KEYS_DIFFER,
  'isv.illegal-timestamp': CLOCK,
  'isv.app-cert-not-exist': OTHER_CERTIFICATE,
  'isv.invalid-app-cert-sn': OTHER_CERTIFICATE,
  'isv.alipay-cert-not-exist': {
    problem: 'platform_answer_invalid',
    detail: 'The answer names a certificate that Alipay does not know.',
  },
  'isv.invalid-alipay-root-cert-sn': misconfigured('alipayRootCertificate is not the root file of the console.'),
  'isv.app-cert-expired': misconfigured('appCertificate has expired: make a new one in the console and save it here.'),
  'isv.not-online-app': misconfigured('The mini-program is not online yet.'),
  'isv.forbidden-api': misconfigured('The mini-program may not make this call: add the product in the console.'),
  'isv.invalid-version': OUR_FAULT,
  'isv.invalid-parameter': OUR_FAULT,
  'isv.invalid-method': OUR_FAULT,
  'isv.invalid-format': OUR_FAULT,
  'isv.invalid-signature-type': OUR_FAULT,
  'isv.invalid-encrypt-type': OUR_FAULT,
  'isv.invalid-charset': OUR_FAULT,
  'isv.illegal-json': OUR_FAULT,
  'isv.suspected-attack': OUR_FAULT,
  'isv.upload-fail': OUR_FAULT,

  // 40003: a condition is not met
  '40003': misconfigured('A condition of this call is not met: look at the mini-program in the console.'),
  'isv.missing-signature-config': misconfigured(
    'The console holds no public key or certificate of this mini-program for RSA2: set "接口加签方式".',
  ),
  'isv.invalid-auth-relations': { problem: 'user_refused' },
  'isv.invalid-app-state': misconfigured('The mini-program is not in a state that allows this call.'),
  'isv.decryption-error-missing-encrypt-type': OUR_FAULT,
  'isv.decryption-error-not-valid-encrypt-type': OUR_FAULT,
  'isv.decryption-error-*': AES_KEYS_DIFFER,

  // 40004: a business failure; every method has its own
  '40004': OUR_FAULT,
  SYSTEM_ERROR: BUSY,

  '40005': { problem: 'platform_rate_limited', retryAfter: 1 },

  // 40006: a permission is missing
  '40006': misconfigured('The mini-program lacks a permission: add the product in the console.'),
  'isv.insufficient-isv-permissions': misconfigured(
    'The mini-program lacks the permission for this: add the product (能力) in the console.',
  ),
  'isv.insufficient-user-permissions': { problem: 'user_refused' },
  'isv.self-invoke-forbidden': misconfigured('The mini-program may not make this call for itself.'),
  'isv.ip-forbidden': misconfigured("The console's list of servers (IP 白名单) lacks this server's address."),
};

/** Alipay's own words for a refusal. */
export interface Refusal {
  readonly code: string | undefined;
  readonly subCode: string | undefined;
  readonly message: string;
}

/** The error that a refusal stands for. */
export function errorOf(account: PlatformAccount, { code, subCode, message }: Refusal): PlatformError {
  const { problem, ...row } = rowOf(subCode, code);
  const platformCode = subCode ?? code ?? 'none';
  return new PlatformError(problem, account, { ...row, platformCode, cause: new Error(message) });
}

/** What Alipay encrypted and signed does not decrypt: as clear as if it had said so itself. */
export const aesKeysDiffer = (account: PlatformAccount): PlatformError =>
  new PlatformError(AES_KEYS_DIFFER.problem, account, AES_KEYS_DIFFER);

function rowOf(subCode = '', code = ''): ErrorRow {
  const prefix = Object.keys(ALIPAY_ERRORS).find((name) => name.endsWith('*') && subCode.startsWith(name.slice(0, -1)));
  return ownRow(subCode) ?? ownRow(prefix) ?? ownRow(code) ?? OUR_FAULT;
}

/** Not `table[name]`: the name comes from outside and could be that of an inherited member. */
const ownRow = (name: string | undefined): ErrorRow | undefined =>
  name !== undefined && Object.hasOwn(ALIPAY_ERRORS, name) ? ALIPAY_ERRORS[name] : undefined;
