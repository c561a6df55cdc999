import type { PayAccounts, PayOrder } from '../../../payment-platform.js';
import type { WechatPaySettings } from '../pay.settings.js';
import { newNonce } from '../pay.signature.js';
import type { Fields } from './v2.xml.js';

/** Required and not checked; the person's own address is not known where orders are made, and of a debit there is none. */
const ADDRESS = '127.0.0.1';
/** Characters, one less than in v3. */
const LONGEST_ATTACH = 127;

/** What an order and a debit have in common (docs: v2, unified order). */
export function orderFields({ program, merchant }: PayAccounts, order: PayOrder): Fields {
  const { goodsTag, attach, supportFapiao, profitSharing } = order.settings as WechatPaySettings;
  return {
    appid: program.platformAppId,
    mch_id: merchant.merchantId,
    nonce_str: newNonce(),
    body: order.subject,
    ...(attach === undefined ? {} : { attach: attach.slice(0, LONGEST_ATTACH) }),
    out_trade_no: order.number,
    total_fee: String(order.amount),
    fee_type: order.currency,
    spbill_create_ip: ADDRESS,
    ...(goodsTag === undefined ? {} : { goods_tag: goodsTag }),
    notify_url: order.notifyUrl,
    ...(supportFapiao === true ? { receipt: 'Y' } : {}),
    ...(profitSharing === true ? { profit_sharing: 'Y' } : {}),
  };
}
