import { PlatformError } from '../../../errors.js';
import type { MandateTerms } from '../../../mandate-platform.js';
import type { ClientAction, PayAccounts, PayOrder, Submission } from '../../../payment-platform.js';
import { closeOrder, PREPAY_LIFE, payableUntil } from '../orders.js';
import { errorOf } from '../pay.errors.js';
import type { WechatPaySettings } from '../pay.settings.js';
import { newNonce } from '../pay.signature.js';
import { orderFields } from './order-fields.js';
import { contractFields } from './terms.js';
import type { PapayApi } from './v2.api.js';
import { signatureOf, type SignType } from './v2.signature.js';
import { toCompact } from './v2.times.js';
import { ContractOrder } from './v2.wire.js';
import type { Fields } from './v2.xml.js';

/** The client's sheet must be signed as its order was. */
const SIGN_TYPE: SignType = 'HMAC-SHA256';

/** Places the order with which the person pays and signs at once; the same one again gives the prepay_id of now. */
export async function submitFirst(
  api: PapayApi,
  accounts: PayAccounts,
  order: PayOrder,
  terms: MandateTerms,
  businessNow: Date,
): Promise<Submission> {
  const { merchant } = accounts;
  const outcome = await api.change(merchant, {
    path: '/pay/contractorder',
    operation: 'contractorder',
    fields: contractOrder(accounts, order, terms),
    signType: SIGN_TYPE,
  });
  if (outcome.kind === 'refusal') {
    const { means, code, detail } = outcome.refusal;
    if (means === 'paid') return { kind: 'paid' };
    if (means === 'refused' || means === 'closed') return { kind: 'refused', platformCode: code, detail };
    throw errorOf(merchant, outcome.refusal);
  }
  const placed = ContractOrder.safeParse(outcome.answer).data;
  if (!placed) {
    const detail = 'WeChat Pay has answered in a form that is not documented. The outcome is unknown.';
    throw new PlatformError('platform_unknown', merchant, { detail });
  }
  if (placed.contract_result_code !== 'SUCCESS') {
    return withoutContract(api, accounts, order, placed.contract_err_code ?? placed.contract_result_code);
  }
  const handleExpiresAt = new Date(businessNow.getTime() + PREPAY_LIFE);
  return { kind: 'ready', handle: placed.prepay_id, handleExpiresAt };
}

/** An order that would be paid without a contract is not what was wanted: nobody has its prepay_id, and it is closed. */
async function withoutContract(
  api: PapayApi,
  accounts: PayAccounts,
  order: PayOrder,
  platformCode: string,
): Promise<Submission> {
  const closing = await closeOrder(api.v3, accounts, order);
  if (closing.kind === 'paid') return { kind: 'paid' };
  const detail =
    'WeChat Pay makes no contract: the person may have one under this template already, or planId is not usable.';
  return { kind: 'refused', platformCode, detail };
}

function contractOrder(accounts: PayAccounts, order: PayOrder, terms: MandateTerms): Fields {
  const { program, merchant } = accounts;
  const { limitPay } = order.settings as WechatPaySettings;
  const { notifyUrl, ...contract } = contractFields(terms);
  return {
    ...orderFields(accounts, order),
    time_expire: toCompact(order.expiresAt),
    trade_type: 'JSAPI',
    // The only way of paying that v2 can exclude.
    ...(limitPay?.includes('no_credit') === true ? { limit_pay: 'no_credit' } : {}),
    openid: order.payer,
    contract_appid: program.platformAppId,
    contract_mchid: merchant.merchantId,
    ...contract,
    contract_notify_url: notifyUrl,
  };
}

/** The parameters of `wx.requestPayment`, in the way of v2: the app id is signed and not sent along, the rest is both. */
export function requestFirst(
  api: PapayApi,
  { program, merchant }: PayAccounts,
  order: PayOrder,
  businessNow: Date,
): ClientAction {
  if (order.handle === null) throw new Error(`order ${order.number} was never submitted`);
  const params = {
    timeStamp: String(Math.floor(api.v3.clock.now().getTime() / 1_000)),
    nonceStr: newNonce(),
    package: `prepay_id=${order.handle}`,
    signType: SIGN_TYPE,
  };
  const paySign = signatureOf({ appId: program.platformAppId, ...params }, api.keyOf(merchant), SIGN_TYPE);
  return {
    platform: 'wechat',
    method: 'requestPayment',
    params: { ...params, paySign },
    proof: 'callback',
    expiresAt: payableUntil(order, businessNow).toISOString(),
  };
}
