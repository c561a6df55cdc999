/** As WeChat Pay words them; v2 spells some codes otherwise than v3. */
const MEANINGS: Readonly<Record<string, string>> = {
  APPID_MCHID_NOT_MATCH: 'appid和mch_id不匹配',
  BANKERROR: '银行系统异常',
  CONTRACT_NOT_EXIST: '签约协议不存在',
  FREQUENCY_LIMITED: '频率限制，请降低频率后重试',
  INVALID_REQUEST: '请求不符合规则',
  NOAUTH: '商户无此接口权限',
  NOTENOUGH: '用户账户余额不足',
  ORDERCLOSED: '订单已关闭',
  ORDERNOTEXIST: '此交易订单号不存在',
  ORDERPAID: '该订单已支付',
  OUT_TRADE_NO_USED: '商户订单号重复',
  PARAM_ERROR: '参数错误',
  RULELIMIT: '交易金额或次数超出限制',
  SIGN_ERROR: '签名错误，请检查后再试',
  SYSTEMERROR: '系统异常，请用相同参数重新调用',
};

/** The business result of a v2 call is FAIL: `err_code` and `err_code_des`, signed. */
export class V2Error extends Error {
  constructor(
    readonly code: string,
    message = MEANINGS[code] ?? '请求失败',
  ) {
    super(message);
  }
}

/** The call itself was refused: only `return_msg`, unsigned. */
export class V2Refusal extends Error {}
