import type { Account } from '../core/accounts.js';
import { digestOf } from '../core/people.js';
import { chinaTime, chinaTimeWithMilliseconds } from './china-time.js';
import type { AlipayCredentials } from './developer-console.js';
import { yuanOf } from './money.js';
import { closedAtOf, type Refund, refundedBy, statusOf, type Trade } from './trade.js';
import { buyerIdsOf, paidAmountsOf } from './trade-view.js';

/** What a notification says of `trade` as it was at `at`, except for when it is sent and the signature; no field is empty. */
export function notificationFieldsOf(
  account: Account<AlipayCredentials>,
  trade: Trade,
  at: number,
  refund: Refund | undefined,
): Record<string, string> {
  const { platformAppId } = account;
  const { tradeNo, outTradeNo, sellerId, subject, body, passbackParams, createdAt, paidAt } = trade;
  const { agreementNo, externalAgreementNo } = trade;
  const closedAt = closedAtOf(trade, at);
  const total = yuanOf(trade.totalAmount);
  return {
    notify_type: 'trade_status_sync',
    notify_id: notifyIdOf(at, tradeNo, statusOf(trade, at), refund?.number ?? ''),
    app_id: platformAppId,
    auth_app_id: platformAppId,
    charset: 'utf-8',
    version: '1.0',
    trade_no: tradeNo,
    out_trade_no: outTradeNo,
    ...buyerIdsOf(account, trade, 'buyer_id'),
    seller_id: sellerId,
    seller_email: `${sellerId}@sandbox.example`,
    trade_status: statusOf(trade, at),
    total_amount: total,
    ...paidAmountsOf(trade),
    subject,
    ...(body !== undefined && { body }),
    ...(passbackParams !== undefined && { passback_params: passbackParams }),
    ...(agreementNo !== undefined && { agreement_no: agreementNo }),
    ...(externalAgreementNo !== undefined && { external_agreement_no: externalAgreementNo }),
    gmt_create: chinaTime(createdAt),
    ...(paidAt !== undefined && {
      gmt_payment: chinaTime(paidAt),
      // Only here, and only in this field, Alipay spells in camel case.
      fund_bill_list: JSON.stringify([{ amount: total, fundChannel: 'ALIPAYACCOUNT' }]),
    }),
    ...(closedAt !== undefined && { gmt_close: chinaTime(closedAt) }),
    ...(refund && refundFieldsOf(trade, refund)),
  };
}

/** `refund_fee` is what has gone back altogether, not this refund. */
const refundFieldsOf = (trade: Trade, { number, amount, doneAt }: Refund): Record<string, string> => ({
  out_biz_no: number,
  refund_fee: yuanOf(refundedBy(trade, doneAt)),
  send_back_fee: yuanOf(amount),
  gmt_refund: chinaTimeWithMilliseconds(doneAt),
});

/** Always the same for one event, however often it is sent; `names` tell what happened at `at`. */
export function notifyIdOf(at: number, ...names: readonly string[]): string {
  const time = chinaTime(at).replaceAll(/\D/g, '');
  const digest = digestOf('alipay', 'notify', ...names);
  return `${time.slice(0, 8)}00222${time.slice(8)}${String(digest.readBigUInt64BE() % 10n ** 15n).padStart(15, '0')}`;
}
