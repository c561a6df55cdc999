import { z } from 'zod';
import { fen, notifyUrl, optionalText, orderNumber, refundNumber, text } from './fields.js';

const goods = z.strictObject({
  merchant_goods_id: text(32),
  wechatpay_goods_id: optionalText(32),
  goods_name: optionalText(256),
  unit_price: z.int().min(0),
  refund_amount: z.int().min(0),
  refund_quantity: z.int().min(1),
});

const source = z.strictObject({ account: z.enum(['AVAILABLE', 'UNAVAILABLE']), amount: fen });

/** The body of `POST /v3/refund/domestic/refunds`. */
export const refundDraftSchema = z
  .strictObject({
    transaction_id: text(32).optional(),
    out_trade_no: orderNumber.optional(),
    out_refund_no: refundNumber,
    reason: optionalText(80),
    notify_url: notifyUrl(8, 256).optional(),
    funds_account: z.literal('AVAILABLE').optional(),
    amount: z.strictObject({
      refund: fen,
      total: fen,
      currency: z.literal('CNY'),
      from: z.array(source).optional(),
    }),
    goods_detail: z.array(goods).optional(),
  })
  .refine((draft) => (draft.transaction_id === undefined) !== (draft.out_trade_no === undefined), {
    path: ['transaction_id'],
    error: 'exactly one of transaction_id and out_trade_no',
  })
  .refine(({ amount }) => !amount.from || sum(amount.from) === amount.refund, {
    path: ['amount', 'from'],
    error: 'the sources must add up to the refund',
  });
export type RefundDraft = z.output<typeof refundDraftSchema>;

const BANKS = 'CMB COMM ABC CCB ICBC BOC PAB SPDB CITIC CEB CMBC CIB GDB PSBC NBCB'
  .split(' ')
  .map((bank) => `${bank}_DEBIT`);

/** The body of `POST …/{refund_id}/apply-abnormal-refund`. */
export const abnormalRefundSchema = z.discriminatedUnion('type', [
  z.strictObject({
    out_refund_no: refundNumber,
    type: z.literal('USER_BANK_CARD'),
    bank_type: z.enum(BANKS),
    /** Encrypted for WeChat Pay, as is the name. */
    bank_account: text(1024),
    real_name: text(1024),
  }),
  z.strictObject({ out_refund_no: refundNumber, type: z.literal('MERCHANT_BANK_CARD') }),
]);

const sum = (sources: readonly { amount: number }[]): number =>
  sources.reduce((total, { amount }) => total + amount, 0);
