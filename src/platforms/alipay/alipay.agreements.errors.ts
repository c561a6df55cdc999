import { CREATE_ERRORS, type TradeMeaning, type TradeTable } from './alipay.trade.errors.js';

const ABSENT: TradeMeaning = { kind: 'absent', detail: 'Alipay knows no such agreement.' };
const NOT_IN_FORCE: TradeMeaning = { kind: 'settled', detail: 'The agreement is over, or was never in force.' };

/** `alipay.user.agreement.query`, `.unsign` and `.executionplan.modify`; the spelling is Alipay's. */
export const AGREEMENT_ERRORS: TradeTable = {
  // What may come of any method is the same as for trades.
  ...CREATE_ERRORS,
  USER_AGREEMENT_NOT_EXIST: ABSENT,
  AGREEMENT_NOT_EXIST: ABSENT,
  AGREEMENT_NOT_EXSIT: ABSENT,
  AGREEMENT_HAS_UNSIGNED: NOT_IN_FORCE,
  USER_AGREEMENT_STATUS_NOT_NORMAL: NOT_IN_FORCE,
  USER_AGREEMENT_UNSIGN_FAIL: {
    problem: 'platform_busy',
    detail: 'Alipay could not end the agreement now: try again.',
    retryAfter: 60,
  },
  AUTHOREE_IS_NOT_MATCH: {
    problem: 'platform_account_misconfigured',
    detail: 'The agreement was signed with another merchant than that of this mini-program.',
  },
  MERCHANT_STATUS_IS_NOT_NORMAL: {
    problem: 'platform_account_misconfigured',
    detail: "Alipay has restricted the merchant's account: look at it on b.alipay.com.",
  },
  USER_NOT_EXSIT_ERROR: { kind: 'refused', detail: 'Alipay does not know the user.' },
  ILLEGAL_EXECUTION_TIME: { kind: 'refused', detail: 'Alipay does not plan a debit for that day.' },
  ILLEGAL_AGREEMENT: { kind: 'refused', detail: 'The plan of this agreement cannot be changed.' },
};
