/** Business failures around agreements with the texts that Alipay gives them (docs: each method's own codes). */
export const AGREEMENT_ERROR_TEXTS: Readonly<Record<string, string>> = {
  'ACQ.AGREEMENT_NOT_EXIST': '用户协议不存在',
  'ACQ.AGREEMENT_STATUS_NOT_NORMAL': '用户协议状态非NORMAL',
  'ACQ.CYCLE_PAY_DATE_NOT_MATCH': '扣款日期不在签约时的允许范围之内',
  'ACQ.CYCLE_PAY_SINGLE_FEE_EXCEED': '商家扣款的单笔金额超过签约时限制',
  'ACQ.CYCLE_PAY_TOTAL_FEE_EXCEED': '商家扣款的累计金额超过签约时限制',
  'ACQ.CYCLE_PAY_TOTAL_TIMES_EXCEED': '商家扣款的总次数超过签约时限制',
  'ACQ.OVER_MAX_UNDER_WAY_DEDUCT_COUNT': '超过最大在途扣款次数',
  'ACQ.OVER_MAX_DEDUCT_COUNT': '超过最大扣款次数',
  AGREEMENT_HAS_UNSIGNED: '用户协议已解约',
  AGREEMENT_NOT_EXIST: '用户协议不存在',
  AUTHOREE_IS_NOT_MATCH: '被授权方不匹配',
  ILLEGAL_AGREEMENT: '协议不合法',
  ILLEGAL_EXECUTION_TIME: '执行时间不合法',
  USER_AGREEMENT_NOT_EXIST: '用户协议不存在',
  USER_AGREEMENT_STATUS_NOT_NORMAL: '用户协议状态不正常',
  USER_AGREEMENT_EXIST: '用户协议已存在',
  USER_AGREEMENT_COUNT_EXCEED: '用户协议数量超过限制',
  USER_NOT_EXSIT_ERROR: '用户信息不存在', // sic
};
