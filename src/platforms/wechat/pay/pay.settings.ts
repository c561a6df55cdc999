import { z } from 'zod';

/** WeChat Pay reads no character beyond the basic plane (emoji) anywhere. */
const text = (longest: number) =>
  z
    .string()
    .min(1)
    .max(longest)
    .regex(/^[^\u{10000}-\u{10ffff}]*$/u, 'has a character that WeChat Pay does not accept, such as an emoji');

/** What a developer may say of a payment beyond what every platform knows. All of it is optional for WeChat Pay too. */
export const WechatPaySettings = z.strictObject({
  goodsTag: text(32).optional().meta({ description: 'Coupon tag (goods_tag).' }),
  limitPay: z
    .array(z.enum(['no_balance', 'no_credit', 'no_debit', 'balance_only']))
    .min(1)
    .optional()
    .meta({ description: 'Ways of paying that are excluded (limit_pay).' }),
  attach: text(128).optional().meta({ description: 'Comes back in the bill (attach).' }),
  supportFapiao: z.boolean().optional().meta({ description: 'Offers an electronic invoice (support_fapiao).' }),
  profitSharing: z.boolean().optional().meta({ description: 'Freezes the money for profit sharing.' }),
  planId: z
    .string()
    .regex(/^\d{1,28}$/, 'is 1 to 28 digits')
    .optional()
    .meta({ description: 'Subscriptions: the contract template of the merchant console (协议模板, plan_id).' }),
  displayAccount: text(32).optional().meta({
    description: 'Subscriptions: the account that the contract page names; the subject when left out.',
  }),
  debitMode: z.enum(['notice', 'delayed']).optional().meta({
    description:
      'Subscriptions: how the template debits. `notice` (预扣费通知, when left out): people are told two days before. `delayed` (通知后24小时扣费): WeChat Pay tells them and debits a day later.',
  }),
});
export type WechatPaySettings = z.infer<typeof WechatPaySettings>;
