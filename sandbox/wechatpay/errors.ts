/** HTTP status, the number after the last dash of Request-ID, and a text as WeChat Pay words it. */
type Meaning = readonly [status: number, numeric: number, message: string];

/** Clients may only look at status and code: one code comes with many texts. */
const MEANINGS: Readonly<Record<string, Meaning>> = {
  PARAM_ERROR: [400, 268435461, '参数错误'],
  INVALID_REQUEST: [400, 268435461, '请求不符合规则'],
  SIGN_ERROR: [401, 268443699, '签名错误，请检查后再试'],
  NO_AUTH: [403, 268448010, '商户号该产品权限未开通或异常'],
  APPID_MCHID_NOT_MATCH: [400, 268445527, 'appid和mch_id不匹配，请检查后再试'],
  MCH_NOT_EXISTS: [400, 268443715, '商户号不存在'],
  OUT_TRADE_NO_USED: [403, 268498688, '商户订单号重复'],
  ORDERPAID: [400, 268449538, '该订单已支付'],
  ORDER_CLOSED: [400, 268447914, '该订单已关闭，请重新下单'],
  ORDER_NOT_EXIST: [404, 268512771, '订单不存在'],
  RESOURCE_NOT_EXISTS: [404, 268512771, '查询的资源不存在'],
  TRADE_ERROR: [403, 268435464, '交易错误'],
  RULE_LIMIT: [403, 268435464, '业务规则限制'],
  ACCOUNT_ERROR: [403, 268435464, '账户异常'],
  BANK_ERROR: [500, 268435464, '银行系统异常'],
  NOT_ENOUGH: [403, 268435464, '基本账户余额不足，请充值后重新发起'],
  USER_ACCOUNT_ABNORMAL: [403, 268435464, '用户账户异常或注销'],
  REQUEST_BLOCKED: [403, 268435464, '请求被拦截'],
  FREQUENCY_LIMITED: [429, 268447840, '频率限制，请降低频率后重试'],
  RATELIMIT_EXCEEDED: [429, 268447840, '请求超过频率限制'],
  SYSTEM_ERROR: [500, 268435457, '系统异常，请用相同参数重新调用'],
  SERVICE_UNAVAILABLE: [503, 268435457, '服务不可用，请稍后再试'],
};
const UNKNOWN: Meaning = [400, 268435461, '请求失败'];

/** The `detail` of an error body; `field` is a JSON pointer into the body, or the name of a query or path variable. */
export interface Detail {
  readonly field: string;
  readonly location: 'body' | 'query' | 'url' | 'authorization';
  readonly value?: unknown;
  readonly issue?: string;
  readonly [more: string]: unknown;
}

interface Particulars {
  readonly status?: number;
  readonly numeric?: number;
  readonly message?: string;
  readonly detail?: Detail;
}

/** Thrown by a handler, answered by the gateway. */
export class PayError extends Error {
  readonly status: number;
  readonly numeric: number;
  readonly detail: Detail | undefined;

  constructor(
    readonly code: string,
    particulars: Particulars = {},
  ) {
    const [status, numeric, message] = MEANINGS[code] ?? UNKNOWN;
    super(particulars.message ?? message);
    this.status = particulars.status ?? status;
    this.numeric = particulars.numeric ?? numeric;
    this.detail = particulars.detail;
  }
}
