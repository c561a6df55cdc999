import { isChinaTime } from './china-time.js';
import type { AlipayCredentials } from './developer-console.js';
import { AlipayError } from './errors.js';
import { baseStringsOf, type CallParameters } from './parameters.js';
import type { Verification } from './verification.js';

/** In the order in which they are missed. */
const REQUIRED: readonly (readonly [name: string, subCode: string])[] = [
  ['method', 'isv.missing-method'],
  ['sign', 'isv.missing-signature'],
  ['sign_type', 'isv.missing-signature-type'],
  ['timestamp', 'isv.missing-timestamp'],
  ['version', 'isv.missing-version'],
];
const REQUIRED_WITH_CERTIFICATES: typeof REQUIRED = [
  ['app_cert_sn', 'isv.missing-app-cert-sn'],
  ['alipay_root_cert_sn', 'isv.missing-alipay-root-cert-sn'],
];

/** Are the common parameters there, and of the right form? Throws AlipayError. */
export function checkForm(parameters: CallParameters, { mode }: AlipayCredentials): void {
  for (const [name, subCode] of mode === 'key' ? REQUIRED : [...REQUIRED, ...REQUIRED_WITH_CERTIFICATES])
    if (!parameters[name]) throw new AlipayError(subCode);
  // RSA (SHA1) is only left to old mini-programs, and SM2 is for others than these.
  if (parameters.sign_type !== 'RSA2') throw new AlipayError('isv.invalid-signature-type');
  if (parameters.format && parameters.format.toUpperCase() !== 'JSON') throw new AlipayError('isv.invalid-format');
  // Alipay takes GBK too; the sandbox speaks UTF-8 only.
  if (parameters.charset?.toLowerCase() !== 'utf-8') throw new AlipayError('isv.invalid-charset');
  if (parameters.version !== '1.0') throw new AlipayError('isv.invalid-version');
  // How old it may be is not published, so any age will do.
  if (!isChinaTime(parameters.timestamp ?? '')) throw new AlipayError('isv.invalid-timestamp');
}

/** Does the call come from whom it says? Throws AlipayError. */
export function checkIdentity(
  parameters: CallParameters,
  credentials: AlipayCredentials,
  verification: Verification,
): void {
  const { app_cert_sn: appCertSn, alipay_root_cert_sn: rootCertSn, sign = '' } = parameters;
  verification.checkCertificates(credentials, appCertSn, rootCertSn);
  const baseStrings = baseStringsOf(parameters);
  if (!baseStrings.some((content) => verification.isSignedBy(credentials, content, sign)))
    throw new AlipayError('isv.invalid-signature', explanationOf(baseStrings[0] ?? ''));
  // It would name a merchant for whom this mini-program may act; here nobody has given such a permission.
  if (parameters.app_auth_token) throw new AlipayError('aop.invalid-app-auth-token');
}

const explanationOf = (baseString: string): string =>
  `验签出错，建议检查签名字符串或签名私钥与应用公钥是否匹配，网关生成的验签字符串为：${escapeHtml(baseString)}`;

const escapeHtml = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
