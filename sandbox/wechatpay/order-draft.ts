import { createHash } from 'node:crypto';
import { z } from 'zod';
import { fen, notifyUrl, optionalText, orderNumber, text, time } from './fields.js';

const goods = z.strictObject({
  merchant_goods_id: text(32),
  wechatpay_goods_id: optionalText(32),
  goods_name: optionalText(256),
  quantity: z.int().min(1),
  unit_price: z.int().min(0),
});

const store = z.strictObject({
  id: text(32),
  name: optionalText(256),
  area_code: optionalText(32),
  address: optionalText(512),
});

/** The body of `POST /v3/pay/transactions/jsapi`. Which endpoints refuse unknown keys is not told: here all do. */
export const orderDraftSchema = z.strictObject({
  appid: text(32),
  mchid: text(32),
  description: text(127),
  out_trade_no: orderNumber,
  time_expire: time.optional(),
  attach: optionalText(128),
  notify_url: notifyUrl(1, 255),
  goods_tag: optionalText(32),
  limit_pay: z.array(z.enum(['no_balance', 'no_credit', 'no_debit', 'balance_only'])).optional(),
  support_fapiao: z.boolean().optional(),
  amount: z.strictObject({ total: fen, currency: z.literal('CNY').optional() }),
  payer: z.strictObject({ openid: text(128), identity: z.looseObject({}).optional() }),
  detail: z
    .strictObject({
      cost_price: z.int().min(0).optional(),
      invoice_id: optionalText(32),
      goods_detail: z.array(goods).optional(),
    })
    .optional(),
  scene_info: z
    .strictObject({
      payer_client_ip: z.union([z.ipv4(), z.ipv6()]),
      device_id: optionalText(32),
      store_info: store.optional(),
    })
    .optional(),
  settle_info: z.strictObject({ profit_sharing: z.boolean().optional() }).optional(),
});
export type OrderDraft = z.output<typeof orderDraftSchema>;

/**
 * Equal for requests that say the same, whatever the order of their keys. `time_expire` is not compared: the first call
 * fixes it for the order.
 */
export const fingerprintOfOrder = ({ time_expire: _, ...draft }: OrderDraft): string => fingerprint(draft);

export const fingerprint = (value: object): string =>
  createHash('sha256')
    .update(JSON.stringify(value, (_key, part: unknown) => sorted(part)))
    .digest('base64');

const sorted = (value: unknown): unknown =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
    ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
    : value;
