import type { Decline } from '../mandate-platform.js';
import { CREATE_ERRORS, nameOf, rowOf, type TradeTable } from './alipay.trade.errors.js';

interface DebitRow {
  readonly decline: Decline;
  readonly detail: string;
}

const row = (decline: Decline, detail: string): DebitRow => ({ decline, detail });

const NO_MONEY = row('funds', 'The user has too little money at Alipay, and no card that pays.');
const LIMIT_REACHED = row('funds', "The user's own limit of payments is reached.");
const ACCOUNT = row('funds', "The user's Alipay account cannot pay now.");
const IS_OVER = row('ended', 'The agreement is not in force any more.');
const USED_UP = row('ended', 'All that the agreement allows was debited.');
const MERCHANT_CONTRACT = row(
  'misconfigured',
  "The merchant's contract for debits is missing or not in force: look at b.alipay.com.",
);
const TOO_OFTEN = row('later', 'Alipay wants no more debits from this user or merchant today.');
const ANOTHER_TIME = row('later', 'Alipay did not carry out the debit: try again later.');
const WRONG_ORDER = row('misconfigured', 'Alipay does not take this debit as it is.');

/** What a refused debit means (docs: alipay.trade.pay, error codes of cycle deduction), by the name of its sub_code. */
const DEBIT_ROWS: Readonly<Record<string, DebitRow>> = {
  // Not `window`: before each first try the plan is moved to our window, or our window to a plan that has run ahead.
  CYCLE_PAY_DATE_NOT_MATCH: row('later', "The day is outside the window of Alipay's plan for this agreement."),
  CYCLE_PAY_SINGLE_FEE_EXCEED: row('final', 'The amount is above what the user has agreed to.'),
  CYCLE_PAY_TOTAL_FEE_EXCEED: USED_UP,
  CYCLE_PAY_TOTAL_TIMES_EXCEED: USED_UP,
  AGREEMENT_NOT_EXIST: IS_OVER,
  AGREEMENT_INVALID: IS_OVER,
  AGREEMENT_STATUS_NOT_NORMAL: IS_OVER,
  AGREEMENT_ERROR: IS_OVER,
  USER_AGREEMENT_NOT_EXIST: IS_OVER,
  MERCHANT_AGREEMENT_NOT_EXIST: MERCHANT_CONTRACT,
  MERCHANT_AGREEMENT_INVALID: MERCHANT_CONTRACT,
  OVER_MAX_DEDUCT_COUNT: TOO_OFTEN,
  OVER_MAX_UNDER_WAY_DEDUCT_COUNT: TOO_OFTEN,
  OVER_DEDUCT_PERIOD: TOO_OFTEN,
  OVER_MERCHANT_DAILY_DEDUCT_AMOUNT: TOO_OFTEN,
  BUYER_BALANCE_NOT_ENOUGH: NO_MONEY,
  BUYER_BANKCARD_BALANCE_NOT_ENOUGH: NO_MONEY,
  NO_PAYMENT_INSTRUMENTS_AVAILABLE: NO_MONEY,
  ERROR_BALANCE_PAYMENT_DISABLE: NO_MONEY,
  'BUYER_PAYMENT_AMOUNT_*': LIMIT_REACHED,
  BUYER_ENABLE_STATUS_FORBID: ACCOUNT,
  ERROR_BUYER_CERTIFY_LEVEL_LIMIT: ACCOUNT,
  ENTERPRISE_PAY_BIZ_ERROR: ACCOUNT,
  BUYER_NOT_EXIST: row('final', "The user's Alipay account is gone."),
  BUYER_SELLER_EQUAL: row('final', 'The payer is the merchant itself.'),
  PAYMENT_REQUEST_HAS_RISK: row('later', 'Alipay holds the debit for a risk: try again the next day.'),
  PAYMENT_FAIL: ANOTHER_TIME,
  PULL_MOBILE_CASHIER_FAIL: ANOTHER_TIME,
  // The number is used up; another one may do.
  TRADE_HAS_CLOSE: row('later', 'This debit was closed at Alipay: a new attempt is needed.'),
  CONTEXT_INCONSISTENT: row('later', 'Alipay has another order under this number: a new attempt is needed.'),
  TRADE_STATUS_ERROR: ANOTHER_TIME,
  REASON_TRADE_STATUS_INVALID: ANOTHER_TIME,
  TRADE_BUYER_NOT_MATCH: WRONG_ORDER,
  PAYER_UNMATCHED: WRONG_ORDER,
  INVALID_PARAMETER: WRONG_ORDER,
  EXIST_FORBIDDEN_WORD: WRONG_ORDER,
  TOTAL_FEE_EXCEED: row('final', 'The amount is higher than Alipay allows.'),
};

/** `alipay.trade.pay` under an agreement. */
export const DEBIT_ERRORS: TradeTable = {
  ...CREATE_ERRORS,
  ...Object.fromEntries(Object.entries(DEBIT_ROWS).map(([name, { detail }]) => [name, { kind: 'refused', detail }])),
};

/** What the code of a refused debit, as `codeOf` names it, means for the next one; one that nobody wrote down: later. */
export function declineOf(platformCode: string): Decline {
  const known = rowOf(DEBIT_ROWS, nameOf(platformCode));
  if (known) return known.decline;
  const other = rowOf(CREATE_ERRORS, nameOf(platformCode));
  return other && 'problem' in other && other.problem === 'platform_account_misconfigured' ? 'misconfigured' : 'later';
}
