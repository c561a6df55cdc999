import type { PlatformAccount } from '../platform.js';
import { CLOSE_ERRORS, CREATE_ERRORS, meaningOf, REFUND_ERRORS } from './alipay.trade.errors.js';

const account: PlatformAccount = { appId: 'app_1', id: 'pac_1', platform: 'alipay', platformAppId: '2021000000000001', mode: 'test', credentials: {} }; // prettier-ignore

/** What becomes of a refusal: the kind of its meaning, or the problem that is thrown. */
function outcome(table: typeof CREATE_ERRORS, subCode: string | undefined, code = '40004'): string {
  try {
    return meaningOf(account, { code, subCode, message: 'words of Alipay' }, table).kind;
  } catch (error) {
    return (error as { problem: string }).problem;
  }
}

const MISCONFIGURED = 'platform_account_misconfigured';
/** The documented codes of each method, by what is to be done. */
const CODES = {
  create: {
    platform_unknown: ['SYSTEM_ERROR'],
    settled: ['TRADE_HAS_SUCCESS'],
    absent: ['TRADE_NOT_EXIST'],
    [MISCONFIGURED]: [
      ...['ACCESS_FORBIDDEN', 'PARTNER_ERROR', 'BIZ_PRODUCT_NOT_ALLOWED', 'UNBOUND_APPLICATION'],
      ...['PRODUCT_NOT_SUPPORT_IN_TINY_APP', 'OPEN_ID_NOT_TINY_APP', 'SELLER_BEEN_BLOCKED', 'INVALID_RECEIVE_ACCOUNT'],
      ...['MERCHANT_STATUS_NOT_NORMAL', 'MERCHANT_PERM_RECEIPT_SUSPEND_LIMIT', 'BEYOND_PER_RECEIPT_SINGLE_RESTRICTION'],
      ...['SECONDARY_MERCHANT_STATUS_ERROR', 'SUB_MERCHANT_CREATE_FAIL'],
    ],
    refused: [
      ...['INVALID_PARAMETER', 'TRADE_HAS_CLOSE', 'CONTEXT_INCONSISTENT', 'TRADE_BUYER_NOT_MATCH', 'PAYER_UNMATCHED'],
      ...['BUYER_NOT_EXIST', 'BUYER_SELLER_EQUAL', 'BUYER_ENABLE_STATUS_FORBID', 'ERROR_BUYER_CERTIFY_LEVEL_LIMIT'],
      ...['TOTAL_FEE_EXCEED', 'EXIST_FORBIDDEN_WORD', 'SUB_GOODS_SIZE_MAX_COUNT', 'NOW_TIME_AFTER_EXPIRE_TIME_ERROR'],
      ...['RISK_MERCHANT_IP_NOT_EXIST', 'ENTERPRISE_PAY_BIZ_ERROR', 'NEVER_HEARD_OF', 'constructor', '__proto__'],
    ],
  },
  close: {
    platform_unknown: ['SYSTEM_ERROR'],
    settled: ['TRADE_STATUS_ERROR', 'REASON_TRADE_STATUS_INVALID', 'REASON_ILLEGAL_STATUS'],
    absent: ['TRADE_NOT_EXIST'],
    refused: ['INVALID_PARAMETER'],
  },
  refund: {
    platform_unknown: ['SYSTEM_ERROR'],
    absent: ['TRADE_NOT_EXIST'],
    later: ['SELLER_BALANCE_NOT_ENOUGH', 'REASON_TRADE_BEEN_FREEZEN'],
    refused: [
      ...[
        'INVALID_PARAMETER',
        'BUYER_NOT_EXIST',
        'TRADE_HAS_CLOSE',
        'TRADE_STATUS_ERROR',
        'REASON_TRADE_STATUS_INVALID',
      ],
      ...['TRADE_HAS_FINISHED', 'TRADE_NOT_ALLOW_REFUND', 'ONLINE_TRADE_VOUCHER_NOT_ALLOW_REFUND'],
      ...['REASON_TRADE_REFUND_FEE_ERR', 'REFUND_FEE_ERROR', 'REFUND_AMT_NOT_EQUAL_TOTAL', 'NOT_ALLOW_PARTIAL_REFUND'],
      ...['DISCORDANT_REPEAT_REQUEST', 'ALLOC_AMOUNT_VALIDATE_ERROR', 'REFUNDALLOC_UNAUTH_LIMIT'],
      ...['REFUND_ROYALTY_PAYEE_ACCOUNT_NOT_EXIST', 'TRADE_SETTLE_ERROR', 'BUYER_ERROR', 'USER_NOT_MATCH_ERR'],
      ...['REFUND_ACCOUNT_NOT_EXIST', 'REFUND_CHARGE_ERROR', 'CUSTOMER_VALIDATE_ERROR', 'CURRENCY_NOT_SUPPORT'],
      ...['ENTERPRISE_PAY_BIZ_ERROR', 'NEVER_HEARD_OF'],
    ],
  },
};
const TABLES = { create: CREATE_ERRORS, close: CLOSE_ERRORS, refund: REFUND_ERRORS };

describe.each(Object.entries(CODES))('of %s', (method, meanings) => {
  const table = TABLES[method as keyof typeof TABLES];
  const rows = Object.entries(meanings).flatMap(([expected, codes]) => codes.map((code) => [code, expected] as const));

  test.each(rows)('%s means %s, with any prefix', (code, expected) => {
    for (const prefix of ['ACQ.', 'aop.ACQ.', 'AQC.', '']) expect(outcome(table, prefix + code)).toBe(expected);
  });

  test('every row has words for the developer', () => {
    for (const row of Object.values(table)) expect(row.detail?.length).toBeGreaterThan(15);
  });
});

test.each(Object.values(TABLES))(
  'what the gateway itself says decides nothing about money, unless it is certain',
  (table) => {
    for (const open of ['isp.unknow-error', 'aop.unknow-error', undefined])
      expect(outcome(table, open, '20000')).toBe('platform_unknown');
    expect(outcome(table, undefined, '10003')).toBe('platform_unknown');
    expect(outcome(table, 'isv.method-call-limited', '40005')).toBe('platform_rate_limited');
    expect(outcome(table, 'isv.invalid-signature', '40002')).toBe(MISCONFIGURED);
    expect(outcome(table, 'isv.insufficient-isv-permissions', '40006')).toBe(MISCONFIGURED);
    expect(outcome(table, 'isv.invalid-parameter', '40002')).toBe('refused');
  },
);
