import { AGREEMENT_ERROR_TEXTS } from './agreement-error-texts.js';
import type { Fields } from './fields.js';
import { TRADE_ERROR_TEXTS } from './trade-error-texts.js';

/** What each gateway code says. */
const MESSAGES = {
  '20000': 'Service Currently Unavailable',
  '20001': 'Insufficient Token Permissions',
  '40001': 'Missing Required Arguments',
  '40002': 'Invalid Arguments',
  '40003': 'Insufficient Conditions',
  '40004': 'Business Failed',
  '40005': 'Call Limited',
  '40006': 'Insufficient Permissions',
} as const;
type GatewayCode = keyof typeof MESSAGES;

/** Sub codes with the texts that Alipay gives them (docs: common error codes; each method's own; my.getPhoneNumber). */
const TEXTS: Readonly<Record<GatewayCode, Readonly<Record<string, string>>>> = {
  '20000': {
    'isp.unknow-error': '服务暂不可用（业务系统不可用）',
    'aop.unknow-error': '服务暂不可用（网关自身的未知错误）',
  },
  '20001': {
    'aop.invalid-auth-token': '无效的访问令牌',
    'aop.auth-token-time-out': '访问令牌已过期',
    'aop.invalid-app-auth-token': '无效的应用授权令牌',
    'aop.invalid-app-auth-token-no-api': '商户未授权当前接口',
    'aop.app-auth-token-time-out': '应用授权令牌已过期',
    'aop.no-product-reg-by-partner': '商户未签约任何产品',
  },
  '40001': {
    'isv.missing-method': '缺少方法名参数',
    'isv.missing-signature': '缺少签名参数',
    'isv.missing-signature-type': '缺少签名类型参数',
    'isv.missing-default-signature-type': '应用未设置默认签名类型',
    'isv.missing-signature-key': '缺少签名配置',
    'isv.missing-app-id': '缺少appId参数',
    'isv.missing-timestamp': '缺少时间戳参数',
    'isv.missing-version': '缺少版本参数',
    'isv.missing-app-cert-sn': '缺少应用公钥证书序列号',
    'isv.missing-alipay-root-cert-sn': '缺少支付宝根证书序列号',
    'isv.missing-encrypt-key': '缺少加密配置',
    'isv.decryption-error-missing-encrypt-type': '解密出错, 未指定加密算法',
  },
  '40002': {
    'isv.invalid-parameter': '参数无效',
    'isv.invalid-method': '不存在的方法名',
    'isv.invalid-format': '无效的数据格式',
    'isv.invalid-signature-type': '无效的签名类型',
    'isv.invalid-signature': '无效签名',
    'isv.invalid-encrypt-type': '无效的加密类型',
    'isv.invalid-encrypt': '加密异常',
    'isv.invalid-app-id': '无效的AppID参数',
    'isv.invalid-timestamp': '非法的时间戳参数',
    'isv.illegal-timestamp': '非法的时间戳参数',
    'isv.invalid-version': '无效的版本参数',
    'isv.invalid-charset': '字符集错误',
    'isv.illegal-json': '非法的JSON数据',
    'isv.suspected-attack': '可疑的攻击请求',
    'isv.forbidden-api': '接口被禁用',
    'isv.upload-fail': '文件上传失败',
    'isv.not-online-app': '应用未上线',
    'isv.app-cert-expired': '应用公钥证书已经不在有效期内',
    'isv.app-cert-not-exist': '应用公钥证书不存在',
    'isv.alipay-cert-not-exist': '支付宝公钥证书不存在',
    'isv.invalid-alipay-root-cert-sn': '无效的支付宝根证书序列号',
    'isv.code-invalid': '授权码code无效',
    'isv.grant-type-invalid': '授权类型grant_type错误',
    'isv.refresh-token-invalid': '刷新令牌refresh_token错误或状态不对',
    'isv.refresh-token-time-out': '刷新令牌refresh_token过期',
    'isv.refreshed-token-invalid': '刷新出来的令牌无效',
    'isv.unmatched-app-id': '应用标识app_id与令牌授权的应用不相符',
  },
  '40003': {
    'isv.missing-signature-config': '验签出错, 未配置对应签名算法的公钥或者证书',
    'isv.invalid-auth-relations': '无效的授权关系',
    'isv.invalid-app-state': '应用状态异常',
    'isv.decryption-error-not-valid-encrypt-type': '解密出错, 不支持的加密算法',
    'isv.decryption-error-not-valid-encrypt-key': '解密出错, 未配置加密密钥或加密密钥格式错误',
    'isv.decryption-error-unknown': '解密出错, 未知错误',
  },
  '40004': {
    SYSTEM_ERROR: '系统繁忙',
    ...TRADE_ERROR_TEXTS,
    ...AGREEMENT_ERROR_TEXTS,
  },
  '40005': {
    'isv.app-call-limited': '应用调用次数超限，包含调用频率超限',
    'isv.method-call-limited': 'API调用次数超限，包含调用频率超限',
  },
  '40006': {
    'isv.insufficient-isv-permissions': 'ISV权限不足',
    'isv.insufficient-user-permissions': '用户权限不足',
    'isv.self-invoke-forbidden': '应用不允许自调用',
    'isv.ip-forbidden': 'IP地址不在白名单内',
  },
};

/** What stands in no list above is a business failure of some method. */
const KNOWN: ReadonlyMap<string, { readonly code: GatewayCode; readonly text: string }> = new Map(
  Object.entries(TEXTS).flatMap(([code, texts]) =>
    Object.entries(texts).map(([subCode, text]) => [subCode, { code: code as GatewayCode, text }]),
  ),
);

/** Thrown by whatever finds it; answered in the form of the protocol that was spoken. */
export class AlipayError extends Error {
  readonly code: GatewayCode;

  /** `text` instead of the usual text of that sub code; `details`: what v2 answers beside the code. */
  constructor(
    readonly subCode: string,
    text?: string,
    readonly details: Fields = {},
  ) {
    const known = KNOWN.get(subCode);
    super(text ?? known?.text ?? subCode);
    this.code = known?.code ?? '40004';
  }

  get msg(): string {
    return MESSAGES[this.code];
  }
}
