import { z } from 'zod';
import { WireCode } from '../answers.js';

/**
 * Every WeChat answer. `errcode` is absent or 0 on success. One schema reads both outcomes, so fields of the success are
 * optional here and required where they are used.
 */
export const WechatAnswer = z.object({
  errcode: WireCode.optional(),
  errmsg: z.string().optional(),
});
export type WechatAnswer = z.infer<typeof WechatAnswer>;

/** `GET /sns/jscode2session` */
export const Code2Session = WechatAnswer.extend({
  openid: z.string().optional(),
  session_key: z.string().optional(),
  unionid: z.string().optional(),
});
export type Code2Session = z.infer<typeof Code2Session>;

/** `POST /cgi-bin/stable_token` */
export const StableToken = WechatAnswer.extend({
  access_token: z.string().optional(),
  expires_in: z.number().optional(),
});
export type StableToken = z.infer<typeof StableToken>;

/** `POST /wxa/business/getuserphonenumber` */
export const UserPhoneNumber = WechatAnswer.extend({ phone_info: z.unknown().optional() });
export type UserPhoneNumber = z.infer<typeof UserPhoneNumber>;
