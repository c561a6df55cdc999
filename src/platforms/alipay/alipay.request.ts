import { PlatformError } from '../errors.js';
import type { PlatformAccount } from '../platform.js';
import { encryptContent } from './alipay.cipher.js';
import type { AlipayKeys } from './alipay.keyring.js';
import { requestBaseString, signRsa2 } from './alipay.signature.js';

/** One call of a method of Alipay's gateway (protocol v2). */
export interface GatewayCall {
  readonly method: string;
  /** Parameters beside the common ones, for methods that take them at the top level. */
  readonly params?: Readonly<Record<string, string>>;
  readonly bizContent?: object;
  /** Sends `bizContent` encrypted; Alipay then encrypts its answer as well. Needs the account's AES key. */
  readonly encrypted?: boolean;
}

/** A call as the form that is sent: common parameters, the call's own, and the signature over all of them. */
export function signedForm(account: PlatformAccount, keys: AlipayKeys, call: GatewayCall): string {
  const params: Record<string, string> = {
    app_id: account.platformAppId,
    method: call.method,
    format: 'JSON',
    charset: 'utf-8',
    sign_type: 'RSA2',
    timestamp: beijingTime(new Date()),
    version: '1.0',
    ...(keys.certificates && { app_cert_sn: keys.certificates.appSn, alipay_root_cert_sn: keys.certificates.rootSn }),
    ...call.params,
    ...bizContent(account, keys, call),
  };
  params['sign'] = signRsa2(requestBaseString(params), keys.appPrivateKey);
  return Object.entries(params)
    .map(([name, value]) => `${name}=${encodeURIComponent(value)}`)
    .join('&');
}

/** Encrypted first, signed then: the ciphertext is what the signature covers. */
function bizContent(account: PlatformAccount, keys: AlipayKeys, call: GatewayCall): Record<string, string> {
  if (!call.bizContent) return {};
  const content = JSON.stringify(call.bizContent);
  if (!call.encrypted) return { biz_content: content };
  return { biz_content: encryptContent(content, aesKeyOf(account, keys)), encrypt_type: 'AES' };
}

/** The account's AES key. Throws PlatformError `platform_account_misconfigured` when it has none. */
export function aesKeyOf(account: PlatformAccount, { aesKey }: AlipayKeys): Buffer {
  if (aesKey) return aesKey;
  throw new PlatformError('platform_account_misconfigured', account, {
    detail: 'This needs aesKey, the key of "接口内容加密方式" in the console.',
  });
}

/** Alipay reads times without a zone as GMT+8, wherever this process runs. */
export const beijingTime = (at: Date): string =>
  new Date(at.getTime() + 8 * 3_600_000).toISOString().slice(0, 19).replace('T', ' ');
