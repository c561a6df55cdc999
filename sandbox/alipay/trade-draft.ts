import { createHash } from 'node:crypto';
import { chinaInstant, nextChinaMidnight } from './china-time.js';
import { AlipayError } from './errors.js';
import type { Fields } from './fields.js';
import { yuanOf } from './money.js';
import type { OperationInput } from './methods.js';
import { notifyUrlField } from './notify-url.js';
import { readAgreementDraft } from './agreement-draft.js';
import type { AgreementOffer, Trade } from './trade.js';
import {
  amountField,
  checkObjects,
  invalidField,
  listField,
  objectField,
  required,
  textField,
  textsField,
} from './trade-fields.js';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const UNITS: Readonly<Record<string, number>> = { m: MINUTE, h: HOUR, d: DAY };
const LONGEST = 15 * DAY;
/** One hundred million yuan, in fen. */
const LARGEST = 100_000_000_00;
const MOST_GOODS = 150;

/** What a trade keeps of what was asked for. */
export type AskedFields = Pick<
  Trade,
  | 'outTradeNo'
  | 'totalAmount'
  | 'subject'
  | 'body'
  | 'passbackParams'
  | 'storeId'
  | 'terminalId'
  | 'notifyUrl'
  | 'asked'
>;

/** What `alipay.trade.create` asks for, as far as it can be judged without looking at anything else. */
export interface TradeDraft {
  readonly fields: AskedFields;
  /** Undefined: the older product, for payments face to face. */
  readonly opAppId: string | undefined;
  readonly buyer: BuyerIds;
  readonly sellerId: string | undefined;
  /** When a trade that is created at `now` closes. */
  readonly expiresAt: (now: number) => number;
  /** What the buyer of a trade that is created at `now` is asked to sign. Throws AlipayError. */
  readonly agreement: (now: number) => AgreementOffer | undefined;
}

/** At least one is there. */
interface BuyerIds {
  readonly userId: string | undefined;
  /** In the mini-program that calls. */
  readonly openId: string | undefined;
  /** In the mini-program whose cashier opens. */
  readonly opOpenId: string | undefined;
}

/** Throws AlipayError. */
export function readTradeDraft(input: OperationInput): TradeDraft {
  const { content } = input;
  const fields = readAskedFields(input);
  const sellerId = textField(content, 'seller_id', 28);
  return {
    fields,
    opAppId: opAppIdOf(content),
    buyer: buyerOf(content),
    sellerId,
    expiresAt: expiryOf(content),
    agreement: offerOf(content),
  };
}

/** What all trades are asked for with, however they shall be paid. Throws AlipayError. */
export function readAskedFields({ account, content, parameters }: OperationInput): AskedFields {
  const outTradeNo = required(textField(content, 'out_trade_no', 64), 'out_trade_no');
  if (!/^\w+$/.test(outTradeNo)) throw invalidField('out_trade_no', '仅支持字母、数字、下划线');
  const totalAmount = amountOf(content);
  const subject = required(textField(content, 'subject', 256), 'subject');
  if (/[/=&]/.test(subject)) throw invalidField('subject', '不能包含特殊字符，如/，=，&');
  checkTheRest(content);
  return {
    outTradeNo,
    totalAmount,
    subject,
    asked: digestOf({ ...content, total_amount: yuanOf(totalAmount), app_id: account.platformAppId }),
    ...withoutGaps({
      body: textField(content, 'body', 128),
      passbackParams: textField(content, 'passback_params', 512),
      storeId: textField(content, 'store_id', 32),
      terminalId: textField(content, 'terminal_id', 32),
      // Without it there is no notification, and nothing else takes its place.
      notifyUrl: notifyUrlField(parameters, 'notify_url'),
    }),
  };
}

function withoutGaps<N extends string>(texts: Readonly<Record<N, string | undefined>>): Partial<Record<N, string>> {
  return Object.fromEntries(Object.entries(texts).filter(([, text]) => text !== undefined)) as Partial<
    Record<N, string>
  >;
}

function amountOf(content: Fields): number {
  const amount = required(amountField(content, 'total_amount'), 'total_amount');
  if (amount === 0) throw invalidField('total_amount', '不能小于0.01');
  if (amount > LARGEST) throw new AlipayError('ACQ.TOTAL_FEE_EXCEED');
  const [discountable, other] = [
    amountField(content, 'discountable_amount'),
    amountField(content, 'undiscountable_amount'),
  ];
  if (discountable !== undefined && other !== undefined && discountable + other !== amount)
    throw invalidField('total_amount', '应等于discountable_amount与undiscountable_amount之和');
  return amount;
}

/** The mini-program whose cashier opens; only the older product does without. */
function opAppIdOf(content: Fields): string | undefined {
  const product = textField(content, 'product_code', 32);
  const opAppId = textField(content, 'op_app_id', 32);
  if (product === 'JSAPI_PAY') return required(opAppId, 'op_app_id');
  if (product === undefined || product === 'FACE_TO_FACE_PAYMENT') return opAppId;
  throw invalidField('product_code', '不支持');
}

function buyerOf(content: Fields): BuyerIds {
  const userId = textField(content, 'buyer_id', 28);
  const openId = textField(content, 'buyer_open_id', 128);
  const opOpenId = textField(content, 'op_buyer_open_id', 128);
  required(userId ?? openId ?? opOpenId, 'buyer_open_id');
  return { userId, openId, opOpenId };
}

/** `time_expire` wins over `timeout_express`. */
function expiryOf(content: Fields): TradeDraft['expiresAt'] {
  const duration = durationOf(textField(content, 'timeout_express', 6), textField(content, 'product_code', 32));
  const absolute = textField(content, 'time_expire', 32);
  if (absolute === undefined) return duration;
  const at = chinaInstant(absolute);
  if (at === undefined) throw invalidField('time_expire', '格式应为yyyy-MM-dd HH:mm:ss');
  return () => at;
}

function durationOf(text: string | undefined, product: string | undefined): TradeDraft['expiresAt'] {
  if (text === '1c') return nextChinaMidnight;
  const [, count, unit] = /^([1-9]\d{0,4})([mhd])$/.exec(text ?? '') ?? [];
  const given = Number(count) * (UNITS[unit ?? ''] ?? Number.NaN);
  if (text !== undefined && !(given <= LONGEST)) throw invalidField('timeout_express', '取值范围为1m～15d');
  // Without a word face-to-face trades close after three hours; for JSAPI only the longest time is documented.
  const duration = text === undefined ? (product === 'JSAPI_PAY' ? LONGEST : 3 * HOUR) : given;
  return (now) => now + duration;
}

/** Paying and signing in one step. The docs list the field; that it goes with every product they do not say. */
function offerOf(content: Fields): TradeDraft['agreement'] {
  const params = objectField(content, 'agreement_sign_params');
  if (!params) return () => undefined;
  const notifyUrl = notifyUrlField(params, 'sign_notify_url');
  return (now) => ({ draft: readAgreementDraft(params, now), ...(notifyUrl !== undefined && { notifyUrl }) });
}

/** Fields that nothing here depends on still have a form. */
function checkTheRest(content: Fields): void {
  if (listField(content, 'goods_detail').length > MOST_GOODS) throw new AlipayError('ACQ.SUB_GOODS_SIZE_MAX_COUNT');
  textsField(content, 'query_options');
  checkObjects(content, OBJECTS);
  textField(content, 'operator_id', 28);
  textField(content, 'merchant_order_no', 32);
  const channels = [textField(content, 'enable_pay_channels', 128), textField(content, 'disable_pay_channels', 128)];
  if (channels.every((one) => one !== undefined))
    throw invalidField('enable_pay_channels', '与disable_pay_channels互斥');
}

const OBJECTS = ['extend_params', 'business_params', 'royalty_info', 'settle_info', 'sub_merchant'] as const;

/** The seller is part of the number's scope, and where to notify is no part of the order. */
function digestOf({ seller_id: _, notify_url: __, ...content }: Fields): string {
  return createHash('sha256')
    .update(JSON.stringify(sorted(content)))
    .digest('base64');
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  return Object.entries(value)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, field]) => [name, sorted(field)]);
}
