import { z } from 'zod';
import { toFen } from '../../../common/money.js';
import { PlatformError } from '../../errors.js';
import type {
  ClientAction,
  Closing,
  MerchantAccount,
  PayAccounts,
  PayOrder,
  PayState,
  Submission,
} from '../../payment-platform.js';
import type { PlatformAccount } from '../../platform.js';
import type { WechatPayApi } from './pay.api.js';
import { errorOf } from './pay.errors.js';
import type { WechatPaySettings } from './pay.settings.js';
import { newNonce, paySign } from './pay.signature.js';
import { toBeijing } from './pay.times.js';
import { Prepay, Transaction } from './pay.wire.js';

/** A prepay_id works for two hours, whatever the order's own end. */
export const PREPAY_LIFE = 2 * 3_600_000;
const BY_NUMBER = '/v3/pay/transactions/out-trade-no/';

/** Places the order; the same one again gives the prepay_id that is valid now. */
export async function submitOrder(
  api: WechatPayApi,
  { program, merchant }: PayAccounts,
  order: PayOrder,
  businessNow: Date,
): Promise<Submission> {
  const body = orderBody(program, merchant, order);
  const request = { method: 'POST', path: '/v3/pay/transactions/jsapi', operation: 'jsapi', body } as const;
  const outcome = await api.change(merchant, request, Prepay);
  if (outcome.kind === 'answer') {
    const handleExpiresAt = new Date(businessNow.getTime() + PREPAY_LIFE);
    return { kind: 'ready', handle: outcome.answer.prepay_id, handleExpiresAt };
  }
  const { means, code, detail } = outcome.refusal;
  if (means === 'paid') return { kind: 'paid' };
  if (means === 'refused' || means === 'closed') return { kind: 'refused', platformCode: code, detail };
  throw errorOf(merchant, outcome.refusal);
}

function orderBody({ platformAppId }: PlatformAccount, { merchantId }: MerchantAccount, order: PayOrder): object {
  const { goodsTag, limitPay, attach, supportFapiao, profitSharing } = order.settings as WechatPaySettings;
  return {
    appid: platformAppId,
    mchid: merchantId,
    description: order.subject,
    out_trade_no: order.number,
    time_expire: toBeijing(order.expiresAt),
    ...(attach === undefined ? {} : { attach }),
    notify_url: order.notifyUrl,
    ...(goodsTag === undefined ? {} : { goods_tag: goodsTag }),
    ...(limitPay === undefined ? {} : { limit_pay: limitPay }),
    ...(supportFapiao === undefined ? {} : { support_fapiao: supportFapiao }),
    amount: { total: order.amount, currency: order.currency },
    payer: { openid: order.payer },
    ...(profitSharing === undefined ? {} : { settle_info: { profit_sharing: profitSharing } }),
  };
}

/** The parameters of `wx.requestPayment`, signed. What it answers proves nothing; the callback and the query do. */
export function requestPayment(
  api: WechatPayApi,
  { program, merchant }: PayAccounts,
  order: PayOrder,
  businessNow: Date,
): ClientAction {
  if (order.handle === null) throw new Error(`order ${order.number} was never submitted`);
  const timeStamp = String(Math.floor(api.clock.now().getTime() / 1_000));
  const nonceStr = newNonce();
  const packageValue = `prepay_id=${order.handle}`;
  const { privateKey } = api.keysOf(merchant);
  return {
    platform: 'wechat',
    method: 'requestPayment',
    params: {
      timeStamp,
      nonceStr,
      package: packageValue,
      signType: 'RSA',
      paySign: paySign(privateKey, program.platformAppId, timeStamp, nonceStr, packageValue),
    },
    proof: 'callback',
    expiresAt: payableUntil(order, businessNow).toISOString(),
  };
}

/** Until when the client parameters of an order work. */
export function payableUntil({ expiresAt, handleExpiresAt }: PayOrder, businessNow: Date): Date {
  // No prepay_id works longer than that from now on.
  const handleEnd = handleExpiresAt?.getTime() ?? businessNow.getTime() + PREPAY_LIFE;
  return new Date(Math.min(expiresAt.getTime(), handleEnd));
}

/** By our number: an order that nobody has paid has no other. */
export async function queryOrder(api: WechatPayApi, { merchant }: PayAccounts, order: PayOrder): Promise<PayState> {
  const path = `${BY_NUMBER}${order.number}?mchid=${merchant.merchantId}`;
  const outcome = await api.ask(merchant, { method: 'GET', path, operation: 'out-trade-no' }, Transaction);
  if (outcome.kind === 'refusal') {
    if (outcome.refusal.means === 'absent') return { kind: 'absent' };
    if (outcome.refusal.means === 'closed') return { kind: 'closed' };
    throw errorOf(merchant, outcome.refusal);
  }
  // The signature covers the answer only: without this, the answer to another question would do.
  const state = outcome.answer.out_trade_no === order.number ? payState(outcome.answer) : undefined;
  if (state) return state;
  throw new PlatformError('platform_answer_invalid', merchant);
}

export async function closeOrder(api: WechatPayApi, { merchant }: PayAccounts, order: PayOrder): Promise<Closing> {
  const path = `${BY_NUMBER}${order.number}/close`;
  const request = { method: 'POST', path, operation: 'close', body: { mchid: merchant.merchantId } } as const;
  const outcome = await api.change(merchant, request, z.unknown());
  if (outcome.kind === 'answer' || outcome.refusal.means === 'closed') return { kind: 'closed' };
  if (outcome.refusal.means === 'paid') return { kind: 'paid' };
  // An unknown order is not a closed one: our own submission may still be on its way.
  throw errorOf(merchant, outcome.refusal);
}

/** What a transaction says of its order; undefined when it lacks what its state demands, or its state is no known one. */
export function payState(transaction: Transaction): PayState | undefined {
  const { trade_state } = transaction;
  switch (trade_state) {
    case 'SUCCESS':
    // Paid, and since then a refund was asked for: the refunds themselves tell what became of them.
    case 'REFUND':
      return succeeded(transaction);
    case 'NOTPAY':
    case 'USERPAYING':
    case 'ACCEPT':
      return { kind: 'pending' };
    case 'CLOSED':
    case 'REVOKED':
      return { kind: 'closed' };
    case 'PAYERROR':
    case 'PAY_FAIL':
      return { kind: 'failed', platformCode: trade_state };
    default:
      return undefined;
  }
}

function succeeded({ appid, mchid, transaction_id, success_time, payer, amount }: Transaction): PayState | undefined {
  const paidAt = new Date(success_time ?? '');
  if (!transaction_id || Number.isNaN(paidAt.getTime()) || amount?.total === undefined) return undefined;
  return {
    kind: 'succeeded',
    paid: {
      transactionId: transaction_id,
      paidAt,
      amount: toFen(amount.total),
      // Left out only where it could be nothing else.
      currency: amount.currency ?? 'CNY',
      merchantId: mchid,
      platformAppId: appid,
      ...(payer?.openid ? { payer: payer.openid } : {}),
    },
  };
}
