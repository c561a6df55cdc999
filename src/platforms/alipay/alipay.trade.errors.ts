import type { ErrorRow } from '../answers.js';
import { PlatformError } from '../errors.js';
import type { PlatformAccount } from '../platform.js';
import { errorOf, type Refusal } from './alipay.errors.js';

/** What a refusal of a trade method means for the order or the refund. */
export type TradeMeaning =
  /** Paid or closed already: only a question tells which. */
  | { readonly kind: 'settled'; readonly detail: string }
  /** The trade or refund is not there. */
  | { readonly kind: 'absent'; readonly detail: string }
  /** Not now; the same request may succeed after that many seconds. */
  | { readonly kind: 'later'; readonly detail: string; readonly retryAfter: number }
  | { readonly kind: 'refused'; readonly detail: string };

/** By the part of `sub_code` behind the last dot: `ACQ.`, `aop.ACQ.`, `AQC.` and no prefix at all have been seen. */
export type TradeTable = Readonly<Record<string, TradeMeaning | ErrorRow>>;

const refused = (detail: string): TradeMeaning => ({ kind: 'refused', detail });
const later = (retryAfter: number, detail: string): TradeMeaning => ({ kind: 'later', retryAfter, detail });
const misconfigured = (detail: string): ErrorRow => ({ problem: 'platform_account_misconfigured', detail });
const HOUR = 3_600;

const NOT_SIGNED_UP = misconfigured(
  'The merchant has not signed up for payments in mini-programs (JSAPI 支付), or not with this mini-program: look at both in the console.',
);
const RECEIVES_NOTHING = misconfigured(
  "Alipay has blocked or restricted the merchant's account: look at it on b.alipay.com.",
);
const SUB_MERCHANT = misconfigured('The set-up of the merchant behind this account (二级商户) is not complete.');
const BUYER = refused("The payer's Alipay account cannot pay this: another account is needed.");
const NO_ROYALTY = refused('What was shared of this payment cannot be taken back: look at the shares in the console.');
const REFUND_BY_HAND = refused("Alipay cannot give this back to the payer's account: pay it back by hand.");
const SETTLED: TradeMeaning = { kind: 'settled', detail: 'The order is paid or closed already.' };
const ABSENT: TradeMeaning = { kind: 'absent', detail: 'Alipay knows no such trade of this merchant.' };

/** Docs: common result codes of the trade methods. */
const COMMON: TradeTable = {
  SYSTEM_ERROR: { problem: 'platform_unknown', detail: 'Alipay failed on the way; it may or may not have happened.' },
  INVALID_PARAMETER: refused('Alipay finds a parameter wrong: compare the platform settings with its documentation.'),
  ACCESS_FORBIDDEN: NOT_SIGNED_UP,
  PARTNER_ERROR: misconfigured('The mini-program is not bound to this merchant: bind it on b.alipay.com.'),
  BIZ_PRODUCT_NOT_ALLOWED: NOT_SIGNED_UP,
  UNBOUND_APPLICATION: misconfigured('The mini-program is not bound to this merchant: bind it on b.alipay.com.'),
  PRODUCT_NOT_SUPPORT_IN_TINY_APP: misconfigured('The setting productCode is not one for mini-programs: JSAPI_PAY is.'),
  OPEN_ID_NOT_TINY_APP: misconfigured('The setting opAppId is not the mini-program in which people pay.'),
  SELLER_BEEN_BLOCKED: RECEIVES_NOTHING,
  INVALID_RECEIVE_ACCOUNT: misconfigured('This merchant id cannot receive money for this mini-program.'),
  MERCHANT_STATUS_NOT_NORMAL: RECEIVES_NOTHING,
  'MERCHANT_PERM_RECEIPT_*': misconfigured('The merchant has reached its limit of receipts: raise it on b.alipay.com.'),
  'BEYOND_PER_RECEIPT_*': misconfigured('The amount is above what the merchant may receive at once.'),
  'SECONDARY_MERCHANT_*': SUB_MERCHANT,
  'SUB_MERCHANT_*': SUB_MERCHANT,
  BUYER_NOT_EXIST: BUYER,
  BUYER_SELLER_EQUAL: refused('The payer is the merchant itself.'),
  BUYER_ENABLE_STATUS_FORBID: BUYER,
  ERROR_BUYER_CERTIFY_LEVEL_LIMIT: refused("The payer's Alipay account is not verified far enough for this."),
  ENTERPRISE_PAY_BIZ_ERROR: refused("The payer's employer (企业码) does not allow this."),
};

/** `alipay.trade.create` and `alipay.trade.query` */
export const CREATE_ERRORS: TradeTable = {
  ...COMMON,
  TRADE_HAS_SUCCESS: SETTLED,
  TRADE_HAS_CLOSE: refused('This order was closed at Alipay: a new attempt is needed.'),
  CONTEXT_INCONSISTENT: refused('Alipay has another order under this number: a new attempt is needed.'),
  TRADE_BUYER_NOT_MATCH: refused('Alipay has this order for another payer.'),
  PAYER_UNMATCHED: refused('Alipay has this order for another payer.'),
  TRADE_NOT_EXIST: ABSENT,
  TOTAL_FEE_EXCEED: refused('The amount is higher than Alipay allows.'),
  EXIST_FORBIDDEN_WORD: refused('The subject contains a word that Alipay forbids.'),
  SUB_GOODS_SIZE_MAX_COUNT: refused('There are more goods in this order than Alipay allows.'),
  NOW_TIME_AFTER_EXPIRE_TIME_ERROR: refused('The time to pay was over before Alipay got the order.'),
  RISK_MERCHANT_IP_NOT_EXIST: refused("Alipay wants the payer's address for this merchant (mc_create_trade_ip)."),
};

/** `alipay.trade.close` */
export const CLOSE_ERRORS: TradeTable = {
  ...COMMON,
  TRADE_NOT_EXIST: ABSENT,
  TRADE_STATUS_ERROR: SETTLED,
  REASON_TRADE_STATUS_INVALID: SETTLED,
  REASON_ILLEGAL_STATUS: SETTLED,
  TRADE_HAS_SUCCESS: SETTLED,
  TRADE_HAS_CLOSE: SETTLED,
  TRADE_HAS_FINISHED: SETTLED,
};

/** `alipay.trade.refund` and `alipay.trade.fastpay.refund.query` */
export const REFUND_ERRORS: TradeTable = {
  ...COMMON,
  TRADE_NOT_EXIST: ABSENT,
  TRADE_HAS_CLOSE: refused('The payment was given back in full already, or never made.'),
  TRADE_STATUS_ERROR: refused('The payment was given back in full already, or never made.'),
  REASON_TRADE_STATUS_INVALID: refused('The payment was given back in full already, or never made.'),
  TRADE_HAS_FINISHED: refused('The time to refund this payment is over: pay it back by hand.'),
  TRADE_NOT_ALLOW_REFUND: refused('Alipay does not allow this payment to be refunded: pay it back by hand.'),
  ONLINE_TRADE_VOUCHER_NOT_ALLOW_REFUND: refused('A voucher in this payment forbids refunds: pay it back by hand.'),
  REASON_TRADE_REFUND_FEE_ERR: refused('This is more than is left of the payment.'),
  REFUND_FEE_ERROR: refused('Alipay does not accept this amount.'),
  REFUND_AMT_NOT_EQUAL_TOTAL: refused('This payment can only be refunded in full.'),
  NOT_ALLOW_PARTIAL_REFUND: refused('This payment can only be refunded in full.'),
  DISCORDANT_REPEAT_REQUEST: refused('Alipay has a refund of another amount under this number.'),
  SELLER_BALANCE_NOT_ENOUGH: later(HOUR, "The merchant's balance at Alipay is too low: top it up."),
  REASON_TRADE_BEEN_FREEZEN: later(HOUR, 'Alipay has frozen the money of this payment: ask its support.'),
  ALLOC_AMOUNT_VALIDATE_ERROR: NO_ROYALTY,
  REFUNDALLOC_UNAUTH_LIMIT: NO_ROYALTY,
  REFUND_ROYALTY_PAYEE_ACCOUNT_NOT_EXIST: NO_ROYALTY,
  TRADE_SETTLE_ERROR: NO_ROYALTY,
  BUYER_NOT_EXIST: REFUND_BY_HAND,
  BUYER_SELLER_EQUAL: REFUND_BY_HAND,
  BUYER_ENABLE_STATUS_FORBID: REFUND_BY_HAND,
  ERROR_BUYER_CERTIFY_LEVEL_LIMIT: REFUND_BY_HAND,
  BUYER_ERROR: REFUND_BY_HAND,
  USER_NOT_MATCH_ERR: REFUND_BY_HAND,
  REFUND_ACCOUNT_NOT_EXIST: REFUND_BY_HAND,
  REFUND_CHARGE_ERROR: refused("Alipay cannot take its fee for this refund: look at the merchant's balance."),
  CUSTOMER_VALIDATE_ERROR: REFUND_BY_HAND,
  CURRENCY_NOT_SUPPORT: refused('Alipay does not refund this currency.'),
  ENTERPRISE_PAY_BIZ_ERROR: refused("The payer's employer (企业码) does not allow this refund."),
};

/**
 * What a refusal means. Throws PlatformError for what decides nothing: an open outcome, a limit, an account that the
 * developer must look after.
 */
export function meaningOf(account: PlatformAccount, refusal: Refusal, table: TradeTable): TradeMeaning {
  const row = rowOf(table, nameOf(refusal.subCode));
  if (!row) return undocumented(account, refusal);
  if ('kind' in row) return row;
  const { problem, ...more } = row;
  throw new PlatformError(problem, account, {
    ...more,
    platformCode: codeOf(refusal),
    cause: new Error(refusal.message),
  });
}

/** Alipay's own name for a refusal. */
export const codeOf = ({ subCode, code }: Refusal): string => subCode ?? code ?? 'none';

/** Beside the tables: codes of the gateway, which say whether it did anything, and business codes that nobody wrote down. */
function undocumented(account: PlatformAccount, refusal: Refusal): TradeMeaning {
  const error = errorOf(account, refusal);
  switch (error.problem) {
    // 20000 and its names: for a login that means "once more", for money "it may have happened".
    case 'platform_busy':
    case 'platform_unknown':
      throw new PlatformError('platform_unknown', account, { platformCode: codeOf(refusal), cause: error.cause });
    case 'platform_account_misconfigured':
    case 'platform_rate_limited':
      throw error;
    default:
      return refused('Alipay refuses this; its documentation of the code says why.');
  }
}

/** The part of a `sub_code` that the tables go by. */
export const nameOf = (subCode = ''): string => subCode.slice(subCode.lastIndexOf('.') + 1);

/** The row of that name, or of the prefix of it that ends in `*`. */
export function rowOf<Row>(table: Readonly<Record<string, Row>>, name: string): Row | undefined {
  // Not `table[name]` alone: the name comes from outside and could be that of an inherited member.
  if (Object.hasOwn(table, name)) return table[name];
  const prefix = Object.keys(table).find((key) => key.endsWith('*') && name.startsWith(key.slice(0, -1)));
  return prefix === undefined ? undefined : table[prefix];
}
