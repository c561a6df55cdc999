import { PlatformError } from '../../errors.js';
import type { PayAccounts, PayOrder } from '../../payment-platform.js';
import { settingsOf } from './settings.js';

/** Longer than this no order stays payable. */
const LONGEST_SECONDS = 48 * 3_600;
const TITLE_BYTES = 256;

/**
 * The `data` of `tt.requestOrder`: what is signed, byte by byte, and what the client hands over. Throws
 * `platform_account_misconfigured` when a setting is missing.
 *
 * Only `payExpireSeconds` differs between two readings of one order. Whether Douyin minds that in a repeated order of one
 * number is not documented. The other way, the same span each time, would be worse: it counts from the moment at which
 * the client orders, so a late order could be paid two days after we have called it dead. A refused repeat costs a new
 * attempt.
 */
export function orderData({ program, merchant }: PayAccounts, order: PayOrder, businessNow: Date): string {
  const settings = settingsOf(order.settings);
  const { goodsType, tagGroupId, imageList, orderPath, orderParams, goodsPath, skuAttr, limitPayWays } = settings;
  if (goodsType === undefined || tagGroupId === undefined || imageList === undefined || orderPath === undefined) {
    throw new PlatformError('platform_account_misconfigured', program, {
      detail: 'Douyin needs goodsType, tagGroupId, imageList and orderPath for every order.',
    });
  }
  return JSON.stringify({
    outOrderNo: order.number,
    totalAmount: order.amount,
    payExpireSeconds: secondsLeft(order, businessNow),
    payNotifyUrl: order.notifyUrl,
    merchantUid: merchant.merchantId,
    orderEntrySchema: { path: orderPath, params: JSON.stringify({ ...orderParams, number: order.number }) },
    ...(limitPayWays ? { limitPayWayList: limitPayWays } : {}),
    skuList: [
      {
        skuId: order.number,
        price: order.amount,
        quantity: 1,
        title: clipped(order.subject, TITLE_BYTES),
        imageList,
        type: goodsType,
        tagGroupId,
        ...(goodsPath === undefined ? {} : { entrySchema: { path: goodsPath } }),
        ...(skuAttr ? { skuAttr: JSON.stringify(skuAttr) } : {}),
      },
    ],
  });
}

/** At least one: Douyin takes 0 for its default of five minutes. */
function secondsLeft({ expiresAt }: PayOrder, now: Date): number {
  const seconds = Math.floor((expiresAt.getTime() - now.getTime()) / 1_000);
  return Math.min(Math.max(seconds, 1), LONGEST_SECONDS);
}

/** The longest beginning of `text` that fits into so many bytes of UTF-8, whole characters only. */
export function clipped(text: string, bytes: number): string {
  let kept = '';
  let size = 0;
  for (const character of text) {
    size += Buffer.byteLength(character);
    if (size > bytes) break;
    kept += character;
  }
  return kept;
}
