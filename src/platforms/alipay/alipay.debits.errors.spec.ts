import type { PlatformAccount } from '../platform.js';
import { DEBIT_ERRORS, declineOf } from './alipay.debits.errors.js';
import { codeOf, meaningOf } from './alipay.trade.errors.js';

const account: PlatformAccount = { appId: 'app_1', id: 'pac_1', platform: 'alipay', platformAppId: '2021000000000001', mode: 'test', credentials: {} }; // prettier-ignore

/** The documented codes of cycle deduction, by what they mean for the next debit. */
const CODES = {
  final: ['CYCLE_PAY_SINGLE_FEE_EXCEED', 'TOTAL_FEE_EXCEED', 'BUYER_NOT_EXIST', 'BUYER_SELLER_EQUAL'],
  ended: [
    ...['CYCLE_PAY_TOTAL_FEE_EXCEED', 'CYCLE_PAY_TOTAL_TIMES_EXCEED', 'AGREEMENT_NOT_EXIST', 'AGREEMENT_INVALID'],
    ...['AGREEMENT_STATUS_NOT_NORMAL', 'AGREEMENT_ERROR'],
  ],
  misconfigured: ['MERCHANT_AGREEMENT_NOT_EXIST', 'MERCHANT_AGREEMENT_INVALID', 'INVALID_PARAMETER', 'PAYER_UNMATCHED'],
  later: [
    ...[
      'CYCLE_PAY_DATE_NOT_MATCH',
      'OVER_MAX_DEDUCT_COUNT',
      'OVER_MAX_UNDER_WAY_DEDUCT_COUNT',
      'OVER_DEDUCT_PERIOD',
      'PAYMENT_FAIL',
    ],
    ...['OVER_MERCHANT_DAILY_DEDUCT_AMOUNT', 'PAYMENT_REQUEST_HAS_RISK', 'PULL_MOBILE_CASHIER_FAIL'],
    ...['TRADE_HAS_CLOSE', 'CONTEXT_INCONSISTENT', 'NEVER_HEARD_OF', 'constructor', '__proto__'],
  ],
  funds: [
    ...['BUYER_BALANCE_NOT_ENOUGH', 'BUYER_BANKCARD_BALANCE_NOT_ENOUGH', 'NO_PAYMENT_INSTRUMENTS_AVAILABLE'],
    ...['ERROR_BALANCE_PAYMENT_DISABLE', 'BUYER_PAYMENT_AMOUNT_DAY_LIMIT_ERROR'],
    ...['BUYER_PAYMENT_AMOUNT_MONTH_LIMIT_ERROR', 'BUYER_ENABLE_STATUS_FORBID', 'ENTERPRISE_PAY_BIZ_ERROR'],
  ],
};

describe.each(Object.entries(CODES))('%s', (decline, names) => {
  test.each(names)('%s: the debit is refused, whatever its prefix', (name) => {
    for (const subCode of [`ACQ.${name}`, `aop.ACQ.${name}`, name]) {
      const refusal = { code: '40004', subCode, message: 'words of Alipay' };
      expect(meaningOf(account, refusal, DEBIT_ERRORS)).toEqual({ kind: 'refused', detail: expect.any(String) });
      expect(declineOf(codeOf(refusal))).toBe(decline);
    }
  });
});

test('what the developer must look after is told so, also as a decline', () => {
  for (const name of ['ACCESS_FORBIDDEN', 'SELLER_BEEN_BLOCKED', 'MERCHANT_PERM_RECEIPT_SUSPEND_LIMIT']) {
    const refusal = { code: '40004', subCode: `ACQ.${name}`, message: '' };
    expect(() => meaningOf(account, refusal, DEBIT_ERRORS)).toThrow(expect.objectContaining({ problem: 'platform_account_misconfigured' })); // prettier-ignore
    expect(declineOf(`ACQ.${name}`)).toBe('misconfigured');
  }
});

test.each([
  ['ACQ.SYSTEM_ERROR', '20000'],
  ['isp.unknow-error', '20000'],
  [undefined, '20000'],
])('%s (%s) leaves the outcome open', (subCode, code) => {
  const refusal = { code, subCode, message: '' };
  expect(() => meaningOf(account, refusal, DEBIT_ERRORS)).toThrow(expect.objectContaining({ problem: 'platform_unknown' })); // prettier-ignore
});

test('a debit that was closed without money may be tried under another number', () => {
  expect(declineOf('TRADE_CLOSED')).toBe('later');
});
