import { z } from 'zod';
import { WireCode } from '../answers.js';

const code = WireCode.optional();
const Inner = z.object({ error_code: code, description: z.string().optional() }).optional().catch(undefined);

/**
 * Every Douyin answer, whichever family it is of: `err_no` with `err_tips` (developer.toutiao.com) or `err_msg`
 * (open.douyin.com), or `error_code` in `data` or `extra` (oauth, and the gateway in front of open.douyin.com).
 */
export const DouyinAnswer = z.object({
  err_no: code,
  err_tips: z.string().optional(),
  err_msg: z.string().optional(),
  log_id: z.string().optional(),
  data: z.unknown().optional(),
  extra: Inner,
});
export type DouyinAnswer = z.infer<typeof DouyinAnswer>;

/** The part of `data` that may carry a code. */
export const DouyinFailure = Inner;

/** `POST /api/apps/v2/jscode2session`. What does not apply is absent or an empty string. */
export const Code2Session = z.object({
  openid: z.string().optional(),
  anonymous_openid: z.string().optional(),
  unionid: z.string().optional(),
  session_key: z.string().optional(),
});
export type Code2Session = z.infer<typeof Code2Session>;

/** `POST /api/apps/v2/token` and `POST /oauth/client_token/` */
export const Token = z.object({ access_token: z.string().min(1), expires_in: z.number().positive() });
export type Token = z.infer<typeof Token>;

/** `POST /api/apps/v1/get_phonenumber_info/`: base64 of one RSA block, not an object. */
export const EncryptedPhone = z.string().min(1);
